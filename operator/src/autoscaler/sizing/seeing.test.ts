import { describe, expect, test } from 'vitest';
import { noGroupTrend, offsets, stableGroup } from '../fixtures.ts';
import type {
  GroupDescription,
  MemberAssignment,
  PartitionReading,
  TargetScale,
} from '../types.ts';
import { layout24, objective } from './fixtures.ts';
import { busiestConsumerRate, loadOf, type PartitionLoad, partitionLoads } from './load.ts';
import { noPause } from './pauses.ts';
import { calmAfter, membersStayAway, type Settling, whyUnsettled } from './settled.ts';
import { noStalls } from './stalls.ts';
import { type Timing, type TimingSeen, timingAfter } from './timing.ts';
import { defaultTuning as tuning } from './tuning.ts';
import { consumersOf, nothingWatched, type Owners, type Watch, watchAfter } from './watch.ts';

const now = 1_000_000_000;
const member = (memberId: string, ...partitions: number[]): MemberAssignment => ({
  memberId,
  clientId: 'orders',
  host: '/10.0.0.1',
  groupInstanceId: undefined,
  partitions: [{ topic: 'orders', partitions }],
});

describe('a group is settled', () => {
  const target: TargetScale = {
    specReplicas: 4,
    statusReplicas: 4,
    readyReplicas: 4,
    rollingOut: false,
  };
  const calm: Settling = {
    now,
    target,
    group: stableGroup,
    layout: layout24,
    podsChangedAt: now - 600_000,
    membershipChangedAt: undefined,
  };
  const group = (change: Partial<GroupDescription>) => ({ group: { ...stableGroup, ...change } });
  const pods = (change: Partial<TargetScale>) => ({ target: { ...target, ...change } });

  test.for<readonly [string, Partial<Settling>, string | undefined]>([
    ['when nothing has moved for a while', {}, undefined],
    ['also when it may not be described', { group: undefined }, undefined],
    [
      'also when nobody ever joins',
      group({ kind: 'simple', members: 0, assignedMembers: 0 }),
      undefined,
    ],
    [
      'also of a kind that does not say how many are ready',
      pods({ readyReplicas: undefined }),
      undefined,
    ],
    ['not while the target rolls out', pods({ rollingOut: true }), 'the target is rolling out'],
    ['not while a pod is missing', pods({ readyReplicas: 3 }), '3 of 4 pods are ready'],
    [
      'not while a member is missing',
      group({ members: 3, assignedMembers: 3 }),
      '3 of 4 members have joined',
    ],
    [
      'not during a rebalance',
      group({ state: 'PreparingRebalance' }),
      'the group is in state PreparingRebalance',
    ],
    [
      'not so soon after pods changed',
      { podsChangedAt: now - 29_000 },
      'pods, members or partitions changed 29 s ago',
    ],
    [
      'not so soon after members changed',
      { membershipChangedAt: now - 29_999 },
      'pods, members or partitions changed 29 s ago',
    ],
    ['but 30 s later', { membershipChangedAt: now - 30_000 }, undefined],
    [
      'not while members have not left yet',
      { ...group({ members: 6, assignedMembers: 6 }), podsChangedAt: now - 119_000 },
      '2 members more than replicas',
    ],
    [
      'but when they stay they are somebody else\u2019s',
      { ...group({ members: 6, assignedMembers: 6 }), podsChangedAt: now - 120_000 },
      undefined,
    ],
    [
      'without those that would own nothing',
      {
        ...group({ members: 24, assignedMembers: 24 }),
        target: { ...target, specReplicas: 30, readyReplicas: 30 },
      },
      undefined,
    ],
    [
      'with threads, when each is a member',
      { layout: { ...layout24, threadsPerReplica: 2 } },
      '4 of 8 members have joined',
    ],
  ])('%s', ([, change, why]) => expect(whyUnsettled({ ...calm, ...change }, tuning)).toBe(why));

  test('members that stay away longer than a start takes are missing', () => {
    const missing = { ...calm, ...group({ members: 3, assignedMembers: 3 }) };
    const since = (seconds: number) => ({ ...missing, podsChangedAt: now - seconds * 1000 });
    expect(membersStayAway(since(60), 30, tuning)).toBe(false);
    expect(membersStayAway(since(61), 30, tuning)).toBe(true);
    expect(membersStayAway({ ...since(61), ...pods({ readyReplicas: 0 }) }, 30, tuning)).toBe(
      false,
    );
    expect(membersStayAway({ ...calm, podsChangedAt: 0 }, 30, tuning)).toBe(false);
  });

  test('pods are calm since their last change, and not in the future', () => {
    const seen = { specReplicas: 4, statusReplicas: 4, readyReplicas: 4, partitions: 24 };
    const first = calmAfter(undefined, seen, now);
    expect(calmAfter(first, { ...seen }, now + 5000).changedAt).toBe(now);
    expect(calmAfter(first, { ...seen, readyReplicas: 3 }, now + 5000).changedAt).toBe(now + 5000);
    expect(calmAfter(first, { ...seen, partitions: 25 }, now + 5000).changedAt).toBe(now + 5000);
    expect(calmAfter(first, { ...seen }, now - 5000).changedAt).toBe(now - 5000);
  });
});

