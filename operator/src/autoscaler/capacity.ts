/** One consumer over the window of measurement. */
export interface ConsumerLoad {
  /** Records per second. */
  readonly consumptionRate: number;
  /** Records: least in the window, at its start, now. */
  readonly minLag: number;
  readonly lagStart: number;
  readonly lagNow: number;
}

export interface CapacityInput {
  readonly consumers: readonly ConsumerLoad[];
  readonly windowSeconds: number;
  /** The group is stable, its members have not changed for a while, and nothing is frozen. */
  readonly stable: boolean;
  /** Earlier samples in records per second, oldest first. */
  readonly samples: readonly number[];
  /** What the owner says one consumer can do; undefined when not given. */
  readonly hint: number | undefined;
  readonly lowerBound: number | undefined;
}

/** What one consumer can do, in records per second; undefined is unknown. */
export interface Capacity {
  readonly sample: number | undefined;
  readonly samples: readonly number[];
  readonly lowerBound: number | undefined;
  readonly capacity: number | undefined;
  /** Less while the sample is lower: then something behind the consumers is slow, not they. */
  readonly capacityThisTick: number | undefined;
}

const samplesKept = 24;
const hintWeight = 6;
/** Seconds of work that wait: a consumer that always has them shows what it can do. */
const saturatedSeconds = 10;
const growingSeconds = 6;
const growingShare = 0.2;

/**
 * Throughput is capacity only while a consumer is saturated; otherwise it is what happened to arrive, a
 * lower bound. Never from CPU: consumers wait for I/O.
 */
export function learnCapacity(input: CapacityInput): Capacity {
  const { consumers, stable, windowSeconds, samples: before, hint, lowerBound: known } = input;
  const learned = stable ? consumers : [];
  const saturated = learned.filter((consumer) => isSaturated(consumer, windowSeconds));
  const sample = upperMedian(saturated.map(({ consumptionRate }) => consumptionRate));
  const samples = sample === undefined ? before : [...before, sample].slice(-samplesKept);
  const hints = hint === undefined ? [] : Array<number>(hintWeight).fill(hint);
  const capacity = upperMedian([...samples, ...hints]);
  const fastest = Math.max(0, known ?? 0, ...learned.map((c) => c.consumptionRate));
  return {
    sample,
    samples,
    lowerBound: fastest > 0 ? fastest : undefined,
    capacity,
    capacityThisTick: capacity && Math.min(capacity, Math.max(sample ?? capacity, capacity / 2)),
  };
}

/** A rate of 0 proves nothing. */
function isSaturated(consumer: ConsumerLoad, windowSeconds: number): boolean {
  const { consumptionRate: rate, minLag, lagStart, lagNow } = consumer;
  const isGrowing = lagNow - lagStart > growingShare * rate * windowSeconds;
  const waits = minLag > saturatedSeconds * rate || (isGrowing && lagNow > growingSeconds * rate);
  return rate > 0 && waits;
}

/** Of an even count the upper of the two in the middle. */
function upperMedian(values: readonly number[]): number | undefined {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
}
