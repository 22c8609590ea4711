import type { Clock } from '../controller/clock.ts';
import { Breaker } from './breaker.ts';
import { KafkaError, toKafkaError } from './kafka-error.ts';
import { RevivalWatch } from './revival.ts';
import { type Address, addressText, type Transport } from './transport.ts';

/** How long one broker may keep a question that any broker can answer to itself. */
const staggerMs = 300;

/** The brokers of one Kafka cluster: the bootstrap servers, and those the metadata names. */
export class Cluster {
  readonly #transport: Transport;
  readonly #clock: Clock;
  readonly #seeds: readonly Address[];
  readonly #breaker: Breaker;
  readonly #revival: RevivalWatch;
  #brokers: ReadonlyMap<number, Address> = new Map();
  #lastGood: Address | undefined;
  #closed = false;

  constructor(transport: Transport, seeds: readonly Address[], clock: Clock) {
    this.#transport = transport;
    this.#clock = clock;
    this.#seeds = seeds;
    this.#breaker = new Breaker(clock);
    this.#revival = new RevivalWatch(clock, (at, signal) => transport.answers(at, signal));
  }

  /**
   * Returns when requests make sense: at once in normal times.
   * @throws KafkaError while the circuit breaker is open
   */
  admit(): Promise<void> {
    return this.#breaker.admit(() => this.any((to) => this.#probe(to)));
  }

  /** ApiVersions alone proves nothing: every listener answers it, even before authentication. */
  async #probe(to: Address): Promise<void> {
    await this.#transport.apiVersions(to);
    this.learn((await this.#transport.metadata(to, [])).brokers);
  }

  /** Those that the metadata names; none before the first answer. */
  get brokers(): readonly Address[] {
    return [...this.#brokers.values()];
  }

  brokerOf(nodeId: number): Address | undefined {
    return this.#brokers.get(nodeId);
  }

  learn(brokers: readonly (Address & { readonly nodeId: number })[]): void {
    this.#brokers = new Map(brokers.map(({ nodeId, host, port }) => [nodeId, { host, port }]));
  }

  /**
   * Asks one broker after the other: the next one when one fails, or after 300 ms without an answer.
   * @throws KafkaError when all have failed, which opens the circuit breaker
   */
  async any<T>(ask: (to: Address) => Promise<T>): Promise<T> {
    const candidates = this.#candidates();
    try {
      const { answer, from } = await firstAnswer(candidates, ask, this.#clock);
      this.#lastGood = from;
      this.#breaker.succeeded();
      this.#revival.stop();
      return answer;
    } catch (error) {
      const cause = allFailed(error, candidates);
      this.noteFailure(cause);
      throw cause;
    }
  }

  /** A failure that concerns the whole cluster, not one broker. */
  noteFailure(cause: KafkaError): void {
    if (this.#closed) return;
    this.#breaker.failed(cause);
    if (cause.reason !== 'KafkaUnreachable') return;
    this.#revival.start(this.#candidates(), () => this.#breaker.retryNow());
  }

  /** A request to one broker failed: refused credentials are refused everywhere. */
  noteBrokerFailure(cause: KafkaError): void {
    if (cause.reason === 'AuthenticationFailed') this.noteFailure(cause);
  }

  close(): void {
    this.#closed = true;
    this.#revival.stop();
  }

  #candidates(): readonly Address[] {
    const all = [this.#lastGood, ...this.#brokers.values(), ...this.#seeds];
    const named = all.flatMap((a) => (a ? [[addressText(a), a] as const] : []));
    return [...new Map(named).values()];
  }
}

interface Answer<T> {
  readonly answer: T;
  readonly from: Address;
}

async function firstAnswer<T>(
  candidates: readonly Address[],
  ask: (to: Address) => Promise<T>,
  clock: Clock,
): Promise<Answer<T>> {
  const attempts: Promise<Answer<T>>[] = [];
  for (const from of candidates) {
    const attempt = ask(from).then((answer) => ({ answer, from }));
    attempts.push(attempt);
    const isLast = attempts.length === candidates.length;
    const won = isLast ? undefined : await answered(attempt, Promise.any(attempts), clock);
    if (won) return won;
  }
  return await Promise.any(attempts);
}

/** The first answer of any attempt; undefined as soon as the newest has failed, or after staggerMs. */
async function answered<T>(
  newest: Promise<T>,
  any: Promise<T>,
  clock: Clock,
): Promise<T | undefined> {
  let cancel: () => void = () => undefined;
  const patience = new Promise<undefined>((resolve) => {
    cancel = clock.after(staggerMs, () => resolve(undefined));
  });
  const failed = newest.then(
    () => any,
    () => undefined,
  );
  const success = any.catch(() => undefined);
  try {
    return await Promise.race([success, failed, patience]);
  } finally {
    cancel();
  }
}

/** What to tell first when each broker failed in its own way: what only a person can mend. */
const telling = ['AuthenticationFailed', 'UnsupportedBroker', 'AuthorizationFailed'];

function allFailed(error: unknown, candidates: readonly Address[]): KafkaError {
  const causes = error instanceof AggregateError ? error.errors.map(toKafkaError) : [];
  const first = causes[0];
  if (!first) return toKafkaError(error);
  const main = causes.find((c) => telling.includes(c.reason)) ?? first;
  const others = candidates.length > 1 ? `none of ${candidates.length} brokers can be used: ` : '';
  return new KafkaError(main.reason, `${others}${main.message}`, { cause: error });
}