const partition = (number: number, change: Partial<PartitionLoad> = {}): PartitionLoad => ({
  key: `orders/${number}`,
  lag: 100n,
  committed: 500n,
  arrivalRate: 10,
  consumptionRate: 10,
  age: 2,
  stillSince: now,
  stalled: false,
  ...change,
});
const four = [0, 1, 2, 3].map((number) => partition(number));
const four40 = { ...noGroupTrend, arrivalRate: 40, consumptionRate: 38 };

describe('the load', () => {
  test('is what the group has, with the oldest record', () => {
    const old = [...four.slice(1), partition(0, { age: 9 })];
    expect(loadOf(old, noStalls, four40, undefined, objective)).toEqual({
      arrivalRate: 40,
      consumptionRate: 38,
      lag: 400,
      age: 9,
      busiestRate: 10,
      averageRate: 10,
      hot: [],
    });
  });

  test('is without stalled partitions, and without the lag of suspected ones', () => {
    const stalls = { stalled: new Map([['orders/0', 500n]]), suspected: new Set(['orders/1']) };
    const stuck = [partition(0, { age: 900 }), partition(1, { age: 90 }), ...four.slice(2)];
    const load = loadOf(stuck, stalls, four40, undefined, objective);
    expect(load).toMatchObject({ arrivalRate: 30, lag: 200, age: 2, averageRate: 10 });
  });

  test('is a lower bound while some partitions are unknown', () => {
    const gap = [
      partition(0, { lag: undefined, arrivalRate: undefined, age: undefined }),
      ...four.slice(1),
    ];
    const load = loadOf(gap, noStalls, noGroupTrend, undefined, objective);
    expect(load).toMatchObject({ arrivalRate: 30, consumptionRate: undefined, lag: 300, age: 2 });
  });

  test('is unknown before anything has moved', () => {
    const fresh = four.map((p) => ({ ...p, arrivalRate: undefined, age: undefined }));
    const load = loadOf(fresh, noStalls, noGroupTrend, undefined, objective);
    expect(load).toMatchObject({ arrivalRate: undefined, age: undefined, lag: 400 });
  });

  test.for<readonly [string, Partial<PartitionLoad>, number, boolean]>([
    ['with more arrivals than one consumer should get', { arrivalRate: 29 }, 30, true],
    ['not with fewer', { arrivalRate: 28 }, 30, false],
    ['with more backlog than one consumer drains in time', { lag: 2401n }, 30, true],
    ['not with as much as it can drain', { lag: 2400n }, 30, false],
    ['not while nobody knows what one can read', { arrivalRate: 99 }, 0, false],
  ])('a partition is hot %s', ([, change, perConsumer, isHot]) => {
    const partitions = [partition(0, change), ...four.slice(1)];
    const { hot } = loadOf(partitions, noStalls, four40, perConsumer || undefined, objective);
    expect(hot.map(({ key }) => key)).toEqual(isHot ? ['orders/0'] : []);
  });

  test('where all partitions are as hot there are too few of them', () => {
    const busy = four.map((p) => ({ ...p, arrivalRate: 99 }));
    expect(loadOf(busy, noStalls, four40, 30, objective).hot).toEqual([]);
  });

  test('of a hot partition only what one consumer can read counts, and none of its lag', () => {
    const partitions = [partition(0, { arrivalRate: 70, age: 900 }), ...four.slice(1)];
    const load = loadOf(partitions, noStalls, { ...four40, arrivalRate: 100 }, 40, objective);
    expect(load).toMatchObject({ arrivalRate: 68, lag: 300, age: 2, busiestRate: 10 });
  });

  test('of the busiest consumer is known when every partition has an owner', () => {
    const owners = [member('a', 0, 1, 2), member('b', 3)];
    expect(busiestConsumerRate(owners, four)).toBe(30);
    expect(busiestConsumerRate([member('a', 0, 1, 2)], four)).toBeUndefined();
    expect(busiestConsumerRate(undefined, four)).toBeUndefined();
  });

  test('a partition without lag is up to date, whatever its trend says', () => {
    const trend = { ...trendOf(0), timeLag: undefined };
    const [seen] = partitionLoads([{ ...offsets(), trend }], rules, new Map());
    expect(seen).toMatchObject({ key: 'orders/0', lag: 0n, committed: 100n, age: 0 });
  });
});

