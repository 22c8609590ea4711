import type { Clock } from '../controller/clock.ts';

export interface GateOptions {
  /** Reads that come within this time of the first start together. */
  readonly windowMs: number;
  /** Most reads that start together. */
  readonly batchSize: number;
  /** The next batch waits at most this long for the one before to end: one slow broker must not stop all. */
  readonly patienceMs: number;
}

interface Batch {
  readonly size: number;
  left: number;
}

type Leave = () => void;

/**
 * Lets the reads of one tick start together, so that they share their requests, but not all of ten
 * thousand at once: what they hold while they wait would be most of the memory of the process.
 */
export class Gate {
  readonly #clock: Clock;
  readonly #options: GateOptions;
  #waiting: ((leave: Leave) => void)[] = [];
  #current: Batch | undefined;
  #cancel: (() => void) | undefined;

  constructor(clock: Clock, options: GateOptions) {
    this.#clock = clock;
    this.#options = options;
  }

  /** Resolves when it is the caller's turn, with what to call when it has ended. */
  pass(): Promise<Leave> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      if (!this.#cancel) this.#openAfter(this.#options.windowMs);
    });
  }

  #openAfter(delayMs: number): void {
    this.#cancel?.();
    this.#cancel = this.#clock.after(delayMs, () => this.#open());
  }

  #open(): void {
    this.#cancel = undefined;
    const admitted = this.#waiting.splice(0, this.#options.batchSize);
    const batch: Batch = { size: admitted.length, left: 0 };
    this.#current = batch;
    if (this.#waiting.length > 0) this.#openAfter(this.#options.patienceMs);
    for (const admit of admitted) admit(() => this.#leave(batch));
  }

  #leave(batch: Batch): void {
    batch.left += 1;
    const isOver = batch.left === batch.size && batch === this.#current;
    if (isOver && this.#waiting.length > 0) this.#openAfter(0);
  }
}
