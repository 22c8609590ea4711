import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Clock } from '../controller/clock.ts';
import { KafkaError } from './kafka-error.ts';

const tooLate = Symbol('too late');

interface TimeoutOptions {
  readonly timeoutMs: number;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly onLeft: (timeout: Timeout) => void;
}

/**
 * The end of the time of all reads that began together under one signal: by time, by that signal, or
 * when the session closes. One timer and one listener, however many reads.
 */
export class Timeout {
  readonly timeoutMs: number;
  readonly startedAt: number;
  readonly expired: Promise<undefined>;
  /** One more turn of the event loop after that, in which work can hand over what it has. */
  readonly late: Promise<typeof tooLate>;
  #error: KafkaError | undefined;
  #expire: () => void = () => undefined;
  #users = 0;
  readonly #shared = new WeakMap<Promise<unknown>, Promise<unknown>>();
  readonly #dispose: (() => void)[] = [];
  readonly #onLeft: (timeout: Timeout) => void;

  constructor({ timeoutMs, clock, signal, onLeft }: TimeoutOptions) {
    this.timeoutMs = timeoutMs;
    this.#onLeft = onLeft;
    this.startedAt = clock.now();
    this.expired = new Promise((resolve) => {
      this.#expire = () => resolve(undefined);
    });
    this.late = this.expired.then(() => nextTurn()).then(() => tooLate);
    this.#dispose.push(clock.after(timeoutMs, () => this.#expire()));
    const onAbort = () => this.end(new KafkaError('LagUnknown', 'the reading was cancelled'));
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    this.#dispose.push(() => signal.removeEventListener('abort', onAbort));
  }

  /** Why it ended early. */
  get error(): KafkaError | undefined {
    return this.#error;
  }

  end(error: KafkaError): void {
    this.#error ??= error;
    this.#expire();
  }

  /** The end of the work or of the time, whichever is first: one promise, whoever waits for the same. */
  race<T>(work: Promise<T>): Promise<T | undefined> {
    const known = this.#shared.get(work);
    if (known !== undefined) return known as Promise<T | undefined>;
    const race = Promise.race([work, this.expired]);
    this.#shared.set(work, race);
    return race;
  }

  enter(): void {
    this.#users += 1;
  }

  /** The last one to leave stops the timer. */
  leave(): void {
    this.#users -= 1;
    if (this.#users > 0) return;
    for (const dispose of this.#dispose.splice(0)) dispose();
    this.#onLeft(this);
  }
}

/** The time that one read may take. */
export class Deadline {
  readonly #timeout: Timeout;
  readonly #clock: Clock;
  #last: KafkaError | undefined;

  constructor(timeout: Timeout, clock: Clock) {
    this.#timeout = timeout;
    this.#clock = clock;
  }

  remainingMs(): number {
    return this.#timeout.startedAt + this.#timeout.timeoutMs - this.#clock.now();
  }

  /** Remembers what went wrong on the way: the better explanation when time runs out in a retry. */
  note(error: KafkaError): void {
    this.#last = error;
  }

  /** The read has ended, or given up. */
  end(): void {
    this.#timeout.leave();
  }

  /** The result of a part of the work, or undefined when the time is up first. Never rejects late. */
  part<T>(work: Promise<T> | T): Promise<T | undefined> | T {
    return work instanceof Promise ? Promise.race([work, this.#timeout.expired]) : work;
  }

  /** As `part`, for work that many reads wait for. */
  shared<T>(work: Promise<T>): Promise<T | undefined> {
    return this.#timeout.race(work);
  }

  /**
   * The result of the whole work.
   * @throws KafkaError when the time is up. The work gets one more turn of the event loop after that,
   * to hand over what it has.
   */
  async whole<T>(work: Promise<T>): Promise<T> {
    let result: T | typeof tooLate;
    try {
      result = await Promise.race([work, this.#timeout.late]);
    } catch (error) {
      throw this.#timeout.error ?? error; // a reading that was cancelled says nothing about Kafka
    }
    if (result === tooLate) throw this.#reason();
    return result;
  }

  #reason(): KafkaError {
    if (this.#timeout.error) return this.#timeout.error;
    if (this.#last) return this.#last;
    const what = `no complete answer within ${this.#timeout.timeoutMs} ms: are the brokers overloaded or unreachable?`;
    return new KafkaError('KafkaUnreachable', what);
  }
}

/** Reads that begin within a few milliseconds of each other end together. */
export class Timeouts {
  readonly #clock: Clock;
  readonly #timeoutMs: number;
  readonly #togetherMs: number;
  readonly #open = new Set<Timeout>();
  readonly #newest = new WeakMap<AbortSignal, Timeout>();

  constructor(clock: Clock, timeoutMs: number, togetherMs: number) {
    this.#clock = clock;
    this.#timeoutMs = timeoutMs;
    this.#togetherMs = togetherMs;
  }

  /** Begins the time of one read; it goes on until `Deadline.end`. */
  begin(signal: AbortSignal): Deadline {
    return new Deadline(this.#join(signal), this.#clock);
  }

  endAll(error: KafkaError): void {
    for (const timeout of this.#open) timeout.end(error);
  }

  #join(signal: AbortSignal): Timeout {
    const newest = this.#newest.get(signal);
    const isYoung = newest && this.#clock.now() - newest.startedAt < this.#togetherMs;
    const timeout = newest && isYoung ? newest : this.#start(signal);
    timeout.enter();
    return timeout;
  }

  #start(signal: AbortSignal): Timeout {
    const onLeft = (left: Timeout) => {
      this.#open.delete(left);
      // Or what its reads found would be kept until the next poll.
      if (this.#newest.get(signal) === left) this.#newest.delete(signal);
    };
    const timeout = new Timeout({ timeoutMs: this.#timeoutMs, clock: this.#clock, signal, onLeft });
    this.#newest.set(signal, timeout);
    this.#open.add(timeout);
    return timeout;
  }
}
