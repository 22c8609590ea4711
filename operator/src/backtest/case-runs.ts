import { azureThrottle, azureVote } from './controllers/azure-functions.ts';
import { cloudRunReplicas } from './controllers/cloud-run.ts';
import {
  flinkBacklogBand,
  flinkBand,
  flinkScalability,
  flinkTrueRate,
  isFlinkBacklog,
} from './controllers/flink-rules.ts';
import { behaviorOf, Hpa, type HpaBehavior, replicasForMetric } from './controllers/hpa.ts';
import { kedaDefaults, kedaMetric } from './controllers/keda.ts';
import { numaflowReplicas, numaflowStep } from './controllers/numaflow.ts';
import { designTrace } from './design-traces.ts';
import { mulberry32, normalFrom } from './random.ts';
import { meanRate, oracleReplicaHours } from './trace.ts';

/** How the numeric vectors of traces and of peers are run, for cases.test.ts. */

// biome-ignore lint/suspicious/noExplicitAny: vectors are JSON whose fields differ per family
type Fields = Record<string, any>;
type Run = (input: Fields, expected: Fields) => Fields;

/** By `subject`: the peer's own rule, as the baseline of the backtest has it. */
export const peerRuns: Readonly<Record<string, Run>> = {
  'peer:flink': runFlink,
  'peer:numaflow': runNumaflow,
  'peer:azure-functions': runAzure,
  'peer:cloud-run': (input) => ({
    active: input['lag'] > input['activationLag'],
    desiredReplicas: cloudRunReplicas({
      lag: input['lag'],
      target: input['target'],
      activationLag: input['activationLag'],
      currentReplicas: input['currentReplicas'],
      tolerance: Number(input['tolerance']),
    }),
  }),
};

/** By family: what `peer` of a case says KEDA and the HPA do with the same input. */
export const kedaRuns: Readonly<Record<string, Run>> = {
  'replica-cap': runKedaCap,
  'hpa-ladder': runHpaLadder,
  'hpa-behavior': runHpaBehavior,
};

export function runTraceGenerator(input: Fields, expected: Fields): Fields {
  if (input['generator']) return runGenerator(input['seed']);
  const trace = designTrace(input['trace'], input['seed'], input['peak']);
  if (!trace) return {};
  return {
    seconds: trace.rates.length,
    mean: meanRate(trace),
    max: trace.rates.reduce((max, rate) => Math.max(max, rate), 0),
    oracleReplicaHours: oracleReplicaHours(trace, 1000),
    samples: expected['samples'].map(({ t }: Fields) => ({
      t,
      recordsPerSecond: trace.rates[t],
    })),
  };
}

function runGenerator(seed: number): Fields {
  const uniform = mulberry32(seed);
  const normal = mulberry32(seed);
  return {
    uniform: Array.from({ length: 5 }, () => uniform()),
    normal: Array.from({ length: 3 }, () => normalFrom(normal)),
  };
}

function runFlink(input: Fields, expected: Fields): Fields {
  switch (input['kind']) {
    case 'band':
      return {
        band: bandOf(input).map((value) => (Number.isFinite(value) ? Math.round(value) : null)),
      };
    case 'backlog':
      return { backlog: isFlinkBacklog(input['lag'], input['rate'], input['thresholdSeconds']) };
    case 'trueRate':
      return { rate: trueRateOf(input) };
    case 'scalability':
      return { between: within(flinkScalability(input['points']), expected['between']) };
    default:
      return {};
  }
}

function bandOf(input: Fields): readonly number[] {
  if (input['backlog']) return flinkBacklogBand(input['rate'], input['catchUpRate']);
  const { rate, lag, catchUpSeconds, restartSeconds } = input as never as Parameters<
    typeof flinkBand
  >[0];
  return flinkBand(
    { rate, lag, catchUpSeconds, restartSeconds },
    { max: input['utilMax'], min: input['utilMin'] },
  );
}

function trueRateOf(input: Fields): number | string {
  const { observed, observations = Number.POSITIVE_INFINITY, observedSamples } = input;
  const samples = observedSamples ?? (observed === undefined ? [] : [observed]);
  const rate = flinkTrueRate({
    busyMsPerSecond: input['busyMsPerSecond'] ?? undefined,
    rate: input['rate'],
    observed: samples,
    switchThreshold: input['switchThreshold'] ?? 0.15,
    minObservations: observations < (input['minObservations'] ?? 1) ? samples.length + 1 : 1,
  });
  return rate === Number.POSITIVE_INFINITY ? 'Infinity' : rate;
}

