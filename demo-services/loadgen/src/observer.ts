import type { NamedUser } from './names.ts';

/** A request of the schedule. Times are those of `performance.now()` in the same process. */
export interface Sending extends NamedUser {
  /** From 0, in the order of the schedule. */
  readonly index: number;
  /** When it was to be sent, whenever it really was. */
  readonly dueAtMs: number;
}

/** How a request ended: with an accepted operation when there is a `uuid`, else with an `error`. */
export interface Outcome {
  /** Undefined when no answer came. */
  readonly status: number | undefined;
  /** Of the operation. */
  readonly uuid: string | undefined;
  /** `status <n>`, or the code that the report counts it under. */
  readonly error: string | undefined;
}

export interface Answered extends Sending, Outcome {
  readonly sentAtMs: number;
  readonly answeredAtMs: number;
  /** From when it was due. */
  readonly latencyMs: number;
}

/** Hears of every request while the load runs. It must not throw. */
export interface LoadObserver {
  onSending?(request: Sending): void;
  /** Also of requests that failed. */
  onAnswered?(request: Answered): void;
}
