import { type Fields, testVectors } from '../vectors.ts';
import { directPolicy } from './fixtures.ts';
import { initialMemory, remember, restartWindows } from './memory.ts';
import { OffsetHistory } from './offset-history.ts';
import { scaleUpLimit } from './rate-policies.ts';
import { capacityOf, demandOf, fits, smallestSize } from './sizing/demand.ts';
import { freezeSeconds, judgeEffect } from './sizing/effect.ts';
import { calm } from './sizing/fixtures.ts';
import { pass } from './sizing/gates.ts';
import { type Layout, maxLoad, memberLoads, usableReplicas, usefulSizes } from './sizing/layout.ts';
import { partitionLoads } from './sizing/load.ts';
import { stallsOf } from './sizing/stalls.ts';
import { defaultTuning } from './sizing/tuning.ts';
import type { OffsetReading } from './types.ts';

/** Runs the numeric vectors of the strategy timeLag. */

testVectors({
  quantum: runQuantum,
  'assignor-load': runAssignorLoad,
  'rate-sizing': runRateSizing,
  'stalled-partition': runStalledPartition,
  'ineffective-scale-up': runIneffectiveScaleUp,
  'scale-down-window': runScaleDownWindow,
});

/** So many partitions, divisible by every number up to 40, that every count of replicas is a useful size. */
const anySize: Layout = layout([5_342_931_457_063_200]);

function layout(
  partitionsPerTopic: readonly number[],
  { assignor, threadsPerReplica = 1 }: Fields = {},
): Layout {
  return { partitionsPerTopic, assignor, threadsPerReplica };
}

function boundsOf({ minReplicas = 1, maxReplicas = 1_000_000 }: Fields) {
  return { minReplicas, maxReplicas };
}

function runQuantum(input: Fields): Fields {
  const { partitions, lag, lagPerReplica, ideal = Math.ceil(lag / lagPerReplica) } = input;
  const sizes = [...usefulSizes(layout([partitions]))];
  const { replicas: size, limit } = smallestSize(
    layout([partitions]),
    boundsOf(input),
    ({ replicas }) => replicas >= ideal,
  );
  const { currentReplicas: current } = input;
  return {
    sizes: sizes.map((s) => s.replicas),
    maxLoad: sizes.map((s) => s.maxLoad),
    size,
    decision: ideal > current ? Math.max(size, current) : size,
    limited: limit !== 'none',
  };
}

function runAssignorLoad(input: Fields): Fields {
  const { topics, replicas } = input;
  const dealt = layout(topics, input);
  const loads = memberLoads(dealt, replicas);
  return {
    loads,
    idleMembers: loads.filter((load) => load === 0).length,
    maxLoad: maxLoad(dealt, replicas),
    usefulReplicas: usableReplicas(dealt),
  };
}

function runRateSizing(input: Fields): Fields {
  const { kind, partitions, replicas, capacityPerReplica: perReplica } = input;
  switch (kind) {
    case 'demand':
      return { demand: demandFor(input) };
    case 'capacity':
      return { capacity: capacityOf(layout([partitions]), replicas, perReplica) };
    case 'need':
      return { desiredReplicas: neededFor(input, layout([partitions])) };
    case 'factor':
      return { desiredReplicas: timesFactor(input) };
    default:
      return { desiredReplicas: sizeWithinLimits(input) };
  }
}

function demandFor(input: Fields): number {
  const { arrivalRate, excessLag, utilisation: utilization, maxGroupRate } = input;
  const { drainSeconds = 120, rebalanceSeconds = 0 } = input;
  const rules = { utilization, drainSeconds, rebalanceSeconds, maxGroupRate };
  return demandOf({ arrivalRate, excessLag }, rules);
}

function neededFor(input: Fields, dealt: Layout): number {
  const demand = demandFor(input);
  return smallestSize(dealt, boundsOf(input), ({ replicas }) =>
    fits(demand, capacityOf(dealt, replicas, input['capacityPerReplica'])),
  ).replicas;
}

function timesFactor(input: Fields): number {
  const { currentReplicas, factor } = input;
  return smallestSize(anySize, boundsOf(input), ({ replicas }) =>
    fits(currentReplicas * factor, replicas),
  ).replicas;
}

function sizeWithinLimits(input: Fields): number {
  const { currentReplicas: current, maxDownFraction, scaleUpPercent, partitions } = input;
  const dealt = input['usefulSizes'] === false ? anySize : layout([partitions]);
  const needed = neededFor(input, dealt);
  const allowed = needed < current ? oneStepDown(current, needed, dealt, maxDownFraction) : needed;
  const bounds = boundsOf(input);
  const bounded = Math.min(Math.max(allowed, bounds.minReplicas), bounds.maxReplicas);
  return scaleUpPercent === undefined ? bounded : Math.min(bounded, upTo(current, scaleUpPercent));
}

