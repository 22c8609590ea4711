import type { Clock } from '../controller/clock.ts';
import { KafkaError } from './kafka-error.ts';

/** Delay after the first failure, and the longest delay. */
interface Backoff {
  readonly firstMs: number;
  readonly longestMs: number;
}

const backoff: Backoff = { firstMs: 1_000, longestMs: 60_000 };
/** Credentials do not heal by themselves, and some brokers lock an account that keeps trying. */
const authenticationBackoff: Backoff = { firstMs: 5_000, longestMs: 300_000 };
const jitter = 0.2;

/**
 * One circuit breaker per session: a cluster that cannot be reached or refuses the credentials gets one
 * probe when it is due, however many scalers ask. It starts untested, so the first read probes as well.
 */
export class Breaker {
  readonly #clock: Clock;
  readonly #random: () => number;
  #cause: KafkaError | undefined;
  #failures = 0;
  #dueAt = 0;
  #tested = false;
  #probing: Promise<void> | undefined;
  #revived = false;

  /** @param random in [0, 1) */
  constructor(clock: Clock, random: () => number = Math.random) {
    this.#clock = clock;
    this.#random = random;
  }

  /**
   * Returns when requests may be sent. Callers that arrive during the probe share its outcome.
   * @throws KafkaError the last cause and when the next attempt is due
   */
  async admit(probe: () => Promise<void>): Promise<void> {
    if (this.#tested && !this.#cause) return;
    const waitMs = this.#dueAt - this.#clock.now();
    if (this.#cause && waitMs > 0 && !this.#probing) throw waiting(this.#cause, waitMs);
    this.#probing ??= this.#probe(probe);
    await this.#probing;
  }

  async #probe(probe: () => Promise<void>): Promise<void> {
    this.#revived = false;
    try {
      await probe();
    } finally {
      this.#probing = undefined;
    }
  }

  succeeded(): void {
    this.#tested = true;
    this.#cause = undefined;
    this.#failures = 0;
  }

  /** A failure of the whole cluster; those of requests that were under way when it opened count once. */
  failed(cause: KafkaError): void {
    if (this.#cause && this.#clock.now() < this.#dueAt) return;
    this.#cause = cause;
    const { firstMs, longestMs } =
      cause.reason === 'AuthenticationFailed' ? authenticationBackoff : backoff;
    const delayMs = Math.min(firstMs * 2 ** this.#failures, longestMs);
    this.#dueAt = this.#clock.now() + delayMs * (1 + jitter * (2 * this.#random() - 1));
    this.#failures = Math.min(this.#failures + 1, 30);
    if (this.#revived) this.#dueAt = this.#clock.now(); // it came back while this probe was failing
    this.#revived = false;
  }

  /** The cluster shows signs of life: the next read may probe at once. */
  retryNow(): void {
    this.#revived = true;
    this.#dueAt = this.#clock.now();
  }
}

const waiting = (cause: KafkaError, waitMs: number): KafkaError =>
  new KafkaError(cause.reason, `${cause.message}; next attempt in ${Math.ceil(waitMs / 1000)} s`, {
    cause,
  });
