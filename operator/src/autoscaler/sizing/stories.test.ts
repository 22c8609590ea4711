import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { initialMemory } from '../memory.ts';
import { parseSchedule } from '../schedule.ts';
import { objective } from './fixtures.ts';
import { learnedFrom } from './pick-up.ts';
import { defaultTuning } from './tuning.ts';
import { type Moment, play, type Story } from './world.ts';

/** What comes of the strategy when its decisions change the group it decides for. */

const sizing = (change: Partial<typeof objective>) =>
  ({ kind: 'timeLag', ...objective, ...change }) as const;
/** The capacity is known beforehand, so that a story is about something else. */
const told = { sizing: sizing({ capacityPerReplica: 1000 }) };

const moments = (story: Story, until: number): readonly Moment[] => [...play(story, until)];
/** Sizes in order, each once: what was there first and every change. */
function sizesOf(all: readonly Moment[], from = 0): readonly number[] {
  const sizes = all.filter(({ t }) => t >= from).map(({ replicas }) => replicas);
  return sizes.filter((size, i) => i === 0 || size !== sizes[i - 1]);
}
const between = (all: readonly Moment[], from: number, to: number) =>
  all.filter(({ t }) => t >= from && t < to);
const reasons = (all: readonly Moment[]) => new Set(all.map(({ decision }) => decision.reason));

test('a step is answered at once before records are older than the objective, without overshoot', () => {
  const arrivals = (t: number) => (t < 900 ? 4000 : 9000);
  const all = moments({ replicas: 6, arrivals, policy: told }, 1800);
  expect(sizesOf(between(all, 800, 1500))).toEqual([5, 12]);
  expect(Math.max(...between(all, 900, 1800).map(({ behind }) => behind))).toBeLessThan(60);
});

test('the capacity is learned from the first overload, and then known', () => {
  const arrivals = (t: number) => (t < 300 ? 3000 : 7000);
  const all = moments({ replicas: 4, arrivals, perReplica: 1000 }, 900);
  const at = (time: number) => all.find(({ t }) => t === time)?.decision.capacityPerReplica;
  expect(at(295)).toBeUndefined();
  expect(at(900)).toBeCloseTo(1000, -2);
});

test('a consumer with a backlog reads its partitions in turn: none is stuck, and its speed is learned', () => {
  // 60 partitions of 40 records at 5 a second: the next turn comes after eight minutes.
  const story = { partitions: 60, replicas: 1, perReplica: 5, fetch: 40, arrivals: () => 25 };
  const all = moments({ ...story, policy: { maxReplicas: 1 } }, 900);
  const notices = all.flatMap(({ decision }) => decision.notices.map(({ type }) => type));
  expect(notices).not.toContain('PartitionStalled');
  expect(all.at(-1)?.decision.capacityPerReplica).toBeCloseTo(5, 0);
  const { sizing } = all.at(-1)?.decision.memory ?? {};
  expect(sizing?.commits?.seconds).toBeLessThan(15);
});

test('a fall is followed in one step, when it has lasted for five minutes', () => {
  const arrivals = (t: number) => (t < 1200 ? 10_000 : 1500);
  const all = moments({ replicas: 12, arrivals, policy: told }, 4200);
  expect(sizesOf(all)).toEqual([12, 8, 2]);
  const changes = all.filter(({ decision }) => decision.action === 'scale').map(({ t }) => t);
  for (const [i, t] of changes.entries())
    expect(t - (changes[i - 1] ?? 1200)).toBeGreaterThanOrEqual(300);
});

test('a group that keeps up tries with one less, until lag shows what one can do', () => {
  const all = moments({ replicas: 8, arrivals: () => 5500 }, 5400);
  expect(sizesOf(all)).toEqual([8, 7, 6, 5, 6]);
  expect(Math.max(...all.map(({ behind }) => behind))).toBeLessThan(60);
});

test('more replicas that read no more are taken back, and none is added for a while', () => {
  const downstream = (t: number) => (t > 900 ? 4000 : 1e9);
  const story = { replicas: 8, arrivals: () => 6000, downstream, policy: told };
  const all = moments(story, 1500);
  expect(sizesOf(all, 900)).toEqual([8, 24, 8]);
  const frozen = all.filter(({ decision }) =>
    decision.notices.some(({ type }) => type === 'IneffectiveScaleUp'),
  );
  expect(frozen.length).toBeGreaterThan(90);
  expect(new Set(frozen.slice(1).map(({ replicas }) => replicas))).toEqual(new Set([8]));
});

