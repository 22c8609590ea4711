import type { Clock } from '../controller/clock.ts';
import { KafkaError } from './kafka-error.ts';

/** The time one read may take: ends by time, by the caller's signal, or when the session closes. */
export class Deadline {
  readonly #clock: Clock;
  readonly #endsAt: number;
  readonly #timeoutMs: number;
  readonly #expired: Promise<undefined>;
  #expire: () => void = () => undefined;
  #error: KafkaError | undefined;
  #last: KafkaError | undefined;
  readonly #dispose: (() => void)[] = [];

  constructor(timeoutMs: number, clock: Clock, signal: AbortSignal) {
    this.#clock = clock;
    this.#timeoutMs = timeoutMs;
    this.#endsAt = clock.now() + timeoutMs;
    this.#expired = new Promise((resolve) => {
      this.#expire = () => resolve(undefined);
    });
    this.#dispose.push(clock.after(timeoutMs, () => this.#expire()));
    const onAbort = () => this.end(new KafkaError('LagUnknown', 'the reading was cancelled'));
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    this.#dispose.push(() => signal.removeEventListener('abort', onAbort));
  }

  remainingMs(): number {
    return this.#endsAt - this.#clock.now();
  }

  /** Remembers what went wrong on the way: the better explanation when time runs out in a retry. */
  note(error: KafkaError): void {
    this.#last = error;
  }

  end(error: KafkaError): void {
    this.#error ??= error;
    this.#expire();
  }

  /** The result of a part of the work, or undefined when the time is up first. Never rejects late. */
  async part<T>(work: Promise<T>): Promise<T | undefined> {
    return await Promise.race([work, this.#expired]);
  }

  /**
   * The result of the whole work.
   * @throws KafkaError when the time is up. The work gets one more turn of the event loop after that,
   * to hand over what it has.
   */
  async whole<T>(work: Promise<T>): Promise<T> {
    const late = this.#expired.then(nextTurn).then(() => Promise.reject(this.#reason()));
    try {
      return await Promise.race([work, late]);
    } finally {
      for (const dispose of this.#dispose) dispose();
    }
  }

  #reason(): KafkaError {
    if (this.#error) return this.#error;
    if (this.#last) return this.#last;
    const what = `no complete answer within ${this.#timeoutMs} ms: are the brokers overloaded or unreachable?`;
    return new KafkaError('KafkaUnreachable', what);
  }
}

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