function upTo(current: number, value: number): number {
  const policy = { type: 'Percent', value, periodMs: 60_000 } as const;
  return scaleUpLimit(
    { ...directPolicy.scaleUp, policies: [policy] },
    { now: 0, current, events: [] },
  );
}

/** What the gates of a scale-down leave of a wish when only the size of a step limits it. */
function oneStepDown(current: number, from: number, dealt: Layout, maxDownFraction = 1): number {
  const objective = { ...calm.objective, tuning: { ...defaultTuning, maxDownFraction } };
  const request = { move: 'down', from, recommendations: [] } as const;
  return pass(request, { ...calm, current, layout: dealt, objective }).at(-1)?.to ?? from;
}

function runIneffectiveScaleUp(input: Fields): Fields {
  const { from, to, capacityPerReplica: perReplica, threshold, freezeStep = 0 } = input;
  const { arrivalRate, excessLag, drainSeconds, consumptionBefore, consumptionNow } = input;
  const demandBefore = demandFor({ ...input, utilisation: defaultTuning.targetUtilization });
  const tuning = { ...defaultTuning, ineffectiveThreshold: threshold };
  const verdict = judgeEffect(
    {
      capacityBefore: capacityOf(anySize, from, perReplica),
      capacityAfter: capacityOf(anySize, to, perReplica),
      demandBefore,
      consumptionBefore,
      consumptionNow,
      arrivalRate,
      excessLag,
      drainSeconds,
    },
    tuning,
  );
  const ineffective = verdict === 'ineffective';
  return {
    ineffective,
    desiredReplicas: ineffective ? from : undefined,
    freezeSeconds: ineffective ? freezeSeconds(freezeStep, tuning) : 0,
  };
}

/** The polls through the history of offsets, then what the strategy makes of each reading. */
function runStalledPartition(input: Fields): Fields {
  const { polls, membershipChangedAt = [], suspectAfterSeconds } = input;
  const history = new OffsetHistory();
  const tuning = { ...defaultTuning, suspectAfterSeconds };
  let latched: ReadonlyMap<string, bigint> = new Map();
  let groupStalledFrom: number | undefined;
  const ticks = polls.map(({ t, partitions }: Fields) => {
    const changes = membershipChangedAt.filter((at: number) => at <= t).length;
    const reading = history.observe(readingAt(t, partitions, changes), directPolicy);
    if (reading.kind === 'unavailable') throw new Error('the vectors hold readings only');
    const loads = partitionLoads(reading.partitions, directPolicy, new Map());
    const { stalled, suspected } = stallsOf(
      loads,
      latched,
      { now: t * 1000, consumptionRate: reading.trend.consumptionRate },
      tuning,
    );
    latched = stalled;
    if (reading.trend.stopped) groupStalledFrom ??= t;
    const counted = loads.filter(({ key }) => !stalled.has(key) && !suspected.has(key));
    return {
      t,
      stalled: numbersOf([...stalled.keys()]),
      suspected: numbersOf([...suspected]),
      lagForSizing: counted.reduce((sum, { lag = 0n }) => sum + Number(lag), 0),
    };
  });
  return { ticks, groupStalledFrom };
}

function readingAt(t: number, partitions: Fields[], changes: number): OffsetReading {
  return {
    kind: 'observed',
    at: t * 1000,
    partitions: partitions.map(({ committed, end }, partition) => ({
      topic: 'orders',
      topicId: 'id-of-orders',
      partition,
      committed: committed === null ? 'none' : BigInt(committed),
      end: BigInt(end),
      logStart: 0n,
    })),
    group: {
      kind: 'classic',
      state: 'Stable',
      members: 3 + changes,
      assignedMembers: 3 + changes,
      assignor: undefined,
      assignments: undefined,
    },
  };
}

function numbersOf(keys: readonly string[]): number[] {
  return keys.map((key) => Number(key.split('/')[1])).sort((a, b) => a - b);
}

/** The memory of the core, and the gates of a scale-down when only window and step limit it. */
function runScaleDownWindow(input: Fields): Fields {
  const { windowSeconds, recommendations, maxDownFraction = 1, partitions } = input;
  const dealt = partitions === undefined ? anySize : layout([partitions]);
  const tuning = { ...defaultTuning, downWindowSeconds: windowSeconds, maxDownFraction };
  let current: number = input['currentReplicas'];
  const start = recommendations[0]?.t ?? 0;
  let memory = initialMemory({ now: start * 1000, replicas: current });
  const applied = recommendations.map(({ t, n }: Fields) => {
    const now = t * 1000;
    const request = { move: 'down', from: n, recommendations: memory.recommendations } as const;
    const objective = { ...calm.objective, tuning };
    const s = { ...calm, now, current, layout: dealt, objective };
    const next = n > current ? n : (pass(request, s).at(-1)?.to ?? n);
    memory = { ...memory, recommendations: remember(memory.recommendations, now, n) };
    if (next !== current) memory = restartWindows(memory, now, next);
    current = next;
    return current;
  });
  return { applied };
}
