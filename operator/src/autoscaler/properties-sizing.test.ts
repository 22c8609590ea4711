import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decide } from './decide.ts';
import { basePolicy, observation, offsets, stableGroup, unavailable } from './fixtures.ts';
import { afterWrite } from './memory.ts';
import { OffsetHistory } from './offset-history.ts';
import { objective } from './sizing/fixtures.ts';
import { defaultTuning, type Tuning } from './sizing/tuning.ts';
import type { Decision, Memory, Observation, OffsetReading, ScalingPolicy } from './types.ts';

/**
 * What must hold for the strategy timeLag over any sequence of polls: with gaps, clocks and offsets that
 * jump, members that come and go, and other people who change the size.
 */

interface Poll {
  /** Seconds since the poll before; negative when the clock was set back. */
  readonly after: number;
  readonly arrived: readonly number[];
  /** Share of the lag that was read, of each partition; more than 1 goes beyond the end. */
  readonly read: readonly number[];
  readonly event:
    | 'unreadable'
    | 'recreated'
    | 'rewound'
    | 'halfUnknown'
    | 'oneUnknown'
    | 'grown'
    | undefined;
  /** Undefined: as many as replicas. */
  readonly members: number | undefined;
  readonly ready: number | undefined;
  readonly rollingOut: boolean;
  /** Somebody else sets the replicas. */
  readonly set: number | undefined;
}

const polls: fc.Arbitrary<readonly Poll[]> = fc.array(
  fc.record({
    after: fc.oneof(
      { weight: 20, arbitrary: fc.constantFrom(5, 5, 5, 30) },
      fc.constantFrom(0, -5, -3600, 1, 30, 600, 86_400),
    ),
    arrived: fc.array(fc.constantFrom(0, 500, 2000, 50_000), { minLength: 4, maxLength: 4 }),
    read: fc.array(fc.constantFrom(0, 0, 0.5, 1, 1, 1.1), { minLength: 4, maxLength: 4 }),
    event: fc.oneof(
      { weight: 12, arbitrary: fc.constant(undefined) },
      fc.constantFrom(
        ...(['unreadable', 'recreated', 'rewound', 'halfUnknown', 'oneUnknown', 'grown'] as const),
      ),
    ),
    members: fc.oneof({ weight: 6, arbitrary: fc.constant(undefined) }, fc.nat(12)),
    ready: fc.oneof({ weight: 4, arbitrary: fc.constant(undefined) }, fc.nat(12)),
    rollingOut: fc.oneof({ weight: 8, arbitrary: fc.constant(false) }, fc.constant(true)),
    set: fc.oneof({ weight: 12, arbitrary: fc.constant(undefined) }, fc.nat(40)),
  }),
  { minLength: 20, maxLength: 80 },
);

/** So quick that a short story has scale-downs, too. */
const quick: Tuning = {
  ...defaultTuning,
  downWindowSeconds: 20,
  minDownIntervalSeconds: 10,
  settleSeconds: 0,
  capacityWindowSeconds: 10,
  busySpanSeconds: 5,
  effectAfterSeconds: 10,
};

const policies: fc.Arbitrary<ScalingPolicy> = fc
  .record({
    minReplicas: fc.nat(3),
    maxReplicas: fc.integer({ min: 3, max: 30 }),
    threadsPerReplica: fc.integer({ min: 1, max: 3 }),
    hint: fc.constantFrom(undefined, 1000, 0.01),
    maxGroupRate: fc.constantFrom(undefined, 500),
    tuning: fc.constantFrom(defaultTuning, quick),
  })
  .map(({ hint, maxGroupRate, tuning, ...policy }) => ({
    ...basePolicy,
    ...policy,
    sizing: { kind: 'timeLag', ...objective, capacityPerReplica: hint, maxGroupRate, tuning },
  }));

interface Played {
  readonly observation: Observation;
  readonly decision: Decision;
}

/** Every poll and what was decided; what a decision writes is there at the next one. */
function* replay(list: readonly Poll[], policy: ScalingPolicy): Generator<Played> {
  const history = new OffsetHistory();
  const ends = Array.from({ length: 12 }, () => 1e6);
  const commits = [...ends];
  let topicId = 0;
  let now = 1_000_000_000_000;
  let replicas = Math.max(1, policy.minReplicas);
  let memory: Memory | undefined;
  for (const poll of list) {
    now += poll.after * 1000;
    replicas = poll.set ?? replicas;
    if (poll.event === 'recreated') topicId++;
    if (poll.event === 'grown') {
      ends.push(0);
      commits.push(0);
    }
    move(poll, { ends, commits });
    const reading = readingOf(poll, now, { ends, commits, topicId, replicas });
    const seen = observation(replicas, history.observe(reading, policy), { now, policy, memory });
    const target = { ...seen.target, readyReplicas: poll.ready, rollingOut: poll.rollingOut };
    const input = { ...seen, target };
    const decision = decide(input);
    yield { observation: input, decision };
    const writes = decision.action === 'scale';
    memory = afterWrite(decision, now, writes);
    if (writes) replicas = decision.desiredReplicas;
  }
}

