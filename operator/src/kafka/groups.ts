import type { Clock } from '../controller/clock.ts';
import { Coalescer } from './coalescer.ts';
import { isCoordinatorMoved } from './codes.ts';
import type { Coordinators } from './coordinators.ts';
import {
  afterServing,
  type DescribeTimes,
  isDue,
  isSearchDue,
  mayComeAlong,
} from './describe-cadence.ts';
import {
  covers,
  type Described,
  type GroupQuery,
  merge,
  toDescribed,
  undescribed,
} from './described.ts';
import {
  type DescribeAnswer,
  type DescribeQuery,
  GroupDescriber,
  groupsPerRequest,
  type Protocol,
} from './group-describer.ts';
import { RecentMap } from './recent-map.ts';
import { type Address, addressText, type Transport } from './transport.ts';

interface Query extends GroupQuery {
  readonly coordinator: Address;
}

/** By group. */
type Answers = ReadonlyMap<string, Described>;

interface Entry {
  readonly query: Query;
  /** Undefined while no broker has given an answer. */
  readonly protocol: Protocol | 'absent' | undefined;
  readonly described: Described;
  times: DescribeTimes;
}

/** Members and state of groups of every kind, remembered: informs, and never makes a reading fail. */
export class Groups {
  readonly #coordinators: Coordinators;
  readonly #clock: Clock;
  readonly #known: RecentMap<Entry>;
  readonly #describer: GroupDescriber;
  readonly #describe: Coalescer<Query, ReadonlyMap<string, Promise<Answers>>>;

  constructor(coordinators: Coordinators, transport: Transport, clock: Clock) {
    this.#coordinators = coordinators;
    this.#clock = clock;
    this.#known = new RecentMap(clock);
    this.#describer = new GroupDescriber(transport);
    this.#describe = new Coalescer((queries) => this.#load(queries));
  }

  /** Never rejects: what cannot be described is undefined. */
  of(query: GroupQuery): Described | Promise<Described> {
    const known = this.#known.get(query.groupId);
    const now = this.#clock.now();
    if (known && covers(known.query, query) && !isDue(known.times, isRefused(known), now)) {
      known.times = afterServing(known.times, now);
      return known.described;
    }
    if (known) known.times = { ...known.times, usedAt: now };
    return this.#ask(query).catch(() => undescribed(known?.described));
  }

  async #ask(query: GroupQuery): Promise<Described> {
    const coordinator = await this.#coordinators.of(query.groupId);
    const answers = await this.#describe.load({ ...query, coordinator });
    return (
      (await answers.get(addressText(coordinator)))?.get(query.groupId) ?? undescribed(undefined)
    );
  }

  /** By the address of the broker. */
  #load(queries: readonly Query[]): ReadonlyMap<string, Promise<Answers>> {
    const byBroker = Map.groupBy(queries, (q) => addressText(q.coordinator));
    return new Map([...byBroker].map(([key, batch]) => [key, this.#loadAt(batch)]));
  }

  async #loadAt(batch: readonly Query[]): Promise<Answers> {
    const asked = [...Map.groupBy(batch, (q) => q.groupId).values()].map(merge);
    const [first] = asked;
    if (!first) return new Map();
    const items = [...asked, ...this.#companions(first.coordinator, asked)].map((query) => ({
      ...query,
      withAssignments: query.withTopics || query.withMembers,
      stages: this.#stagesFor(query.groupId),
    }));
    const answers = await this.#describer.describe(first.coordinator, items);
    return new Map(items.map((i) => [i.groupId, this.#learn(i, answers.get(i.groupId))]));
  }

  /** Groups of the same broker that fit into the requests that are made in any case. */
  #companions(broker: Address, asked: readonly Query[]): readonly Query[] {
    const now = this.#clock.now();
    const named = new Set(asked.map((q) => q.groupId));
    const room = roomIn(asked.flatMap((q) => this.#stagesFor(q.groupId)[0] ?? []));
    const companions: Query[] = [];
    this.#known.forEach(({ query, protocol, times }, groupId) => {
      const left = room.get(protocol) ?? 0;
      const here = query.coordinator.host === broker.host && query.coordinator.port === broker.port;
      if (left === 0 || !here || named.has(groupId) || !mayComeAlong(times, now)) return;
      room.set(protocol, left - 1);
      companions.push(query);
    });
    return companions;
  }

  #stagesFor(groupId: string): DescribeQuery['stages'] {
    const { protocol, times } = this.#known.peek(groupId) ?? {};
    if (protocol === undefined) return [['classic'], ['consumer', 'share']];
    if (protocol !== 'absent') return [[protocol], others(protocol)];
    // Beside other groups these cost no request of their own, and the rarest kind can wait.
    const everywhere = !times || isSearchDue(times, this.#clock.now());
    return everywhere ? [['classic', 'consumer', 'share']] : [['classic', 'consumer']];
  }

  #learn(query: Query & DescribeQuery, answer: DescribeAnswer | undefined): Described {
    const { groupId, coordinator, stages } = query;
    const before = this.#known.peek(groupId);
    if (answer && isMoved(answer)) {
      this.#coordinators.forget(groupId, coordinator);
      return undescribed(before?.described); // and the next tick asks the new one
    }
    const now = this.#clock.now();
    const everywhere = stages.flat().includes('share');
    const described = (answer && toDescribed(query, answer)) ?? undescribed(before?.described);
    this.#known.set(groupId, {
      query,
      protocol: answer?.protocol ?? before?.protocol,
      described,
      times: {
        at: now,
        servedAt: undefined,
        usedAt: before?.times.usedAt ?? now,
        searchedAt: everywhere ? now : (before?.times.searchedAt ?? now),
      },
    });
    return described;
  }
}

/** To find out that it still is a share group takes a request of its own. */
const isRefused = ({ described }: Entry): boolean => described.refusal !== undefined;

const others = (protocol: Protocol): readonly Protocol[] =>
  (['classic', 'consumer', 'share'] as const).filter((each) => each !== protocol);

/** How many more groups fit into the requests for these. */
function roomIn(all: readonly Protocol[]): Map<Entry['protocol'], number> {
  const room = new Map<Entry['protocol'], number>();
  for (const [protocol, { length }] of Map.groupBy(all, (each) => each)) {
    room.set(protocol, Math.ceil(length / groupsPerRequest) * groupsPerRequest - length);
  }
  return room;
}

const isMoved = (answer: DescribeAnswer): boolean =>
  answer.protocol !== 'absent' && isCoordinatorMoved(answer.group.errorCode);
