import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { createCalendar } from '../controller/calendar.ts';
import { findings } from '../controller/findings.ts';
import { type Fields, loadFamilies, type Run, testVectors } from '../vectors.ts';
import { decide } from './decide.ts';
import {
  basePolicy,
  byLag,
  directPolicy,
  observation,
  offsets,
  partitionsWithLag,
  reading,
  replicasAfter,
  unavailable,
} from './fixtures.ts';
import { parseDecimal } from './fraction.ts';
import { InvalidSpecError } from './invalid-spec.ts';
import { groupLag, partitionLag } from './lag.ts';
import { afterWrite, initialMemory } from './memory.ts';
import { applyPartitionList, parsePartitionList } from './partition-list.ts';
import { type SpecOfPolicy, scalingPolicyOf } from './policy.ts';
import type {
  Decision,
  Fraction,
  LagReading,
  Memory,
  Observation,
  PartitionOffsets,
  ScalingPolicy,
} from './types.ts';

/**
 * Runs the numeric vectors of lag and decisions; those of a history are in offset-history.cases.test.ts,
 * those of the strategy timeLag in sizing.cases.test.ts,
 * those of traces and of the rules of peers in backtest/cases.test.ts.
 * The families of no function yet are shown as skipped, with the reason.
 */

const crdDir = join(import.meta.dirname, '../../../crds');
const now = 1_000_000_000;

const runs: Readonly<Record<string, Run>> = {
  'partition-list': runPartitionList,
  'partition-lag': runPartitionLag,
  'group-lag': runGroupLag,
  'replica-cap': runReplicaCap,
  'lag-recommendation': runLagRecommendation,
  'hpa-ladder': runLadder,
  'hpa-behavior': runBehavior,
  'scale-executor': runScaleExecutor,
  fallback: runFallback,
};

const elsewhere = [
  'time-lag',
  'rate-estimation',
  'commit-status',
  'trace-generator',
  'quantum',
  'assignor-load',
  'rate-sizing',
  'stalled-partition',
  'ineffective-scale-up',
  'scale-down-window',
];
const laterFamilies: Readonly<Record<string, string>> = {
  'import-trigger': 'the import of KEDA resources comes with a later issue',
  'import-auth': 'the import of KEDA resources comes with a later issue',
  'metric-name': 'the import of KEDA resources comes with a later issue',
  'end-to-end':
    'message sequences need a real broker; specs/sizing.spec.ts holds the like, not these rows',
};

testVectors(runs);
for (const { family, cases } of loadFamilies()) {
  if (runs[family] || elsewhere.includes(family) || family.startsWith('peer-')) continue;
  describe(family, () =>
    test.skip(`${cases.length} cases skipped: ${reasonToSkip(family)}`, () => {}),
  );
}

function reasonToSkip(family: string): string {
  return laterFamilies[family] ?? 'no function of this family exists';
}

function runPartitionList({ partitions, limit, existing }: Fields): Fields {
  if (existing) return { active: applyPartitionList(limit ?? undefined, existing) };
  try {
    return { valid: true, partitions: parsePartitionList(partitions) };
  } catch (error) {
    expect(error).toBeInstanceOf(InvalidSpecError);
    return { valid: false };
  }
}

function offsetsOf(input: Fields): PartitionOffsets {
  const { committed, error, logStart } = input;
  const committedOrNone = committed === null ? 'none' : BigInt(committed);
  const lastStable = input['isolationLevel'] === 'read_committed' && 'lastStable' in input;
  const end = lastStable ? input['lastStable'] : input['end'];
  const endFailed = end === null || end === undefined || (error && error !== 'committedMissing');
  return offsets({
    committed: error === 'committedMissing' ? 'unknown' : committedOrNone,
    end: endFailed ? undefined : BigInt(end),
    logStart: logStart === null || logStart === undefined ? undefined : BigInt(logStart),
  });
}

function runPartitionLag(input: Fields): Fields {
  const { lag, flags } = partitionLag(offsetsOf(input), rulesOf(input));
  return { lag, flags, known: lag !== undefined };
}

function rulesOf({ offsetResetPolicy = 'latest', neverCommitted = 'keepOne' }: Fields) {
  return { offsetResetPolicy, neverCommitted };
}

function runGroupLag(input: Fields): Fields {
  const partitions: PartitionOffsets[] = input['partitions']
    .flatMap((p: Fields) => Array.from({ length: p['repeat'] ?? 1 }, () => offsetsOf(p)))
    .map((p: PartitionOffsets, partition: number) => ({ ...p, partition }));
  const policy = { ...directPolicy, ...limitsOf(input), ...rulesOf(input) };
  const { desiredReplicas } = decide(
    observation(input['currentReplicas'] ?? 0, reading(partitions), { now, policy }),
  );
  return { ...groupLag(partitions, policy, new Map(), now), desiredReplicas };
}

