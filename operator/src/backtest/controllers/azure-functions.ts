import type { ReplicaBounds } from '../../autoscaler/sizing/demand.ts';
import type { Controller, View } from '../controller.ts';
import { totalsOf } from './totals.ts';

type Vote = 'in' | 'out' | 'none';

const samplesToConsider = 5;
const defaults = { lagThreshold: 1000, throttleSeconds: 60 } as const;

export interface AzureInput {
  /** Total lag, oldest first. */
  readonly samples: readonly number[];
  readonly workers: number;
  readonly partitions: number;
  readonly lagThreshold: number;
}

/** The vote of the target scaler of the Azure Functions Kafka extension: one worker more, or one less. */
export function azureVote({ samples, workers, partitions, lagThreshold }: AzureInput): Vote {
  if (workers > partitions) return 'in';
  if (samples.length < samplesToConsider) return 'none';
  const latest = samples.at(-1) ?? 0;
  if (samples.every((lag) => lag === 0)) return 'in';
  if (latest > workers * lagThreshold || rises(samples))
    return workers < partitions ? 'out' : 'none';
  // Only when the others can take over what the worker has.
  return falls(samples) && latest < (workers - 1) * lagThreshold ? 'in' : 'none';
}

function rises(samples: readonly number[]): boolean {
  return samples.every((lag, i) => i === 0 || lag > (samples[i - 1] ?? lag));
}

function falls(samples: readonly number[]): boolean {
  return samples.every((lag, i) => i === 0 || lag < (samples[i - 1] ?? lag));
}

/** No worker goes so soon after the last one came. */
export function azureThrottle(wish: {
  readonly last: number;
  readonly target: number;
  readonly secondsSinceScaleOut: number;
  readonly throttleSeconds: number;
}): number {
  const { last, target, secondsSinceScaleOut, throttleSeconds } = wish;
  return target < last && secondsSinceScaleOut < throttleSeconds ? last : target;
}

/** The scaler of the Azure Functions Kafka extension, with its defaults. */
export function azureFunctions(name: string, bounds: ReplicaBounds): Controller {
  let samples: readonly number[] = [];
  let scaledOutAt = Number.NEGATIVE_INFINITY;
  const decide = (view: View) => {
    const { seconds, replicas: last } = view;
    const totals = totalsOf(view);
    if (!totals) return { replicas: last, reason: 'no metrics' };
    samples = [...samples, totals.lag].slice(-samplesToConsider);
    const { partitions } = totals;
    const vote = azureVote({ samples, workers: last, partitions, ...defaults });
    const voted = last + { in: -1, out: 1, none: 0 }[vote];
    const target = Math.min(bounds.maxReplicas, Math.max(bounds.minReplicas, voted));
    const secondsSinceScaleOut = seconds - scaledOutAt;
    const replicas = azureThrottle({ last, target, secondsSinceScaleOut, ...defaults });
    if (replicas > last) scaledOutAt = seconds;
    return { replicas, reason: `votes ${vote}` };
  };
  return { name, intervalSeconds: 15, decide, restart: () => undefined };
}
