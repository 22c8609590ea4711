/** The member must join again; what it holds uncommitted may be delivered to another member. */
const membershipLost: ReadonlySet<string> = new Set([
  'REBALANCE_IN_PROGRESS',
  'ILLEGAL_GENERATION',
  'UNKNOWN_MEMBER_ID',
  'NOT_COORDINATOR_FOR_GROUP',
]);

/** The record itself is refused: sending it again cannot help. */
const recordRefused: ReadonlySet<string> = new Set([
  'MESSAGE_TOO_LARGE',
  'RECORD_LIST_TOO_LARGE',
  'INVALID_RECORD',
  'INVALID_TIMESTAMP',
]);

/** The error and its causes, outermost first (traps K8: kafkajs wraps the one that tells). */
function chain(error: unknown): readonly Error[] {
  const errors: Error[] = [];
  for (let at = error; at instanceof Error && !errors.includes(at); at = at.cause) errors.push(at);
  return errors;
}

/** Kafka's name of the error, such as `MESSAGE_TOO_LARGE`; undefined when no broker said so. */
export function protocolType(error: unknown): string | undefined {
  for (const link of chain(error)) {
    if ('type' in link && typeof link.type === 'string') return link.type;
  }
  return undefined;
}

/** A short stable name for counting: Kafka's own where there is one. */
export function errorKind(error: unknown): string {
  const name = chain(error).at(-1)?.name;
  return protocolType(error) ?? name ?? 'unknown';
}

export function isMembershipLost(error: unknown): boolean {
  return membershipLost.has(protocolType(error) ?? '');
}

export function isRecordRefused(error: unknown): boolean {
  return recordRefused.has(protocolType(error) ?? '');
}

/** Whether the same client may try again; else its producer state is beyond repair. */
export function isRetriable(error: unknown): boolean {
  const innermost = chain(error).at(-1);
  return innermost !== undefined && 'retriable' in innermost && innermost.retriable === true;
}
