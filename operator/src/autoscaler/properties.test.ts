import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decide } from './decide.ts';
import {
  byLag,
  directPolicy,
  noGroupTrend,
  noTrend,
  observation,
  partitionsWithLag,
  reading,
  replicasAfter,
  tenPercent,
} from './fixtures.ts';
import { afterWrite } from './memory.ts';
import type {
  GroupDescription,
  LagReading,
  Memory,
  Observation,
  PartitionOffsets,
  ScaleEvent,
  ScalingPolicy,
  ScalingRules,
} from './types.ts';

/** What must hold for any input. A counterexample found here becomes a row of a table. */

const replicas = fc.integer({ min: 0, max: 60 });
const offset = fc.oneof(fc.bigInt(0n, 50n), fc.bigInt(0n, 2n ** 63n - 1n));
const time = fc.integer({ min: 0, max: 4_000_000 });

const partition: fc.Arbitrary<PartitionOffsets> = fc.record({
  topic: fc.constantFrom('a', 'b'),
  topicId: fc.constantFrom('first', 'second'),
  partition: fc.nat(5),
  committed: fc.oneof(
    { weight: 6, arbitrary: offset },
    fc.constant('none' as const),
    fc.constant('unknown' as const),
  ),
  end: fc.oneof({ weight: 8, arbitrary: offset }, fc.constant(undefined)),
  logStart: fc.option(offset, { nil: undefined }),
});
const group: fc.Arbitrary<GroupDescription | undefined> = fc.option(
  fc.record({
    kind: fc.constantFrom('classic', 'consumer', 'simple'),
    state: fc.constantFrom('Stable', 'Empty'),
    members: fc.nat(9),
    assignedMembers: fc.option(fc.nat(9), { nil: undefined }),
    assignments: fc.constant(undefined),
    assignor: fc.constantFrom('range', 'cooperative-sticky', undefined),
  }),
  { nil: undefined },
);
const reset = fc.option(fc.constantFrom('topicRecreated' as const, 'endWentBack' as const), {
  nil: undefined,
});
const withTrend = fc
  .tuple(partition, fc.record({ reset, stalled: fc.boolean(), stillSince: time }))
  .map(([offsets, change]) => ({ ...offsets, trend: { ...noTrend, ...change } }));
const observed: fc.Arbitrary<LagReading> = fc.record({
  kind: fc.constant('observed' as const),
  at: time,
  partitions: fc.array(withTrend, { maxLength: 12 }),
  group,
  trend: fc.constant(noGroupTrend),
});
/** Most random readings have a gap, which holds: here every partition is known. */
const complete: fc.Arbitrary<LagReading> = fc
  .tuple(fc.integer({ min: 1, max: 60 }), fc.nat(100_000))
  .map(([partitions, lag]) => reading(partitionsWithLag(partitions, lag)));
const unavailable: fc.Arbitrary<LagReading> = fc.constant({
  kind: 'unavailable',
  reason: 'KafkaUnreachable',
  message: 'no broker answered',
});

const rules: fc.Arbitrary<ScalingRules> = fc.record({
  stabilizationWindowMs: fc.constantFrom(0, 60_000, 300_000),
  policies: fc.array(
    fc.record({
      type: fc.constantFrom('Pods' as const, 'Percent' as const),
      value: fc.integer({ min: 1, max: 200 }),
      periodMs: fc.integer({ min: 1, max: 1800 }).map((s) => s * 1000),
    }),
    { maxLength: 3 },
  ),
  selectPolicy: fc.constantFrom('Max' as const, 'Min' as const, 'Disabled' as const),
  tolerance: fc.constantFrom(tenPercent, { numerator: 0n, denominator: 1n }),
});
const policy: fc.Arbitrary<ScalingPolicy> = fc.record({
  minReplicas: fc.integer({ min: 0, max: 5 }),
  maxReplicas: fc.integer({ min: 5, max: 50 }),
  floors: fc.constant([]),
  sizing: fc.bigInt(1n, 1000n).map((value) => byLag(value).sizing),
  activation: fc.record({
    lag: fc.bigInt(0n, 100n),
    cooldownMs: fc.constantFrom(0, 300_000),
    minActiveReplicas: fc.integer({ min: 1, max: 5 }),
  }),
  offsetResetPolicy: fc.constantFrom('latest' as const, 'earliest' as const),
  neverCommitted: fc.constantFrom('keepOne' as const, 'ignore' as const),
  threadsPerReplica: fc.integer({ min: 1, max: 4 }),
  scaleUp: rules,
  scaleDown: rules,
  fallback: fc.option(
    fc.record({
      failureThreshold: fc.nat(3),
      replicas: fc.integer({ min: 1, max: 60 }),
      behavior: fc.constantFrom(
        'static' as const,
        'currentReplicas' as const,
        'currentReplicasIfHigher' as const,
        'currentReplicasIfLower' as const,
      ),
    }),
    { nil: undefined },
  ),
  mode: fc.constantFrom('Active' as const, 'Recommend' as const),
  paused: fc.boolean(),
  override: fc.option(fc.record({ replicas, untilMs: time, reason: fc.string() }), {
    nil: undefined,
  }),
});

