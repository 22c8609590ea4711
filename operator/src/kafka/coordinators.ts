import type { Clock } from '../controller/clock.ts';
import type { Cluster } from './cluster.ts';
import { Coalescer } from './coalescer.ts';
import { errorOfCode } from './codes.ts';
import { RecentMap } from './recent-map.ts';
import { type Address, addressText, type FoundCoordinator, type Transport } from './transport.ts';

/**
 * A broker that no longer coordinates a group says so, unless it is cut off from the cluster and does not
 * know: then this ends its say.
 */
const maxAgeMs = 300_000;

interface Entry {
  readonly address: Address;
  readonly readAt: number;
}

/** Which broker coordinates which group; asked again after an error, and every five minutes. */
export class Coordinators {
  readonly #cluster: Cluster;
  readonly #transport: Transport;
  readonly #clock: Clock;
  readonly #known: RecentMap<Entry>;
  readonly #lookup: Coalescer<string, ReadonlyMap<string, FoundCoordinator>>;
  /** One object per broker, so that batches are put together without comparing texts. */
  readonly #addresses = new Map<string, Address>();

  constructor(cluster: Cluster, transport: Transport, clock: Clock) {
    this.#cluster = cluster;
    this.#transport = transport;
    this.#clock = clock;
    this.#known = new RecentMap(clock);
    this.#lookup = new Coalescer((groups) => this.#find(groups));
  }

  /**
   * The same object for all groups of one broker.
   * @throws KafkaError when there is no coordinator right now, or Describe on the group is denied
   */
  of(group: string): Address | Promise<Address> {
    const known = this.#known.get(group);
    const isFresh = known && this.#clock.now() - known.readAt < maxAgeMs;
    return isFresh ? known.address : this.#lookUp(group);
  }

  async #lookUp(group: string): Promise<Address> {
    return this.#learn(group, (await this.#lookup.load(group)).get(group));
  }

  /** Forget an answer that turned out to be wrong; a newer one stays. */
  forget(group: string, wrong: Address): void {
    if (this.#known.peek(group)?.address === wrong) this.#known.delete(group);
  }

  /** Forget a broker that could not be reached. */
  forgetBroker(broker: Address): void {
    this.#known.forEach(({ address }, group) => {
      if (address === broker) this.#known.delete(group);
    });
  }

  async #find(groups: readonly string[]): Promise<ReadonlyMap<string, FoundCoordinator>> {
    const names = [...new Set(groups)];
    const found = await this.#cluster.any((to) => this.#transport.findCoordinators(to, names));
    return new Map(found.map((c) => [c.key, c]));
  }

  #learn(group: string, found: FoundCoordinator | undefined): Address {
    if (found?.errorCode !== 0) {
      throw errorOfCode(found?.errorCode ?? -1, `coordinator of group ${group}`);
    }
    const name = addressText(found);
    const address = this.#addresses.get(name) ?? { host: found.host, port: found.port };
    this.#addresses.set(name, address);
    this.#known.set(group, { address, readAt: this.#clock.now() });
    return address;
  }
}
