import type { Clock } from '../controller/clock.ts';
import { type Backoff, delayMs } from './backoff.ts';
import { KafkaError } from './kafka-error.ts';

const outage: Backoff = { leastMs: 100, firstMs: 1_000, longestMs: 60_000 };
/** Credentials do not heal by themselves, and some brokers lock an account that keeps trying. */
const refusal: Backoff = { leastMs: 1_000, firstMs: 5_000, longestMs: 300_000 };
/** What has worked, and answers whoever shows no credentials, is worth one attempt at every poll. */
const hiccup: Backoff = { leastMs: 100, firstMs: 250, longestMs: 250 };

/** How long the outcome of a knock holds for others that ask, from its start: it may take as long. */
const knockHoldsMs = 500;

/** A sign of life, looked for without credentials; never rejects. */
export type Knock = () => Promise<boolean>;

/**
 * A circuit breaker with exponential back-off and full jitter (ADR 13): of a cluster, which gets one
 * probe when it is due, however many scalers ask; or of one broker, whose requests are the probe.
 *
 * Where nobody reacts, and where somebody who has answered before hangs up, one knock per poll ends the
 * back-off early. A knock that led to nothing is not repeated before the back-off is over.
 */
export class Breaker {
  readonly #clock: Clock;
  readonly #random: () => number;
  #cause: KafkaError | undefined;
  #failures = 0;
  #dueAt = 0;
  #works = false;
  #hasWorked = false;
  #isTrusted = false;
  #probing: Promise<void> | undefined;
  #knocking: Promise<boolean> | undefined;
  #knockedAt = Number.NEGATIVE_INFINITY;
  #mayKnock = false;
  #isEarly = false;

  /** @param random in [0, 1) */
  constructor(clock: Clock, random: () => number) {
    this.#clock = clock;
    this.#random = random;
  }

  /** Requests may be sent. */
  get works(): boolean {
    return this.#works;
  }

  /**
   * Returns when requests may be sent: at once after a probe has succeeded. Callers that arrive during
   * a probe share its outcome.
   * @throws KafkaError the last cause while the breaker is open, or why the probe failed
   */
  async admit(probe: () => Promise<void>, knock: Knock): Promise<void> {
    if (this.#works) return;
    if (!this.#probing) await this.pass(knock);
    this.#probing ??= probe().finally(() => {
      this.#probing = undefined;
    });
    await this.#probing;
  }

  /**
   * Returns when it is worth an attempt: never failed, due again, or there was a sign of life.
   * @throws KafkaError the last cause
   */
  async pass(knock: Knock): Promise<void> {
    if (!this.#isWaiting() || (this.#mayKnock && (await this.#reacts(knock)))) return;
    if (this.#cause) throw this.#cause;
  }

  succeeded(): void {
    this.forgive();
    this.#works = true;
    this.#hasWorked = true;
    this.#isTrusted = true;
  }

  /** What is asked for here has worked elsewhere: who hangs up is in trouble, not asked the wrong way. */
  trust(): void {
    this.#isTrusted = true;
  }

  /** As if nothing had failed yet. */
  forgive(): void {
    this.#cause = undefined;
    this.#failures = 0;
    this.#isEarly = false;
  }

  /**
   * Opens it. Failures of what was under way when it opened count once.
   * @returns the cause, with when it is tried again where only time can help
   */
  failed(cause: KafkaError): KafkaError {
    const isInVain = this.#isEarly;
    const mayKnock = this.#canKnockAfter(cause) && !isInVain;
    const backoff = this.#backoffAfter(cause, mayKnock);
    const told = mayKnock || backoff === hiccup ? cause : waiting(cause, backoff);
    if (this.#isWaiting()) return told;
    this.#cause = told;
    this.#works = false;
    this.#isEarly = false;
    this.#mayKnock = mayKnock;
    this.#dueAt = this.#clock.now() + delayMs(backoff, this.#failures, this.#random);
    this.#failures += 1;
    return told;
  }

  /** A listener that wants TLS or SASL hangs up too, but it answers a knock: that would prove nothing. */
  #canKnockAfter({ reaction }: KafkaError): boolean {
    return reaction === 'none' || (reaction === 'hangUp' && this.#isTrusted);
  }

  #backoffAfter(cause: KafkaError, mayKnock: boolean): Backoff {
    if (cause.reason === 'AuthenticationFailed') return refusal;
    const toldWhatIsWrong = cause.reaction === 'answer';
    return this.#hasWorked && !toldWhatIsWrong && !mayKnock ? hiccup : outage;
  }

  #isWaiting(): boolean {
    return this.#cause !== undefined && this.#clock.now() < this.#dueAt;
  }

  async #reacts(knock: Knock): Promise<boolean> {
    if (!this.#knocking && this.#clock.now() - this.#knockedAt < knockHoldsMs) return false;
    this.#knocking ??= this.#knock(knock);
    return await this.#knocking;
  }

  async #knock(knock: Knock): Promise<boolean> {
    this.#knockedAt = this.#clock.now();
    const reacts = await knock();
    this.#knocking = undefined;
    if (!reacts || !this.#isWaiting()) return !this.#isWaiting();
    this.#dueAt = this.#clock.now();
    this.#isEarly = true;
    return true;
  }
}

function waiting(cause: KafkaError, { longestMs }: Backoff): KafkaError {
  const { reason, message, reaction, retryWithinMs } = cause;
  if (retryWithinMs !== undefined) return cause; // the breaker of one broker has said so
  const what = `${message}; tried again within ${longestMs / 1000} s`;
  return new KafkaError(reason, what, { cause, reaction, retryWithinMs: longestMs });
}
