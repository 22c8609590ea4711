import type { Clock } from '../controller/clock.ts';

export interface GateOptions {
  /** Reads that come within this time of the first start together. */
  readonly windowMs: number;
  /** Most reads that start together. */
  readonly batchSize: number;
  /** The next batch waits at most this long for the one before to end: one slow broker must not stop all. */
  readonly patienceMs: number;
}

/** Reads that start together. */
export class Batch {
  readonly opened: Promise<void>;
  readonly #onEmpty: (batch: Batch) => void;
  #open: () => void = () => undefined;
  #size = 0;

  constructor(onEmpty: (batch: Batch) => void) {
    this.#onEmpty = onEmpty;
    this.opened = new Promise((resolve) => {
      this.#open = resolve;
    });
  }

  get size(): number {
    return this.#size;
  }

  enter(): void {
    this.#size += 1;
  }

  /** Each read calls this once, when it has ended. */
  leave(): void {
    this.#size -= 1;
    if (this.#size === 0) this.#onEmpty(this);
  }

  start(): void {
    this.#open();
  }
}

/**
 * Lets the reads of one tick start together, so that they share their requests, but not all of ten
 * thousand at once: what they hold while they wait would be most of the memory of the process.
 */
export class Gate {
  readonly #clock: Clock;
  readonly #options: GateOptions;
  readonly #waiting: Batch[] = [];
  #current: Batch | undefined;
  #cancel: (() => void) | undefined;

  constructor(clock: Clock, options: GateOptions) {
    this.#clock = clock;
    this.#options = options;
  }

  /** Its `opened` resolves when it is the caller's turn; call its `leave` afterwards, whatever happens. */
  join(): Batch {
    const last = this.#waiting.at(-1);
    const batch = last && last.size < this.#options.batchSize ? last : this.#addBatch();
    batch.enter();
    if (!this.#cancel) this.#openAfter(this.#options.windowMs);
    return batch;
  }

  #addBatch(): Batch {
    const batch = new Batch((empty) => {
      const isOver = empty === this.#current;
      if (isOver && this.#waiting.length > 0) this.#openAfter(0);
    });
    this.#waiting.push(batch);
    return batch;
  }

  #openAfter(delayMs: number): void {
    this.#cancel?.();
    this.#cancel = this.#clock.after(delayMs, () => this.#open());
  }

  #open(): void {
    this.#cancel = undefined;
    this.#current = this.#waiting.shift();
    if (this.#waiting.length > 0) this.#openAfter(this.#options.patienceMs);
    this.#current?.start();
  }
}