function lagPerReplicaOf(input: Fields): bigint {
  return BigInt(input['lagPerReplica'] ?? input['target'] ?? 10);
}

/** The fields of the policy that a vector may name, with the defaults of the schema. */
function limitsOf(input: Fields) {
  const { cooldownSeconds = 300, minActiveReplicas = 1 } = input;
  return {
    minReplicas: input['minReplicas'] ?? 1,
    maxReplicas: input['maxReplicas'] ?? 1000,
    ...byLag(lagPerReplicaOf(input)),
    threadsPerReplica: input['threadsPerReplica'] ?? 1,
    activation: {
      lag: BigInt(input['activationLag'] ?? 0),
      cooldownMs: cooldownSeconds * 1000,
      minActiveReplicas,
    },
  };
}

/** `directPolicy` with the limits and tolerances of a vector: what is decided before `behavior`. */
function policyBeforeBehavior(input: Fields): ScalingPolicy {
  const { tolerance = '0', scaleUpTolerance, scaleDownTolerance } = input;
  const { scaleUp, scaleDown } = directPolicy;
  return {
    ...directPolicy,
    ...limitsOf(input),
    scaleUp: { ...scaleUp, tolerance: fraction(scaleUpTolerance ?? tolerance) },
    scaleDown: { ...scaleDown, tolerance: fraction(scaleDownTolerance ?? tolerance) },
  };
}

function fraction(text: string): Fraction {
  const parsed = parseDecimal(text);
  if (!parsed) throw new Error(`the vector holds the tolerance ${text}`);
  return parsed;
}

/** One tick of a scaler that has run for a while and was last active `inactiveSeconds` ago. */
function observationInService(input: Fields, lag: LagReading, policy: ScalingPolicy): Observation {
  const current = input['currentReplicas'] ?? 1;
  const { cooldownSeconds = 300, inactiveSeconds = cooldownSeconds + 1 } = input;
  const earlier = decide(observation(current, lag, { now: now - 5000, policy })).memory;
  const memory: Memory = {
    ...earlier,
    lastActiveAt: now - inactiveSeconds * 1000,
    incompleteSince: earlier.incompleteSince && now - 60_000,
  };
  return observation(current, lag, { now, policy, memory });
}

function runReplicaCap(input: Fields): Fields {
  const { wantedReplicas, partitions } = input;
  const policy = policyBeforeBehavior(input);
  const lag = input['lag'] ?? wantedReplicas * Number(lagPerReplicaOf(input));
  return decideInService(input, reading(partitionsWithLag(partitions, lag)), policy);
}

function runLagRecommendation(input: Fields): Fields {
  const policy = policyBeforeBehavior(input);
  const { lag, partitions = policy.maxReplicas } = input;
  return decideInService(input, reading(partitionsWithLag(partitions, lag)), policy);
}

function decideInService(input: Fields, lag: LagReading, policy: ScalingPolicy): Fields {
  const { desiredReplicas, lag: group } = decide(observationInService(input, lag, policy));
  return { desiredReplicas, active: group?.active };
}

/** A spec with the `behavior` of a vector, through the same defaults as a resource. */
function policyWithBehavior({ behavior, minReplicas = 0, maxReplicas = 1000 }: Fields) {
  const spec: SpecOfPolicy = {
    minReplicas,
    maxReplicas,
    sizing: { lagPerReplica: { value: 1, tolerance: '0' } },
    // No floor and no zero of its own: the vectors are about windows and policies.
    activation: { lag: 0, cooldownSeconds: 300, minActiveReplicas: 0 },
    consumer: { offsetResetPolicy: 'latest', neverCommitted: 'keepOne', threadsPerReplica: 1 },
    mode: 'Active',
    paused: false,
    ...(behavior && { behavior }),
  };
  return scalingPolicyOf(spec, createCalendar(Date.now));
}

/** A busy group (its end offsets move) whose lag asks for exactly `desired` replicas. */
function busyReading(desired: number, tick: number, partitions: number): LagReading {
  const moved = partitionsWithLag(partitions, desired).map((p) => ({
    ...p,
    end: (p.end ?? 0n) + BigInt(tick),
    committed: typeof p.committed === 'bigint' ? p.committed + BigInt(tick) : p.committed,
  }));
  return reading(moved);
}

function runBehavior(input: Fields): Fields {
  const { start, steps } = input;
  const partitions = Math.max(1, ...steps.flatMap((s: Fields) => [s['desired'], s['current']]));
  let policy = policyWithBehavior(input);
  let memory = initialMemory({ now: start.t * 1000, replicas: start.replicas });
  const applied = steps.map((step: Fields, index: number) => {
    if ('behavior' in step) policy = policyWithBehavior({ ...input, behavior: step['behavior'] });
    const at = step['t'] * 1000;
    const lag = busyReading(step['desired'], index, partitions);
    const decision = decide(observation(step['current'], lag, { now: at, policy, memory }));
    memory = afterWrite(decision, at, decision.action === 'scale');
    return replicasAfter(step['current'], decision);
  });
  return { applied };
}

