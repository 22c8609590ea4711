import type { Decision, LagReading } from '../autoscaler/types.ts';
import type { ObservedTarget, TargetError } from './ports.ts';

/** What one poll saw and did: all that status, events, metrics and logs are made from. */
export interface Outcome {
  /** Epoch milliseconds of the decision. */
  readonly at: number;
  readonly reading: LagReading;
  /** Undefined when the target could not be read; `targetError` says why. */
  readonly target: ObservedTarget | undefined;
  readonly targetError: TargetError | undefined;
  /** Pods of the target that no node has room for; undefined while nobody knows. */
  readonly unschedulable: number | undefined;
  /** Undefined when there was no target to decide for. */
  readonly decision: Decision | undefined;
  /** The scale write of this poll. */
  readonly write: 'none' | 'applied' | TargetError;
}
