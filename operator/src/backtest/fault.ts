/** What can go wrong during a backtest. */
const kinds = [
  'poison', // a partition stops at a record
  'cap', // downstream takes no more than so many records per second of the whole group
  'slow', // every consumer is this much slower, as a share of its speed
  'hot', // a partition gets this many times its arrivals
  'gap', // offsets cannot be read
  'partial', // the end offsets of some partitions cannot be read
  'nojoin', // pods start, but do not become members
  'rollout', // the pods are replaced one by one, from the start of the fault on
  'restart', // the controller is down, and comes back without its memory
  'recreate', // the topic is deleted and created again, at the start of the fault
] as const;
export type FaultKind = (typeof kinds)[number];

export interface Fault {
  readonly kind: FaultKind;
  /**
   * cap: records per second, absent: half of the mean rate of the trace. slow: share of the speed, default
   * 0.5. hot: factor, default 1.5. poison: partition, default 0. partial: partitions, default 1.
   */
  readonly value: number | undefined;
  /** Seconds from the start of the trace. */
  readonly from: number;
  /** The first second after it. */
  readonly to: number;
}

export class FaultError extends Error {
  override readonly name = 'FaultError';
}

const form = /^([a-z]+)(?::(\d+(?:\.\d+)?))?@([^+]+)\+(.+)$/;
const duration = /^(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?$/;

/**
 * A fault such as `poison@6h+3h`, `cap:4000@14h+2h` or `gap@1h30m+20m`: kind, value, start, duration.
 * @throws FaultError that says what to write
 */
export function parseFault(text: string): Fault {
  const [, name = '', value, start = '', length = ''] = form.exec(text) ?? [];
  const kind = kinds.find((known) => known === name);
  const from = secondsOf(start);
  const lasts = secondsOf(length);
  if (!kind || from === undefined || !lasts)
    throw new FaultError(
      `"${text}" is no fault: write kind[:value]@start+duration such as poison@6h+3h; kinds are ${kinds.join(', ')}`,
    );
  return { kind, value: value === undefined ? undefined : Number(value), from, to: from + lasts };
}

function secondsOf(text: string): number | undefined {
  const parts = text === '' ? undefined : duration.exec(text)?.slice(1);
  if (!parts) return undefined;
  const [days = 0, hours = 0, minutes = 0, seconds = 0] = parts.map((part) => Number(part ?? 0));
  return ((days * 24 + hours) * 60 + minutes) * 60 + seconds;
}
