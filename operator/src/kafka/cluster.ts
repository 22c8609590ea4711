import type { Clock } from '../controller/clock.ts';
import { Breaker } from './breaker.ts';
import { allFailed, isRefusal, unreachableBehind } from './cluster-failure.ts';
import { firstAnswer, type Patience } from './first-answer.ts';
import type { KafkaError } from './kafka-error.ts';
import { anyReacts } from './knock.ts';
import { type Address, addressText, type Transport } from './transport.ts';

/** How long one broker may keep a question that any broker can answer to itself. */
const staggerMs = 300;
/** Brokers asked the same question, one after the other, so that all fail before a reading must end. */
const mostAsked = 4;
/** The same where a reading has already waited for a bootstrap server. */
const hastyMs = 100;

export interface ClusterOptions {
  readonly transport: Transport;
  readonly seeds: readonly Address[];
  readonly clock: Clock;
  /** In [0, 1): the jitter of the back-off. */
  readonly random: () => number;
}

/** The brokers of one Kafka cluster: the bootstrap servers, and those the metadata names. */
export class Cluster {
  readonly #transport: Transport;
  readonly #clock: Clock;
  readonly #seeds: readonly Address[];
  readonly #breaker: Breaker;
  #brokers: ReadonlyMap<number, Address> = new Map();
  #lastGood: Address | undefined;
  #turn = 0;
  /** Verdicts on the cluster, good or bad. */
  #timesHeard = 0;
  #closed = false;

  constructor({ transport, seeds, clock, random }: ClusterOptions) {
    this.#transport = transport;
    this.#clock = clock;
    this.#seeds = seeds;
    this.#breaker = new Breaker(clock, random);
  }

  /** In normal times `admit` would return at once. */
  get works(): boolean {
    return this.#breaker.works;
  }

  /**
   * Returns when requests make sense.
   * @throws KafkaError while the circuit breaker is open
   */
  admit(): Promise<void> {
    const answers = (at: Address, signal: AbortSignal) => this.#transport.answers(at, signal);
    return this.#breaker.admit(
      () => this.#probe(),
      () => anyReacts(this.#candidates(), answers, this.#clock),
    );
  }

  async #probe(): Promise<void> {
    try {
      // Credentials that one broker refuses are not shown to the others in the same breath.
      const { from } = await this.#ask((to) => this.#greet(to), { staggerMs, isFinal: isRefusal });
      await this.#reachOne(from);
      this.#succeeded(from);
    } catch (error) {
      throw this.#failed(error);
    }
  }

  /** ApiVersions alone proves nothing: every listener answers it, even before authentication. */
  async #greet(to: Address): Promise<void> {
    await this.#transport.apiVersions(to);
    this.learn((await this.#transport.metadata(to, [])).brokers);
  }

  /** Those that the metadata names; none before the first answer. */
  get brokers(): readonly Address[] {
    return [...this.#brokers.values()];
  }

  /** A bootstrap server that leads to brokers nobody can reach is of no use. */
  async #reachOne(from: Address): Promise<void> {
    const advertised = this.brokers;
    const isOneOfThem = advertised.some((b) => addressText(b) === addressText(from));
    if (isOneOfThem || advertised.length === 0) return;
    const some = inTurn(advertised, this.#turn).slice(0, mostAsked);
    try {
      await firstAnswer(some, (to) => this.#transport.apiVersions(to), {
        clock: this.#clock,
        staggerMs: hastyMs,
        isFinal: isRefusal,
      });
    } catch (error) {
      throw unreachableBehind(from, advertised.length, error);
    }
  }

  brokerOf(nodeId: number): Address | undefined {
    return this.#brokers.get(nodeId);
  }

  learn(brokers: readonly (Address & { readonly nodeId: number })[]): void {
    this.#brokers = new Map(brokers.map(({ nodeId, host, port }) => [nodeId, { host, port }]));
  }

  /**
   * Asks one broker after the other: the next one when one fails, or after 300 ms without an answer.
   * @throws KafkaError when four have failed, or all there are, which opens the circuit breaker; not when
   * more has been heard of the cluster since the question was put: then it says nothing about now
   */
  async any<T>(ask: (to: Address) => Promise<T>): Promise<T> {
    const heardBefore = this.#timesHeard;
    try {
      const { answer, from } = await this.#ask(ask, { staggerMs, isFinal: () => false });
      this.#succeeded(from);
      return answer;
    } catch (error) {
      throw heardBefore === this.#timesHeard ? this.#failed(error) : allFailed(error);
    }
  }

  #ask<T>(ask: (to: Address) => Promise<T>, patience: Omit<Patience, 'clock'>) {
    return firstAnswer(this.#candidates(), ask, { ...patience, clock: this.#clock });
  }

  #succeeded(from: Address): void {
    this.#timesHeard += 1;
    this.#lastGood = from;
    this.#breaker.succeeded();
  }

  #failed(error: unknown): KafkaError {
    this.#timesHeard += 1;
    this.#lastGood = undefined;
    this.#turn += 1;
    const cause = allFailed(error);
    return this.#closed ? cause : this.#breaker.failed(cause);
  }

  close(): void {
    this.#closed = true;
  }

  /** Four at most, the one that answered last first, then a bootstrap server and a broker by turns. */
  #candidates(): readonly Address[] {
    const seeds = inTurn(this.#seeds, this.#turn);
    const brokers = inTurn([...this.#brokers.values()], this.#turn);
    const count = Math.max(seeds.length, brokers.length);
    const others = Array.from({ length: count }, (_, i) => [seeds[i], brokers[i]]).flat();
    const known = [this.#lastGood, ...others].filter((a) => a !== undefined);
    return [...new Map(known.map((a) => [addressText(a), a])).values()].slice(0, mostAsked);
  }
}

/** Beginning with another one at each turn. */
function inTurn(brokers: readonly Address[], turn: number): readonly Address[] {
  const from = brokers.length === 0 ? 0 : turn % brokers.length;
  return [...brokers.slice(from), ...brokers.slice(0, from)];
}
