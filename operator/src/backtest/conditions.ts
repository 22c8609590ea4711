import type { Fault, FaultKind } from './fault.ts';

/** What holds in a second of the backtest because of the faults of that second. */
export interface Conditions {
  /** Per partition: 1 while it stops at a record. */
  readonly poisoned: Uint8Array;
  /** Per partition: its arrivals are multiplied by this. */
  readonly arrivalFactors: Float64Array;
  /** Per partition: 1 while its end offset can be read. */
  readonly readable: Uint8Array;
  /** Records per second of the whole group. */
  readonly groupLimit: number;
  /** Share of the speed of each consumer that is left. */
  readonly speed: number;
  readonly isUnavailable: boolean;
  readonly isControllerDown: boolean;
  readonly joinsBlockedUntil: number;
  /** Kinds of the faults that begin in this second. */
  readonly beginning: readonly FaultKind[];
}

/** Defaults of a fault that depend on the run. */
export interface FaultContext {
  readonly partitions: number;
  readonly meanRate: number;
}

/** Second by second; they only change where a fault begins or ends. */
export class FaultSchedule {
  readonly #faults: readonly Fault[];
  readonly #context: FaultContext;
  #current: Conditions;
  #changesAt = 0;

  constructor(faults: readonly Fault[], context: FaultContext) {
    this.#faults = faults;
    this.#context = context;
    this.#current = conditionsOf([], context);
  }

  /** To be called with growing seconds. */
  at(second: number): Conditions {
    if (second < this.#changesAt) return this.#current;
    const active = this.#faults.filter(({ from, to }) => from <= second && second < to);
    const beginning = active.filter(({ from }) => from === second).map(({ kind }) => kind);
    this.#current = { ...conditionsOf(active, this.#context), beginning };
    this.#changesAt = this.#nextChange(second, beginning.length > 0);
    return this.#current;
  }

  /** A beginning holds for one second only. */
  #nextChange(second: number, isBeginning: boolean): number {
    if (isBeginning) return second + 1;
    const edges = this.#faults.flatMap(({ from, to }) => [from, to]);
    return Math.min(...edges.filter((edge) => edge > second), Number.POSITIVE_INFINITY);
  }
}

function conditionsOf(active: readonly Fault[], context: FaultContext): Conditions {
  const { partitions, meanRate } = context;
  const of = (kind: FaultKind) => active.filter((fault) => fault.kind === kind);
  const values = (kind: FaultKind, absent: number) => of(kind).map(({ value = absent }) => value);
  const arrivalFactors = new Float64Array(partitions).fill(1);
  for (const factor of values('hot', 1.5)) arrivalFactors[0] = factor;
  const poisoned = new Uint8Array(partitions);
  for (const partition of values('poison', 0)) poisoned[partition] = 1;
  return {
    poisoned,
    arrivalFactors,
    readable: new Uint8Array(partitions).fill(1).fill(0, 0, Math.max(0, ...values('partial', 1))),
    groupLimit: Math.min(Number.POSITIVE_INFINITY, ...values('cap', meanRate / 2)),
    speed: Math.min(1, ...values('slow', 0.5)),
    isUnavailable: of('gap').length > 0,
    isControllerDown: of('restart').length > 0,
    joinsBlockedUntil: Math.max(0, ...of('nojoin').map(({ to }) => to)),
    beginning: [],
  };
}