const memory: fc.Arbitrary<Memory> = fc.record({
  recommendations: fc.array(fc.record({ at: time, replicas }), { maxLength: 5 }),
  scaleEvents: fc.array(fc.record({ at: time, change: fc.integer({ min: -20, max: 20 }) }), {
    maxLength: 5,
  }),
  lastActiveAt: time,
  failures: fc.nat(5),
  incompleteSince: fc.option(time, { nil: undefined }),
  readySince: fc.option(time, { nil: undefined }),
  replicas,
  still: fc
    .array(
      fc.tuple(
        fc.constantFrom('a/0', 'a/1', 'b/0'),
        fc.record({
          committed: fc.option(offset, { nil: undefined }),
          end: fc.option(offset, { nil: undefined }),
          since: time,
          beyondEndTicks: fc.nat(3),
        }),
      ),
      { maxLength: 3 },
    )
    .map((entries) => new Map(entries)),
  latched: fc.constantFrom(new Map(), new Map([['a/0', 0n]])),
  sizing: fc.constant(undefined),
  assignor: fc.constantFrom('range', undefined),
});

const any = (lag: fc.Arbitrary<LagReading>): fc.Arbitrary<Observation> =>
  fc
    .record({
      now: time,
      target: fc.record({
        specReplicas: replicas,
        statusReplicas: replicas,
        readyReplicas: fc.option(replicas, { nil: undefined }),
        rollingOut: fc.boolean(),
      }),
      unschedulable: fc.option(fc.nat(3), { nil: undefined }),
      lag,
      policy,
      conflict: fc.option(fc.constant({ owner: 'an HPA' }), { nil: undefined }),
      memory: fc.option(memory, { nil: undefined }),
      sameSize: fc.boolean(),
    })
    .map(({ sameSize, ...o }) =>
      // Random sizes are nearly always somebody else's change: keep half of them as ours.
      sameSize && o.memory ? { ...o, memory: { ...o.memory, replicas: o.target.specReplicas } } : o,
    );
const anything = any(fc.oneof({ weight: 4, arbitrary: observed }, unavailable));
const seeing = { numRuns: 500 };

/** By lag alone: nothing that may go down without it. */
const byLagAlone = (lag: fc.Arbitrary<LagReading>) =>
  any(lag).map((o) => ({
    ...o,
    policy: { ...o.policy, override: undefined, fallback: undefined },
  }));

const overridden = ({ policy: { override }, now }: Observation) =>
  override !== undefined && now < override.untilMs;

test('any input has a decision, the same input the same one, and nothing is mutated', () =>
  fc.assert(
    fc.property(anything, (o) => {
      const before = structuredClone(o);
      const decision = decide(o);
      expect(decide(o)).toEqual(decision);
      expect(o).toEqual(before);
    }),
    seeing,
  ));

test('every write lies in [min, max]; only an override, a fallback or sleep may go below min', () =>
  fc.assert(
    fc.property(anything, (o) => {
      const { action, desiredReplicas, steps } = decide(o);
      if (action === 'hold') return;
      const mayGoBelow = overridden(o) || steps.some((s) => s.step === 'Fallback');
      expect(desiredReplicas).toBeGreaterThanOrEqual(mayGoBelow ? 0 : o.policy.minReplicas);
      expect(desiredReplicas).toBeLessThanOrEqual(o.policy.maxReplicas);
      expect(desiredReplicas).not.toBe(o.target.specReplicas);
    }),
    seeing,
  ));

test('offsets that cannot be read never change the replicas, except by fallback or override', () =>
  fc.assert(
    fc.property(byLagAlone(unavailable), (o) => {
      expect(replicasAfter(o.target.specReplicas, decide(o))).toBe(o.target.specReplicas);
    }),
    seeing,
  ));

test('an incomplete reading never lowers the replicas, except by fallback or override', () =>
  fc.assert(
    fc.property(byLagAlone(observed), (o) => {
      const { lag, desiredReplicas } = decide(o);
      if (lag?.complete) return;
      expect(desiredReplicas).toBeGreaterThanOrEqual(o.target.specReplicas);
    }),
    seeing,
  ));

test('while a pod finds no node none is added, except by fallback or override', () =>
  fc.assert(
    fc.property(byLagAlone(complete), fc.integer({ min: 1, max: 50 }), (o, unschedulable) => {
      const { desiredReplicas } = decide({ ...o, unschedulable });
      expect(desiredReplicas).toBeLessThanOrEqual(o.target.specReplicas);
    }),
    seeing,
  ));

