import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Clock } from '../controller/clock.ts';

/**
 * Collects what is asked for in the same turn of the event loop and loads it in one go. Everybody gets the
 * same promise: with ten thousand items, one each would be most of the work.
 */
export class Coalescer<Item, Loaded> {
  readonly #load: (items: readonly Item[]) => Loaded | Promise<Loaded>;
  #items: Item[] = [];
  #loaded: Promise<Loaded> | undefined;

  /**
   * @param load finds what each item needs in what this returns; where brokers fail independently, that
   * is one promise per broker, so that a failure stays with the items that needed it
   */
  constructor(load: (items: readonly Item[]) => Loaded | Promise<Loaded>) {
    this.#load = load;
  }

  /** What is loaded for this item and the others of its batch. */
  load(item: Item): Promise<Loaded> {
    this.#items.push(item);
    this.#loaded ??= nextTurn().then(() => this.#flush());
    return this.#loaded;
  }

  #flush(): Loaded | Promise<Loaded> {
    const items = this.#items;
    this.#items = [];
    this.#loaded = undefined;
    return this.#load(items);
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
