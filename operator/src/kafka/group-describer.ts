import { isNoSuchGroup } from './codes.ts';
import type { Address, DescribedGroup, DescribeItem, Transport } from './transport.ts';

/** How a group is described: each kind has a request of its own, and answers to no other. */
export type Protocol = 'classic' | 'consumer' | 'share';

/** Groups per request: keeps one answer below two megabytes. */
export const groupsPerRequest = 1_500;

export interface DescribeQuery extends DescribeItem {
  /** Where to look for it: at once in all of the first stage, then in all of the next; never empty. */
  readonly stages: readonly (readonly Protocol[])[];
}

/** `absent`: there is no such group, or none of a kind that was tried or that this broker can describe. */
export type DescribeAnswer =
  | { readonly protocol: Protocol; readonly group: DescribedGroup }
  | { readonly protocol: 'absent' };

interface Search {
  readonly query: DescribeQuery;
  readonly stage: readonly Protocol[];
  readonly later: readonly (readonly Protocol[])[];
}

type Found = ReadonlyMap<Protocol, ReadonlyMap<string, DescribedGroup>>;

/** Describes the groups of one coordinator, in one request per kind and 1,500 groups. */
export class GroupDescriber {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** Never rejects: a group that the broker gave no answer for is not in the result. */
  async describe(
    to: Address,
    queries: readonly DescribeQuery[],
  ): Promise<ReadonlyMap<string, DescribeAnswer>> {
    const answers = new Map<string, DescribeAnswer>();
    let open = queries.flatMap((query) => nextStage(query, query.stages));
    while (open.length > 0) {
      const found = await this.#askAll(to, open);
      open = open.flatMap((search) => settle(search, found, answers));
    }
    return answers;
  }

  async #askAll(to: Address, searches: readonly Search[]): Promise<Found> {
    const asked = protocols.map(async (protocol) => {
      const items = searches.filter((s) => s.stage.includes(protocol)).map((s) => s.query);
      const groups = await Promise.all(
        chunksOf(items).map((chunk) => this.#ask(to, protocol, chunk)),
      );
      return [protocol, new Map(groups.flat().map((g) => [g.groupId, g]))] as const;
    });
    return new Map(await Promise.all(asked));
  }

  /** What cannot be described is no reason to fail a reading. */
  async #ask(
    to: Address,
    protocol: Protocol,
    items: readonly DescribeItem[],
  ): Promise<readonly DescribedGroup[]> {
    const ask = {
      classic: this.#transport.describeGroups,
      consumer: this.#transport.describeConsumerGroups,
      share: this.#transport.describeShareGroups,
    };
    return await ask[protocol](to, items).catch(() => []);
  }
}

const protocols: readonly Protocol[] = ['classic', 'consumer', 'share'];

function nextStage(query: DescribeQuery, [stage, ...later]: DescribeQuery['stages']): Search[] {
  return stage ? [{ query, stage, later }] : [];
}

/** Records the answer, or goes on with the next stage. */
function settle(
  { query, stage, later }: Search,
  found: Found,
  answers: Map<string, DescribeAnswer>,
): readonly Search[] {
  let silent = false;
  for (const protocol of stage) {
    const group = found.get(protocol)?.get(query.groupId);
    if (!group) silent = true;
    else if (!isOfOtherKind(protocol, group)) {
      answers.set(query.groupId, { protocol, group });
      return [];
    }
  }
  if (silent) return []; // unknown, not absent
  if (later.length === 0) answers.set(query.groupId, { protocol: 'absent' });
  return nextStage(query, later);
}

/** DescribeGroups says `Dead`, without an error, of any group that is not classic (traps P5). */
function isOfOtherKind(protocol: Protocol, { errorCode, state }: DescribedGroup): boolean {
  return isNoSuchGroup(errorCode) || (protocol === 'classic' && state === 'Dead');
}

function chunksOf<T>(items: readonly T[]): readonly (readonly T[])[] {
  const count = Math.ceil(items.length / groupsPerRequest);
  return Array.from({ length: count }, (_, i) =>
    items.slice(i * groupsPerRequest, (i + 1) * groupsPerRequest),
  );
}