test('when what held them up is over, the backlog is drained at once', () => {
  const downstream = (t: number) => (t > 900 && t < 1200 ? 4000 : 1e9);
  const story = { replicas: 8, arrivals: () => 6000, downstream, policy: told };
  const all = moments(story, 1400);
  expect(all.find(({ t }) => t === 1195)?.replicas).toBe(8);
  expect(all.find(({ t }) => t === 1400)?.replicas).toBeGreaterThan(8);
});

test('a poison pill buys no replicas, and is named', () => {
  const stuck = (t: number) => (t > 900 && t < 4500 ? 3 : undefined);
  const all = moments({ replicas: 8, arrivals: () => 6000, stuck, policy: told }, 4500);
  expect(sizesOf(all)).toEqual([8]);
  const notices = all.find(({ t }) => t === 1200)?.decision.notices;
  expect(notices?.[0]).toMatchObject({ type: 'PartitionStalled', reason: 'PartitionStalled' });
  expect(notices?.[0]?.message).toMatch(
    /topic orders, partition 3 at offset \d+ \(orders on \/10\.0\.0\.1\)/,
  );
});

test('what it leaves is for one consumer to read: no replica helps, and the group says so', () => {
  const stuck = (t: number) => (t > 900 && t < 4500 ? 3 : undefined);
  const all = moments({ replicas: 8, arrivals: () => 6000, stuck, policy: told }, 5400);
  const after = between(all, 4600, 5400);
  expect(sizesOf(after)).toEqual([8]);
  expect(after[0]?.decision.notices).toMatchObject([{ reason: 'HotPartition' }]);
});

test('twenty minutes without readings change nothing, and nothing right after', () => {
  const readable = (t: number) => t < 900 || t >= 2100;
  const arrivals = (t: number) => (t < 900 ? 6000 : 500);
  const all = moments({ replicas: 8, arrivals, readable, policy: told }, 3200);
  expect(sizesOf(between(all, 900, 2400))).toEqual([8]);
  expect(sizesOf(all)).toEqual([8, 1]);
});

test('without members to look at it works all the same', () => {
  const arrivals = (t: number) => (t < 900 ? 4000 : 9000);
  const all = moments({ replicas: 6, arrivals, describable: false }, 1800);
  expect(all.at(-1)?.decision.capacityPerReplica).toBeCloseTo(1000, -2);
  expect(Math.max(...all.map(({ behind }) => behind))).toBeLessThan(60);
  expect(sizesOf(all).at(-1)).toBe(12);
});

test('no more is asked of the systems behind the consumers than they bear', () => {
  const policy = { sizing: sizing({ capacityPerReplica: 1000, maxGroupRate: 7500 }) };
  const arrivals = (t: number) => (t < 900 ? 6000 : 15_000);
  const all = moments({ replicas: 8, arrivals, policy }, 1800);
  expect(sizesOf(all)).toEqual([8]);
});

test('a floor is there when its time comes, and goes slowly after it', () => {
  const at = new Date(1_000_000_000_000 + 1200_000); // of the world
  const text = `${at.getUTCMinutes()} ${at.getUTCHours()} * * *`;
  const floor = {
    text,
    schedule: parseSchedule(text),
    durationMs: 600_000,
    minReplicas: 12,
    maxReplicas: undefined,
    timeZone: 'UTC',
    offsets: [{ from: 0, minutes: 0 }],
  };
  const all = moments(
    { replicas: 6, arrivals: () => 4500, policy: { ...told, floors: [floor] } },
    3600,
  );
  expect(sizesOf(all)).toEqual([6, 12, 6]);
  const up = all.find(({ decision }) => decision.action === 'scale');
  expect(up?.decision.reason).toBe('ScheduledMinimum');
  expect(up?.decision.message).toContain(`floor "${text}" UTC asks for 12`);
});