/** The interval itself when the value lies in it, otherwise the value twice. */
function within(value: number, [min, max]: readonly [number, number]): readonly number[] {
  return value >= min && value <= max ? [min, max] : [value, value];
}

function runNumaflow(input: Fields): Fields {
  if (input['rates']) {
    const { rates, pending, readyReplicas, targetProcessingSeconds } = input;
    const partitions = rates.map((rate: number, i: number) => ({ rate, pending: pending[i] }));
    const target = { readyReplicas, targetProcessingSeconds };
    return { desiredReplicas: numaflowReplicas(partitions, target) };
  }
  const { currentReplicas, min, max, maxStep, cooldownSeconds, secondsSinceScaling } = input;
  const desiredReplicas = numaflowStep({
    current: currentReplicas,
    wanted: input['wanted'] ?? undefined,
    bounds: { minReplicas: min, maxReplicas: max },
    maxStep,
    isCoolingDown: secondsSinceScaling < cooldownSeconds,
  });
  return { desiredReplicas };
}

/** Partitions of the topic in the tests of the extension. */
const azurePartitions = 4;

function runAzure(input: Fields): Fields {
  const { samples, workers, lagThreshold, last, target } = input;
  if (input['kind'] === 'throttle') {
    const { secondsSinceScaleOut, throttleSeconds } = input;
    return {
      desiredReplicas: azureThrottle({ last, target, secondsSinceScaleOut, throttleSeconds }),
    };
  }
  const count = workers === 'P' ? azurePartitions : workers;
  return {
    vote: azureVote({ samples, workers: count, partitions: azurePartitions, lagThreshold }),
  };
}

function runKedaCap(input: Fields): Fields {
  const { lag, partitions, lagPerReplica: lagThreshold, currentReplicas } = input;
  const metric = kedaMetric(lag, partitions, { ...kedaDefaults, lagThreshold });
  const recommend = (current: number) => replicasForMetric(metric, lagThreshold, current);
  // So far apart that no window reaches back to what was recommended at fewer replicas.
  const syncSeconds = 600;
  const absent = pathOf(1, recommend, { syncSeconds }).map(({ replicas }) => replicas);
  const behavior = behaviorOf({});
  const defaults = pathOf(1, recommend, { syncSeconds, behavior }).map(({ replicas }) => replicas);
  return {
    metric,
    desiredReplicas: recommend(currentReplicas),
    endAbovePartitions: Math.max(...absent, ...defaults) > partitions,
    pathFrom1: { behaviorAbsent: absent, behaviorDefaults: defaults },
  };
}

function runHpaLadder(input: Fields, peer: Fields): Fields {
  const { from, target, syncSeconds } = input;
  // KEDA leaves zero for one replica, then the HPA takes over.
  const path = pathOf(Math.max(1, from), () => target, { syncSeconds });
  const replicas = path.map((step) => step.replicas);
  const lastWrite = path.at(-1)?.seconds ?? 0;
  const writes = from === 0 ? [0, ...replicas] : replicas;
  return {
    path: writes,
    writes: writes.length - 1,
    secondsAfterFirstSync: lastWrite,
    worstSeconds: (peer['pollSeconds'] ?? 0) + syncSeconds + lastWrite,
    pollSeconds: peer['pollSeconds'],
  };
}

interface PathOptions {
  readonly syncSeconds: number;
  readonly behavior?: HpaBehavior;
}

/** The writes of an HPA from a constant wish, the first count included. */
function pathOf(
  from: number,
  recommend: (current: number) => number,
  { syncSeconds, behavior }: PathOptions,
) {
  const hpa = new Hpa({ minReplicas: 1, maxReplicas: 1000 }, behavior);
  const path = [{ seconds: 0, replicas: from }];
  let current = from;
  for (let seconds = 0; seconds < 100 * syncSeconds; seconds += syncSeconds) {
    const next = hpa.next(seconds * 1000, current, recommend(current));
    if (next !== current) path.push({ seconds, replicas: next });
    current = next;
  }
  return path;
}

function runHpaBehavior(input: Fields): Fields {
  const { start, steps, minReplicas, maxReplicas } = input;
  const rules = (behavior: Fields | null) => (behavior ? behaviorOf(behavior) : undefined);
  const hpa = new Hpa({ minReplicas, maxReplicas }, rules(input['behavior']));
  hpa.start(start.t * 1000, start.replicas);
  const applied = steps.map((step: Fields) => {
    if ('behavior' in step) hpa.behavior = rules(step['behavior']);
    return hpa.next(step['t'] * 1000, step['current'], step['desired']);
  });
  return { applied };
}