test('pods that find no node keep nothing from going down; unknown is as good as none', () =>
  fc.assert(
    fc.property(any(complete), fc.integer({ min: 1, max: 50 }), (o, unschedulable) => {
      const free = decide({ ...o, unschedulable: 0 });
      expect(decide({ ...o, unschedulable: undefined })).toEqual(free);
      if (free.desiredReplicas > o.target.specReplicas) return;
      const { desiredReplicas, action } = decide({ ...o, unschedulable });
      expect([desiredReplicas, action]).toEqual([free.desiredReplicas, free.action]);
    }),
    seeing,
  ));

test('paused, Recommend and a conflict never write', () =>
  fc.assert(
    fc.property(anything, (o) => {
      fc.pre(o.policy.paused || o.policy.mode === 'Recommend' || o.conflict !== undefined);
      expect(decide(o).action).toBe('hold');
    }),
    seeing,
  ));

test('the first poll after a start never lowers the replicas inside a window', () =>
  fc.assert(
    fc.property(byLagAlone(observed), (o) => {
      const { policy: p, target } = o;
      if (p.scaleDown.stabilizationWindowMs === 0) return;
      const { desiredReplicas } = decide({ ...o, memory: undefined });
      const kept = Math.min(target.specReplicas, p.maxReplicas);
      expect(desiredReplicas).toBeGreaterThanOrEqual(kept);
    }),
    seeing,
  ));

test('no more replicas than can own a partition, unless minReplicas or the floor says so', () =>
  fc.assert(
    fc.property(byLagAlone(observed), (o) => {
      const decision = decide(o);
      if (decision.action === 'hold' || decision.desiredReplicas < o.target.specReplicas) return;
      const owners = Math.ceil((decision.lag?.partitions ?? 0) / o.policy.threadsPerReplica);
      const floor = Math.max(o.policy.minReplicas, o.policy.activation.minActiveReplicas);
      expect(decision.desiredReplicas).toBeLessThanOrEqual(Math.max(owners, floor));
    }),
    seeing,
  ));

// Sequences: one busy group, lag asks for exactly `wanted` replicas at each poll.

interface Poll {
  readonly at: number;
  readonly wanted: number;
}
const polls = fc
  .array(
    fc.record({ gap: fc.integer({ min: 1, max: 90 }), wanted: fc.integer({ min: 1, max: 50 }) }),
    {
      minLength: 2,
      maxLength: 40,
    },
  )
  .map((list) => {
    let at = 0;
    return list.map(({ gap, wanted }): Poll => {
      at += gap * 1000;
      return { at, wanted };
    });
  });

/** Replicas after each poll, and the changes that were applied. */
function play(list: readonly Poll[], change: Partial<ScalingPolicy>) {
  const p = { ...directPolicy, ...byLag(1n), ...change };
  let mem: Memory | undefined;
  let current = 10;
  const applied: ScaleEvent[] = [];
  const sizes = list.map(({ at, wanted }) => {
    const lag = reading(partitionsWithLag(50, wanted));
    const decision = decide(observation(current, lag, { now: at, policy: p, memory: mem }));
    mem = afterWrite(decision, at, decision.action === 'scale');
    const next = replicasAfter(current, decision);
    if (next !== current) applied.push({ at, change: next - current });
    current = next;
    return current;
  });
  return { sizes, applied };
}

test('a fall never goes below what lag asked for within the window', () =>
  fc.assert(
    fc.property(polls, fc.constantFrom(60_000, 300_000), (list, windowMs) => {
      const down = { ...directPolicy.scaleDown, stabilizationWindowMs: windowMs };
      const { sizes } = play(list, { scaleDown: down });
      for (const [i, { at }] of list.entries()) {
        const asked = list.slice(0, i + 1).filter((p) => at - p.at < windowMs);
        expect(sizes[i]).toBeGreaterThanOrEqual(Math.max(...asked.map((p) => p.wanted)));
      }
    }),
  ));

test('without a window and policies the replicas are what lag asks for', () =>
  fc.assert(
    fc.property(polls, (list) => {
      expect(play(list, {}).sizes).toEqual(list.map((p) => p.wanted));
    }),
  ));

test('a Pods policy is never exceeded within its period', () =>
  fc.assert(
    fc.property(
      polls,
      fc.integer({ min: 1, max: 5 }),
      fc.integer({ min: 1, max: 600 }),
      (list, value, seconds) => {
        const limit = { policies: [{ type: 'Pods', value, periodMs: seconds * 1000 }] } as const;
        const { scaleUp, scaleDown } = directPolicy;
        const { applied } = play(list, {
          scaleUp: { ...scaleUp, ...limit },
          scaleDown: { ...scaleDown, ...limit },
        });
        for (const last of applied) {
          const inPeriod = applied.filter(
            (e) => e.at <= last.at && last.at - e.at < seconds * 1000,
          );
          const net = inPeriod.reduce((sum, e) => sum + e.change, 0);
          // A rise may first make up for what fell within the period: only its own direction counts.
          expect(Math.sign(last.change) * net).toBeLessThanOrEqual(value);
        }
      },
    ),
  ));