function move(
  { arrived, read, event }: Poll,
  { ends, commits }: { readonly ends: number[]; readonly commits: number[] },
): void {
  for (const i of ends.keys()) {
    const end = (event === 'recreated' ? 0 : (ends[i] ?? 0)) + (arrived[i % 4] ?? 0);
    ends[i] = end;
    const lag = end - (commits[i] ?? 0);
    const moved = (commits[i] ?? 0) + Math.floor(lag * (read[i % 4] ?? 0));
    commits[i] = event === 'rewound' ? Math.floor(moved / 2) : Math.max(0, moved);
  }
}

function readingOf(
  { event, members: seen }: Poll,
  at: number,
  world: {
    readonly ends: readonly number[];
    readonly commits: readonly number[];
    readonly topicId: number;
    readonly replicas: number;
  },
): OffsetReading {
  if (event === 'unreadable') return unavailable;
  const members = seen ?? world.replicas;
  const unknown = { halfUnknown: 7, oneUnknown: 1 }[event as string] ?? 0;
  return {
    kind: 'observed',
    at,
    partitions: world.ends.map((end, partition) =>
      offsets({
        topicId: `id-${world.topicId}`,
        partition,
        end: partition < unknown ? undefined : BigInt(end),
        committed: BigInt(world.commits[partition] ?? 0),
      }),
    ),
    group: { ...stableGroup, members, assignedMembers: Math.min(members, 12) },
  };
}

const seeing = { numRuns: 300 };

test('nothing is thrown, and every write lies in [min, max]', () =>
  fc.assert(
    fc.property(polls, policies, (list, policy) => {
      for (const {
        decision,
        observation: { target },
      } of replay(list, policy)) {
        const { desiredReplicas, action, steps, capacityPerReplica } = decision;
        expect(Number.isInteger(desiredReplicas)).toBe(true);
        expect(steps.every(({ to }) => Number.isInteger(to) && to >= 0)).toBe(true);
        if (capacityPerReplica !== undefined) expect(capacityPerReplica).toBeGreaterThan(0);
        if (action === 'hold') continue;
        expect(desiredReplicas).toBeGreaterThanOrEqual(policy.minReplicas);
        expect(desiredReplicas).toBeLessThanOrEqual(policy.maxReplicas);
        expect(desiredReplicas).not.toBe(target.specReplicas);
      }
    }),
    seeing,
  ));

test('what is unknown never scales in', () =>
  fc.assert(
    fc.property(polls, policies, (list, policy) => {
      for (const {
        decision,
        observation: { target },
      } of replay(list, policy)) {
        if (decision.lag?.complete || target.specReplicas > policy.maxReplicas) continue;
        expect(decision.desiredReplicas).toBeGreaterThanOrEqual(target.specReplicas);
      }
    }),
    seeing,
  ));

test('the same input gives the same decision, and nothing is mutated', () =>
  fc.assert(
    fc.property(polls, policies, (list, policy) => {
      for (const { decision, observation: input } of replay(list, policy)) {
        const before = structuredClone(input);
        expect(decide(input)).toEqual(decision);
        expect(input).toEqual(before);
      }
    }),
    { numRuns: 50 },
  ));

test('to zero only without lag and without arrivals', () =>
  fc.assert(
    fc.property(polls, policies, (list, policy) => {
      const zero = {
        ...policy,
        minReplicas: 0,
        activation: { ...policy.activation, cooldownMs: 0 },
      };
      let ends = 0n;
      for (const {
        decision,
        observation: { lag, target },
      } of replay(list, zero)) {
        const before = ends;
        // A partition that is new and empty is no arrival.
        if (lag.kind === 'observed')
          ends = lag.partitions.reduce((sum, { end = 0n }) => sum + end, 0n);
        if (decision.desiredReplicas > 0 || target.specReplicas === 0) continue;
        expect(decision.lag?.lag).toBe(0n);
        expect(ends).toBeLessThanOrEqual(before);
      }
    }),
    seeing,
  ));

test('memory stays small, however long it goes on', () => {
  const tick: Poll = {
    after: 5,
    arrived: [9000, 9000, 9000, 9000],
    read: [0.5, 0.5, 0.5, 0.5],
    event: undefined,
    members: 8,
    ready: 8,
    rollingOut: false,
    set: 8,
  };
  const policy = { ...basePolicy, sizing: { kind: 'timeLag', ...objective } } as const;
  const sizes = [500, 2000].map((length) => {
    const { decision } = [...replay(Array<Poll>(length).fill(tick), policy)].at(-1) ?? {};
    return JSON.stringify(decision?.memory.sizing, (_, value) =>
      typeof value === 'bigint' ? String(value) : value,
    ).length;
  });
  expect(sizes[1]).toBeLessThan((sizes[0] ?? 0) * 1.2);
});