const rules = { offsetResetPolicy: 'latest', neverCommitted: 'keepOne' } as const;
const trendOf = (stillSince: number): PartitionReading['trend'] => ({
  arrivalRate: 1,
  consumptionRate: 1,
  timeLag: { seconds: 5, basis: 'interpolated' },
  status: 'OK',
  stalled: false,
  stillSince,
  reset: undefined,
});

describe('how long things take', () => {
  const before: Timing = {
    commits: undefined,
    rebalance: noPause,
    start: noPause,
    owners: 4,
    membersBeforeStart: 4,
    membershipChangedAt: undefined,
  };
  const at = (seconds: number, change: Partial<TimingSeen> = {}): TimingSeen => ({
    now: now + seconds * 1000,
    partitions: four.map((p) => ({ ...p, stillSince: now + seconds * 1000 })),
    group: stableGroup,
    membershipChangedAt: undefined,
    readyPods: 4,
    ...change,
  });
  const changed = { membershipChangedAt: now };
  const waiting = {
    ...changed,
    partitions: [...four.slice(1), partition(0, { stillSince: now - 1 })],
  };

  test('a rebalance lasts until every partition was committed again', () => {
    const during = timingAfter(before, at(5, waiting), tuning);
    expect(during.rebalance).toEqual({ observed: [], since: now });
    const after = timingAfter(during, at(12, changed), tuning);
    expect(after.rebalance).toEqual({ observed: [12], since: undefined });
    expect(timingAfter(after, at(20, changed), tuning).rebalance.observed).toEqual([12]);
  });

  test('or, where it is known who owns them, until every consumer has committed one of its own', () => {
    const group = { ...stableGroup, assignments: [member('a', 0, 1), member('b', 2, 3)] };
    const see = (...moves: number[]) => {
      const partitions = moves.map((s, i) => partition(i, { stillSince: now + s * 1000 }));
      return timingAfter(before, at(5, { ...changed, partitions, group }), tuning).rebalance;
    };
    expect(see(-1, -1, 3, -1).observed).toEqual([]);
    expect(see(-1, 2, 3, -1).observed).toEqual([5]);
  });

  test('of one without any work nothing can be said', () => {
    const idle = four.map((p) => ({ ...p, arrivalRate: 0, stillSince: 0 }));
    const during = timingAfter(before, at(5, { ...changed, partitions: idle }), tuning);
    expect(during.rebalance).toEqual(noPause);
  });

  test('a start lasts until a new member owns partitions that are committed', () => {
    const written = { ...before, start: { observed: [], since: now - 30_000 } };
    const five = { group: { ...stableGroup, members: 5, assignedMembers: 5 } };
    const joined = timingAfter(written, at(5, { ...five, ...waiting }), tuning);
    expect(joined.start.observed).toEqual([]);
    expect(timingAfter(joined, at(10, { ...five, ...changed }), tuning).start.observed).toEqual([
      40,
    ]);
    expect(timingAfter(written, at(10), tuning).start.since).toBe(now - 30_000);
  });

  test('without a description the pods stand for the members', () => {
    const written = { ...before, start: { observed: [], since: now - 30_000 } };
    const ready = timingAfter(written, at(10, { group: undefined, readyPods: 5 }), tuning);
    expect(ready.start.observed).toEqual([40]);
  });

  test('the commit interval is seen where there is something to commit', () => {
    const pauses = [0, 20, 30, 900].map((s, i) => partition(i, { stillSince: now - s * 1000 }));
    const { commits } = timingAfter(before, at(0, { partitions: pauses }), tuning);
    expect(commits?.seconds).toBe(30);
  });

  test('of a consumer that reads its partitions in turn each commit counts', () => {
    const group = { ...stableGroup, assignments: [member('a', 0, 1), member('b', 2, 3)] };
    const pauses = [5, 200, 7, 300].map((s, i) => partition(i, { stillSince: now - s * 1000 }));
    const { commits } = timingAfter(before, at(0, { partitions: pauses, group }), tuning);
    expect(commits?.seconds).toBe(7);
  });
});