describe('zero', () => {
  const policy = { ...told, minReplicas: 0 };
  const pause = (from: number, to: number) => (t: number) => (t >= from && t < to ? 0 : 6000);

  test('is reached after the cooldown, and left at the first record', () => {
    const all = moments({ replicas: 8, arrivals: pause(900, 2400), policy }, 3000);
    expect(sizesOf(between(all, 0, 2400))).toEqual([8, 0]);
    expect(sizesOf(all).at(-1)).toBe(6);
    const woken = all.find(({ t, replicas }) => t > 2000 && replicas > 0);
    expect(woken?.t).toBe(2400);
    expect(woken?.decision.reason).toBe('LoadAboveCapacity');
  });

  test('is not reached while a few records still come', () => {
    const arrivals = (t: number) => (t < 900 ? 6000 : 0.1);
    const all = moments({ replicas: 8, arrivals, partitions: 4, policy }, 3600);
    expect(sizesOf(all).at(-1)).toBe(1);
  });
});

describe('no saw-tooth, and no end of it, when', () => {
  const known = (samples: number, capacityPerReplica: string) => {
    const at = 1_000_000_000_000;
    const times = { parseTime: Date.parse, formatTime: (ms: number) => new Date(ms).toISOString() };
    const learned = { version: 1, capacityPerReplica, capacitySamples: samples } as const;
    const capacityTime = times.formatTime(at);
    const { sizing: picked } = learnedFrom({ ...learned, capacityTime }, at, times);
    return initialMemory({ now: at, replicas: 8, sizing: picked });
  };

  test.for([0.7, 0.5, 1 / 3])('consumers get slower for good: %f', (share) => {
    const perReplica = (t: number) => (t < 1200 ? 1000 : 1000 * share);
    const story = { replicas: 8, memory: known(12, '1000'), arrivals: () => 6500, perReplica };
    const all = moments(story, 14_400);
    expect(sizesOf(all).length).toBeLessThanOrEqual(4);
    expect(sizesOf(all, 3600)).toHaveLength(1);
  });

  test('a person has written a capacity that is a hundred times too high', () => {
    const story = { replicas: 8, memory: known(24, '100000'), arrivals: () => 6000 };
    const all = moments(story, 7200);
    expect(sizesOf(all, 3600)).toEqual([8]);
    expect(reasons(all)).not.toContain('IneffectiveScaleUp');
  });

  test('one pod never gets ready', () => {
    const arrivals = (t: number) => (t < 600 ? 9000 : 14_500);
    const policy = { ...told, maxReplicas: 16 };
    const story = { replicas: 12, partitions: 48, neverReady: 1, arrivals, policy };
    const all = moments(story, 2400);
    expect(sizesOf(all)).toEqual([12, 16]);
    expect(all.at(-1)?.behind).toBeLessThan(60);
  });
});

test('the first seconds after a start decide nothing', () => {
  const all = moments({ replicas: 2, arrivals: () => 9000, policy: told }, 25);
  expect(reasons(all)).toEqual(new Set(['WarmingUp']));
});

/** The same in a tenth of the time. */
const quick = {
  sizing: sizing({
    capacityPerReplica: 1000,
    tuning: { ...defaultTuning, downWindowSeconds: 60, minDownIntervalSeconds: 60 },
  }),
};

test('a constant load settles, and nothing moves any more', () =>
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 48 }),
      fc.integer({ min: 1, max: 48 }),
      fc.integer({ min: 50, max: 20_000 }),
      (partitions, replicas, rate) => {
        // Little more than can be read makes records old only in the course of hours.
        const used = (rate * Math.ceil(partitions / replicas)) / (1000 * partitions);
        fc.pre(used <= 1 || used > 1.06);
        const story = { partitions, replicas, arrivals: () => rate, policy: quick };
        const all = moments(story, 1500);
        expect(sizesOf(all, 1000)).toHaveLength(1);
        // Up and then down, or only one of the two: never to and fro.
        const sizes = sizesOf(all);
        const turns = sizes.filter((size, i) => {
          const [before, after] = [sizes[i - 1], sizes[i + 1]];
          return before !== undefined && after !== undefined && size > before !== after > size;
        });
        expect(turns.length).toBeLessThanOrEqual(1);
      },
    ),
    { numRuns: 20 },
  ));

test('tuning is what the strategy goes by', () => {
  const steps = { downWindowSeconds: 60, minDownIntervalSeconds: 60, maxDownFraction: 0.5 };
  const tuning = { ...defaultTuning, ...steps };
  const policy = { sizing: sizing({ capacityPerReplica: 1000, tuning }) };
  const all = moments({ replicas: 12, arrivals: () => 1500, policy }, 600);
  expect(sizesOf(all)).toEqual([12, 6, 3, 2]);
});
