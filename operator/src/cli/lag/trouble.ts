import type { Reason } from '../../api/conditions.ts';
import { isUnreadable, type LagRow } from './rows.ts';

/** Why something could not be read: in the words of the operator's conditions. */
export interface Trouble {
  readonly reason: Reason;
  readonly message: string;
}

export const toTrouble = ({ reason, message }: Trouble): Trouble => ({
  reason,
  // The operator's advice is to name topics, for which there is no need here.
  message: reason === 'NoTopics' ? nothingToShow : message,
});

const nothingToShow = 'it does not exist, or has neither commits nor members with partitions';

/**
 * What could not be read of a group although the reading as a whole succeeded.
 * @param cause as the reading tells it, with the broker
 */
export function gapsIn(rows: readonly LagRow[], cause: string | undefined): Trouble | undefined {
  const gaps = rows.filter(isUnreadable);
  if (gaps.length === 0) return undefined;
  const names = gaps.slice(0, 10).map(({ topic, partition }) => `${topic}/${partition}`);
  const more = gaps.length > names.length ? ` and ${gaps.length - names.length} more` : '';
  const what = `${gaps.length} of ${rows.length} partitions could not be read: ${names.join(', ')}${more}`;
  const remedy =
    cause ?? 'look at their leaders with kafka-topics --describe --unavailable-partitions';
  return { reason: 'LagIncomplete', message: `${what}: ${remedy}` };
}

/** The operator's messages name fields of its resource; here the same things have other names. */
const remedies: Partial<Record<Reason, string>> = {
  KafkaUnreachable: 'check --bootstrap, and security.protocol in the file of --config',
  AuthenticationFailed: 'check sasl.* and ssl.keystore.* in the file of --config',
  AuthorizationFailed: 'the principal needs Describe on the group and on its topics',
  NoTopics: 'names of groups are case-sensitive; --all shows those that have something to show',
  UnsupportedGroup: 'kafka-share-groups describes share groups',
};

/** One line for each thing that went wrong, then what to do; the same trouble is told once. */
export function tell(
  troubles: readonly (Trouble & { readonly group?: string })[],
): readonly string[] {
  const same = Map.groupBy(troubles, ({ reason, message }) => `${reason}: ${message}`);
  const lines = [...same].map(([text, all]) => `lagscaler: ${whose(all)}${text}`);
  const hints = new Set(troubles.map(({ reason }) => remedies[reason]));
  return [...lines, ...[...hints].flatMap((hint) => (hint ? `lagscaler: ${hint}` : []))];
}

/** The message of a failure that concerns many groups does not name them all. */
function whose(all: readonly { readonly group?: string }[]): string {
  const [first] = all;
  if (first?.group === undefined) return '';
  const others = all.length > 1 ? ` and ${all.length - 1} more` : '';
  return `group ${first.group}${others}: `;
}
