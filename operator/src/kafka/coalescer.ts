import type { Clock } from '../controller/clock.ts';

interface Waiting<Item, Answer> {
  readonly item: Item;
  readonly resolve: (answer: Answer | Promise<Answer>) => void;
}

/**
 * Collects what is asked for in the same turn of the event loop and loads it in one go.
 *
 * `load` returns one promise per item, in order, so that the failure of one broker stays with the
 * items that needed it.
 */
export class Coalescer<Item, Answer> {
  readonly #load: (items: readonly Item[]) => readonly Promise<Answer>[];
  #waiting: Waiting<Item, Answer>[] = [];

  constructor(load: (items: readonly Item[]) => readonly Promise<Answer>[]) {
    this.#load = load;
  }

  load(item: Item): Promise<Answer> {
    return new Promise((resolve) => {
      this.#waiting.push({ item, resolve });
      if (this.#waiting.length === 1) setImmediate(() => this.#flush());
    });
  }

  #flush(): void {
    const batch = this.#waiting;
    this.#waiting = [];
    const answers = this.#load(batch.map((w) => w.item));
    for (const [i, { resolve }] of batch.entries()) {
      resolve(answers[i] ?? Promise.reject(new Error('a batch lost one of its items')));
    }
  }
}

/**
 * Holds a batch back until everybody who is on the way has joined it, but not longer than `graceMs`:
 * one slow coordinator must not delay the groups of the others for more than that.
 */
export class Rendezvous {
  readonly #clock: Clock;
  readonly #graceMs: number;
  #onTheWay = 0;
  #flush: (() => void) | undefined;
  #cancel: () => void = () => undefined;

  constructor(clock: Clock, graceMs: number) {
    this.#clock = clock;
    this.#graceMs = graceMs;
  }

  /** Announces one participant; call the result when it has joined or given up. */
  expect(): () => void {
    this.#onTheWay += 1;
    let arrived = false;
    return () => {
      if (arrived) return;
      arrived = true;
      this.#onTheWay -= 1;
      if (this.#onTheWay === 0) this.#go();
    };
  }

  readonly schedule = (flush: () => void): void => {
    this.#flush = flush;
    if (this.#onTheWay === 0) setImmediate(() => this.#go());
    else this.#cancel = this.#clock.after(this.#graceMs, () => this.#go());
  };

  #go(): void {
    const flush = this.#flush;
    this.#flush = undefined;
    this.#cancel();
    flush?.();
  }
}