function runLadder(input: Fields): Fields {
  const { from, target, syncSeconds, pollSeconds = 0 } = input;
  const policy = policyWithBehavior({ ...input, minReplicas: Math.min(from, 1) });
  const path: number[] = [from];
  let memory: Memory | undefined;
  let current = from;
  let lastWrite = 0;
  for (let tick = 0; tick < 100; tick++) {
    const at = tick * syncSeconds * 1000;
    const lag = busyReading(target, tick, Math.max(target, from));
    const decision = decide(observation(current, lag, { now: at, policy, memory }));
    memory = afterWrite(decision, at, decision.action === 'scale');
    if (decision.action === 'hold') continue;
    current = decision.desiredReplicas;
    path.push(current);
    lastWrite = at / 1000;
  }
  return {
    path,
    writes: path.length - 1,
    secondsAfterFirstSync: lastWrite,
    worstSeconds: pollSeconds + lastWrite,
  };
}

function runScaleExecutor(input: Fields): Fields {
  const { active, computedReplicas, error, partial, paused = false } = input;
  const before = policyBeforeBehavior({ ...input, activationLag: active === false ? 1e9 : 0 });
  const policy: ScalingPolicy = {
    ...before,
    paused,
    scaleUp: { ...before.scaleUp, ...(input['scaleUpDisabled'] && disabled) },
    scaleDown: { ...before.scaleDown, ...(input['scaleDownDisabled'] && disabled) },
  };
  const all = partitionsWithLag(1000, (computedReplicas ?? 0) * Number(lagPerReplicaOf(input)));
  const some = all.map((p) => (partial && p.partition > 900 ? { ...p, end: undefined } : p));
  const lag = error ? unavailable : reading(some);
  const observed = observationInService(input, lag, policy);
  const decision = decide(observed);
  const conditions = conditionsOf(observed, decision);
  return {
    desiredReplicas: decision.desiredReplicas,
    writes: decision.action === 'scale' ? 1 : 0,
    paused: decision.reason === 'Paused',
    ready: conditions['Ready'],
    scalingActive: { True: true, False: false, Unknown: 'Unknown' }[
      conditions['ScalingActive'] ?? ''
    ],
  };
}

const disabled = { selectPolicy: 'Disabled' } as const;

function conditionsOf({ lag, target }: Observation, decision: Decision): Record<string, string> {
  const found = findings({
    at: now,
    reading: lag,
    target: { ...target, selector: undefined, resourceVersion: '1' },
    targetError: undefined,
    unschedulable: undefined,
    decision,
    write: 'none',
  });
  return Object.fromEntries(found.map(({ type, status }) => [type, status]));
}

function runFallback(input: Fields, expected: Fields): Fields {
  if (expected['valid'] === false) return { valid: false, field: fieldRefusedBySchema(input) };
  const { fallback, failuresBefore, currentReplicas: current } = input;
  const policy = { ...directPolicy, ...limitsOf(input), fallback: fallback ?? undefined };
  const wanted =
    input['reading'] === 'error' ? 0 : input['reading'] * Number(lagPerReplicaOf(input));
  const lag = input['reading'] === 'error' ? unavailable : reading(partitionsWithLag(1000, wanted));
  const seed = initialMemory({ now: now - 5000, replicas: current });
  const memory: Memory = { ...seed, failures: failuresBefore };
  const decision = decide(observation(current, lag, { now, policy, memory }));
  return {
    desiredReplicas: decision.desiredReplicas,
    failures: decision.memory.failures,
    fallbackActive: decision.steps.some((step) => step.step === 'Fallback'),
  };
}

/** The first field of `fallback` that lies below the minimum of the schema in crds/. */
function fieldRefusedBySchema({ fallback }: Fields): string | undefined {
  const fields = schemaOfSpec()['properties'].fallback.properties;
  const refused = Object.keys(fallback).find((key) => fallback[key] < fields[key].minimum);
  return refused && `fallback.${refused}`;
}

function schemaOfSpec(): Fields {
  const file = readdirSync(crdDir).find((name) => name.endsWith('.yaml')) ?? '';
  const crd = parse(readFileSync(join(crdDir, file), 'utf8'));
  return crd.spec.versions[0].schema.openAPIV3Schema.properties.spec;
}

test('the vectors start from the defaults of the schema', () => {
  expect(policyWithBehavior({ behavior: null }).scaleDown.stabilizationWindowMs).toBe(
    basePolicy.scaleDown.stabilizationWindowMs,
  );
});
