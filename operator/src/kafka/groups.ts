import type { GroupDescription } from '../autoscaler/types.ts';
import type { Clock } from '../controller/clock.ts';
import { Coalescer } from './coalescer.ts';
import { isCoordinatorMoved } from './codes.ts';
import type { Coordinators } from './coordinators.ts';
import { RecentMap } from './recent-map.ts';
import {
  type Address,
  addressText,
  type DescribedGroup,
  type DescribeItem,
  type Transport,
} from './transport.ts';

/** Members change slowly and only inform: at a poll every second one read in five asks. */
const maxAgeMs = 5_000;

export interface Described {
  readonly description: GroupDescription | undefined;
  /** Topics assigned to members. */
  readonly topics: readonly string[];
}

interface Query extends DescribeItem {
  readonly coordinator: Address;
}

const nothing: Described = { description: undefined, topics: [] };

/** Members and state of groups of both protocols: informs, and never makes a reading fail. */
export class Groups {
  readonly #transport: Transport;
  readonly #coordinators: Coordinators;
  readonly #clock: Clock;
  readonly #known: RecentMap<Described & { readonly at: number; readonly withTopics: boolean }>;
  readonly #describe: Coalescer<Query, Described>;

  constructor(coordinators: Coordinators, transport: Transport, clock: Clock) {
    this.#transport = transport;
    this.#coordinators = coordinators;
    this.#clock = clock;
    this.#known = new RecentMap(clock);
    this.#describe = new Coalescer((queries) => this.#load(queries));
  }

  /** Never rejects: what cannot be described is undefined. */
  async of(item: DescribeItem): Promise<Described> {
    const known = this.#known.get(item.groupId);
    const fresh = known && this.#clock.now() - known.at < maxAgeMs;
    if (fresh && (known.withTopics || !item.withTopics)) return known;
    const described = await this.#ask(item).catch(() => nothing);
    this.#known.set(item.groupId, {
      ...described,
      at: this.#clock.now(),
      withTopics: item.withTopics,
    });
    return described;
  }

  async #ask(item: DescribeItem): Promise<Described> {
    const coordinator = await this.#coordinators.of(item.groupId);
    return await this.#describe.load({ ...item, coordinator });
  }

  #load(queries: readonly Query[]): readonly Promise<Described>[] {
    const byBroker = Map.groupBy(queries, (q) => addressText(q.coordinator));
    const answers = new Map([...byBroker].map(([key, batch]) => [key, this.#loadAt(batch)]));
    return queries.map(async (query) => {
      const found = (await answers.get(addressText(query.coordinator)))?.get(query.groupId);
      if (found && isCoordinatorMoved(found.errorCode)) {
        this.#coordinators.forget(query.groupId, query.coordinator);
      }
      return found?.errorCode === 0 ? toDescribed(found) : nothing;
    });
  }

  /** Classic groups first; what is `Dead` there may well be a living group of KIP-848 (traps P5). */
  async #loadAt(batch: readonly Query[]): Promise<ReadonlyMap<string, DescribedGroup>> {
    const to = batch[0]?.coordinator;
    if (!to) return new Map();
    const items = [...new Map(batch.map((q) => [q.groupId, q])).values()].map((q) => ({
      groupId: q.groupId,
      withTopics: q.withTopics,
    }));
    const classic = await this.#transport.describeGroups(to, items);
    const dead = new Set(classic.filter((g) => g.state === 'Dead').map((g) => g.groupId));
    const others = items.filter((i) => dead.has(i.groupId));
    const consumer =
      others.length > 0 ? await this.#transport.describeConsumerGroups(to, others) : [];
    const all = [...classic.filter((g) => !dead.has(g.groupId)), ...consumer];
    return new Map(all.map((g) => [g.groupId, g]));
  }
}

const toDescribed = ({ state, members, assignor, topics }: DescribedGroup): Described => ({
  description: { state, members, assignor: members > 0 ? assignor : undefined },
  topics,
});
