import type { Clock } from '../controller/clock.ts';
import { Breaker } from './breaker.ts';
import { type KafkaError, toKafkaError } from './kafka-error.ts';
import { anyReacts } from './knock.ts';
import { RecentMap } from './recent-map.ts';
import { type Address, addressText, type Metadata, type Transport } from './transport.ts';

/**
 * A transport that knows its brokers: each has a circuit breaker of its own, so that one of them that
 * is gone, unreachable or refuses us costs neither time nor attempts at every poll, and errors name it
 * as the cluster does.
 *
 * ApiVersions passes whatever has failed: it is only sent to probe a cluster, and its success gives
 * every broker a fresh start.
 */
export function guardBrokers(transport: Transport, clock: Clock, random: () => number): Transport {
  const brokers = new Brokers(transport, clock, random);
  const { ask, probe } = brokers;
  return {
    apiVersions: (to) => probe(to, (at) => transport.apiVersions(at)),
    async metadata(to, topics) {
      const answer = await ask(to, (at) => transport.metadata(at, topics));
      brokers.learn(answer);
      return answer;
    },
    findCoordinators: (to, groups) => ask(to, (at) => transport.findCoordinators(at, groups)),
    fetchOffsets: (to, groups) => ask(to, (at) => transport.fetchOffsets(at, groups)),
    listOffsets: (to, query) => ask(to, (at) => transport.listOffsets(at, query)),
    fetchTimestamps: (to, wanted) => ask(to, (at) => transport.fetchTimestamps(at, wanted)),
    listGroups: (to) => ask(to, (at) => transport.listGroups(at)),
    describeGroups: (to, items) => ask(to, (at) => transport.describeGroups(at, items)),
    describeConsumerGroups: (to, items) =>
      ask(to, (at) => transport.describeConsumerGroups(at, items)),
    describeShareGroups: (to, items) => ask(to, (at) => transport.describeShareGroups(at, items)),
    answers: (at, signal) => transport.answers(at, signal),
    close: () => transport.close(),
  };
}

type Send<T> = (at: Address) => Promise<T>;

class Brokers {
  readonly #transport: Transport;
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #breakers: RecentMap<Breaker>;
  #nodeIds: ReadonlyMap<string, number> = new Map();
  /** Some broker has answered more than ApiVersions. */
  #haveWorked = false;

  constructor(transport: Transport, clock: Clock, random: () => number) {
    this.#transport = transport;
    this.#clock = clock;
    this.#random = random;
    this.#breakers = new RecentMap(clock);
  }

  learn({ brokers }: Metadata): void {
    this.#nodeIds = new Map(brokers.map((b) => [addressText(b), b.nodeId]));
  }

  readonly ask = async <T>(to: Address, send: Send<T>): Promise<T> => {
    const breaker = this.#breakerOf(to);
    await breaker.pass(() => this.#reacts(to));
    try {
      const answer = await send(this.#named(to));
      breaker.succeeded();
      this.#haveWorked = true;
      return answer;
    } catch (error) {
      throw note(breaker, toKafkaError(error));
    }
  };

  readonly probe = async <T>(to: Address, send: Send<T>): Promise<T> => {
    try {
      const answer = await send(this.#named(to));
      this.#breakers.forEach((breaker) => {
        breaker.forgive();
      });
      return answer;
    } catch (error) {
      throw note(this.#breakerOf(to), toKafkaError(error));
    }
  };

  #breakerOf(to: Address): Breaker {
    const key = addressText(to);
    const known = this.#breakers.get(key);
    if (known) return known;
    const breaker = new Breaker(this.#clock, this.#random);
    if (this.#haveWorked) breaker.trust();
    this.#breakers.set(key, breaker);
    return breaker;
  }

  #reacts(to: Address): Promise<boolean> {
    return anyReacts([to], (at, signal) => this.#transport.answers(at, signal), this.#clock);
  }

  #named({ host, port }: Address): Address {
    const nodeId = this.#nodeIds.get(addressText({ host, port }));
    return nodeId === undefined ? { host, port } : { host, port, nodeId };
  }
}

function note(breaker: Breaker, error: KafkaError): KafkaError {
  const isBroken = error.reason === 'KafkaUnreachable' || error.reason === 'AuthenticationFailed';
  return isBroken ? breaker.failed(error) : error;
}