describe('the watch over the consumers', () => {
  const owners = [member('a', 0, 1), member('b', 2, 3)];
  interface Moment {
    readonly lags: readonly number[];
    readonly committed: readonly number[];
    readonly owners?: Owners;
    readonly stuck?: number;
  }
  /** A moment every five seconds. */
  function watch(count: number, moment: (tick: number) => Moment): Watch {
    let seen = nothingWatched;
    for (let tick = 0; tick < count; tick++) {
      const { lags, committed, stuck, ...other } = moment(tick);
      const work = lags.map((lag, i) => ({
        key: `orders/${i}`,
        lag,
        committed: BigInt(committed[i] ?? 0),
        stuck: i === stuck,
      }));
      const team = 'owners' in other ? other.owners : owners;
      seen = watchAfter(seen, work, team, now + tick * 5000, tuning);
    }
    return seen;
  }
  const steady = (tick: number): Moment => ({
    lags: [600, 600, 10, 10],
    committed: [50, 50, 10, 10].map((perTick) => perTick * tick),
  });

  test('tells what each did, over the window', () => {
    expect(consumersOf(watch(20, steady), tuning)).toMatchObject([
      { seconds: 45, consumptionRate: 20, minLag: 1200, lagStart: 1200, lagNow: 1200 },
      { seconds: 45, consumptionRate: 4, minLag: 20 },
    ]);
  });

  test('tells nothing before it is as long', () => {
    expect(consumersOf(watch(9, steady), tuning)).toBeUndefined();
    expect(consumersOf(watch(10, steady), tuning)).toBeDefined();
  });

  test('keeps no more than it needs', () => {
    expect(watch(500, steady).points.length).toBeLessThanOrEqual(11);
  });

  test.for<readonly [string, (tick: number) => Moment]>([
    [
      'with other owners',
      (tick) => ({ ...steady(tick), owners: tick < 15 ? owners : [...owners].reverse() }),
    ],
    [
      'with other partitions',
      (tick) => ({
        ...steady(tick),
        owners: tick < 15 ? owners : [member('a', 0), member('b', 1, 2, 3)],
      }),
    ],
    [
      'when it is not known any more who owns what',
      (tick) => ({ ...steady(tick), owners: tick < 15 ? owners : undefined }),
    ],
    [
      'when commits went back',
      (tick) => ({ ...steady(tick), committed: tick < 15 ? [9e9, 0, 0, 0] : [0, 0, 0, 0] }),
    ],
  ])('begins anew %s', ([, moment]) => {
    expect(watch(15, moment).points.length).toBeGreaterThan(9);
    expect(watch(16, moment).points).toHaveLength(1);
  });

  test('goes on when the same owners are described again', () => {
    const again = (tick: number) => ({ ...steady(tick), owners: structuredClone(owners) });
    expect(watch(20, again).points.length).toBeGreaterThan(9);
  });

  test('looks only at the time since lag began to grow', () => {
    const step = (tick: number): Moment => ({
      lags: [tick < 14 ? 0 : (tick - 14) * 300, 0, 0, 0],
      committed: [tick < 14 ? tick * 10 : 140 + (tick - 14) * 100, 0, 0, 0],
    });
    expect(consumersOf(watch(18, step), tuning)).toHaveLength(1); // too short to tell
    expect(consumersOf(watch(19, step), tuning)?.[0]).toMatchObject({
      seconds: 20,
      consumptionRate: 20,
    });
  });

  test('leaves the time out in which a consumer was held up', () => {
    const held = (tick: number): Moment => ({ ...steady(tick), ...(tick === 14 && { stuck: 0 }) });
    expect(consumersOf(watch(15, held), tuning)).toHaveLength(1);
    expect(consumersOf(watch(20, held), tuning)).toMatchObject([{ seconds: 20 }, { seconds: 45 }]);
  });

  test('takes the group as one consumer, as busy as its shortest partition, when owners are unknown', () => {
    const whole = (tick: number) => ({ ...steady(tick), owners: undefined });
    expect(consumersOf(watch(20, whole), tuning)).toMatchObject([
      { consumptionRate: 24, minLag: 40, lagNow: 40 },
    ]);
  });
});
