import type { Behavior } from '../api/types.gen.ts';
import type { ReplicaBounds } from '../autoscaler/sizing/demand.ts';
import type { Controller } from './controller.ts';
import { azureFunctions } from './controllers/azure-functions.ts';
import { constant } from './controllers/constant.ts';
import { type FlinkTuning, flink, flinkDefaults } from './controllers/flink.ts';
import { behaviorOf, type HpaBehavior } from './controllers/hpa.ts';
import { type KedaOptions, keda, kedaDefaults } from './controllers/keda.ts';
import { numaflow } from './controllers/numaflow.ts';
import { oracle } from './controllers/oracle.ts';
import { rateRule } from './controllers/rate-rule.ts';
import type { Setup } from './setup.ts';
import type { Trace } from './trace.ts';

/** A baseline under a name; a controller is made anew for every run. */
export interface Baseline {
  readonly name: string;
  readonly family: Family;
  readonly make: () => Controller;
}
export type Family = 'lagscaler' | 'KEDA' | 'HPA on the rate' | 'Flink' | 'oracle' | 'others';

/** What the baselines are made for. Those that size by capacity are told the true one. */
export interface BaselineContext extends ReplicaBounds {
  readonly trace: Trace;
  readonly setup: Setup;
}

/** Every baseline over a range of its parameters: one hand-picked point says nothing about a rule. */
export function baselines(context: BaselineContext): readonly Baseline[] {
  return [
    ...references(context),
    ...kedaOnLag(context),
    ...kedaOnRateAndLag(context),
    ...hpaOnRate(context),
    ...flinks(context),
  ];
}

/** By what a name says of them: how many may go in how many seconds, after a window of 600 s. */
const behaviors: Readonly<Record<string, HpaBehavior | undefined>> = {
  '': undefined,
  ', slow 20 %/120 s': slowDown(20, 120),
  ', slow 50 %/300 s': slowDown(50, 300),
};
/** Where other parameters are swept, the two ends must do. */
const fewBehaviors = ['', ', slow 50 %/300 s'];

function slowDown(value: number, periodSeconds: number): HpaBehavior {
  const behavior: Behavior = {
    scaleDown: {
      stabilizationWindowSeconds: 600,
      policies: [{ type: 'Percent', value, periodSeconds }],
    },
  };
  return behaviorOf(behavior);
}

function references({ trace, setup, ...bounds }: BaselineContext): readonly Baseline[] {
  const { partitions, threadsPerReplica, capacityPerReplica } = setup;
  const replicas = Math.min(bounds.maxReplicas, Math.ceil(partitions / threadsPerReplica));
  const layout = { partitionsPerTopic: [partitions], assignor: undefined, threadsPerReplica };
  const sight = { layout, capacityPerReplica, horizonSeconds: 600, utilization: 0.9 };
  const sighted = { name: 'oracle, knows 600 s', ...bounds, ...sight };
  return [
    { name: sighted.name, family: 'oracle', make: () => oracle(trace, sighted) },
    other(`static ${replicas}`, (name) => constant(name, replicas)),
    other('Numaflow, defaults', (name) => numaflow(name, bounds)),
    other('Azure Functions, defaults', (name) => azureFunctions(name, bounds)),
  ];
}

function other(name: string, make: (name: string) => Controller): Baseline {
  return { name, family: 'others', make: () => make(name) };
}

export function kedaBaseline(options: KedaOptions): Baseline {
  return { name: options.name, family: 'KEDA', make: () => keda(options) };
}

function kedaOnLag({ setup, minReplicas, maxReplicas }: BaselineContext): readonly Baseline[] {
  const bounds = { ...kedaDefaults, minReplicas, maxReplicas };
  const swept = [5, 30].flatMap((seconds) =>
    [false, true].flatMap((evenDistribution) =>
      Object.entries(behaviors).map(([words, behavior]) => {
        const even = evenDistribution ? ', even' : '';
        const lagThreshold = threshold(seconds, setup);
        const name = `KEDA lag ${lagThreshold}${even}${words}`;
        return kedaBaseline({ ...bounds, name, lagThreshold, evenDistribution, behavior });
      }),
    ),
  );
  return [kedaBaseline({ ...bounds, name: 'KEDA, defaults' }), ...swept];
}

/** Records that a replica reads in so many seconds. */
function threshold(seconds: number, { capacityPerReplica }: Setup): number {
  return Math.max(1, Math.round(seconds * capacityPerReplica));
}

function kedaOnRateAndLag(context: BaselineContext): readonly Baseline[] {
  const { setup, minReplicas, maxReplicas } = context;
  return [0.5, 0.75].flatMap((utilization) =>
    [5, 30].flatMap((seconds) =>
      fewBehaviors.map((words) => {
        const lagThreshold = threshold(seconds, setup);
        const rateTarget = utilization * setup.capacityPerReplica;
        return kedaBaseline({
          ...kedaDefaults,
          name: `KEDA rate ${rateTarget} + lag ${lagThreshold}${words}`,
          minReplicas,
          maxReplicas,
          lagThreshold,
          rateTarget,
          behavior: behaviors[words],
        });
      }),
    ),
  );
}

function hpaOnRate({ setup, minReplicas, maxReplicas }: BaselineContext): readonly Baseline[] {
  return [0.5, 0.75, 0.9].flatMap((utilization) =>
    fewBehaviors.map((words) => {
      const rateTarget = utilization * setup.capacityPerReplica;
      const name = `HPA rate ${rateTarget}${words}`;
      const behavior = behaviors[words];
      const options = { name, minReplicas, maxReplicas, rateTarget, windowSeconds: 60, behavior };
      return { name, family: 'HPA on the rate', make: () => rateRule(options) } as const;
    }),
  );
}

const flinkTunings: Readonly<Record<string, FlinkTuning>> = {
  defaults: flinkDefaults,
  ...Object.fromEntries([0.7, 0.8, 0.9].map((u) => [`tuned, utilization ${u}`, tuned(u)])),
};

function tuned(utilization: number): FlinkTuning {
  return {
    utilization,
    boundary: Math.min(0.15, 1 - utilization),
    windowSeconds: 180,
    stabilizationSeconds: 60,
    catchUpSeconds: 300,
    restartSeconds: 30,
    scaleDownSeconds: 600,
  };
}

function flinks({ setup, minReplicas, maxReplicas }: BaselineContext): readonly Baseline[] {
  const { capacityPerReplica } = setup;
  return Object.entries(flinkTunings).map(([words, tuning]) => {
    const name = `Flink, ${words}`;
    const options = { name, minReplicas, maxReplicas, capacityPerReplica, tuning };
    return { name, family: 'Flink', make: () => flink(options) } as const;
  });
}
