import type { Baseline, Family } from './baselines.ts';
import type { Metrics } from './metrics.ts';
import type { Setup } from './setup.ts';
import { simulate } from './simulate.ts';
import type { Trace } from './trace.ts';

/** How one controller did. */
export interface Result {
  readonly name: string;
  readonly family: Family;
  readonly metrics: Metrics;
}

/** The same among others. */
export interface Standing extends Result {
  /** No other rule is at once no later and no dearer, and better in one of the two. */
  readonly isOnFrontier: boolean;
}

/** Runs each of them against the same load, arrivals and speeds. */
export function runAll(
  baselines: readonly Baseline[],
  trace: Trace,
  setup: Setup,
): readonly Result[] {
  return baselines.map(({ name, family, make }) => ({
    name,
    family,
    metrics: simulate(trace, setup, make()).metrics,
  }));
}

/** Who is on the Pareto frontier of late records and replica-hours; an oracle is no rule to be beaten by. */
export function rank(results: readonly Result[]): readonly Standing[] {
  const rules = results.filter(({ family }) => family !== 'oracle');
  return results.map((result) => ({
    ...result,
    isOnFrontier:
      result.family !== 'oracle' && !rules.some((rule) => beats(rule.metrics, result.metrics)),
  }));
}

function beats(a: Metrics, b: Metrics): boolean {
  const isNoWorse = a.lateFraction <= b.lateFraction && a.replicaHours <= b.replicaHours;
  return isNoWorse && (a.lateFraction < b.lateFraction || a.replicaHours < b.replicaHours);
}
