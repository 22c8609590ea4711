import {
  type ConditionFinding,
  type ConditionType,
  type Reason,
  transientTypes,
} from '../api/conditions.ts';
import { whyStopped } from '../autoscaler/stopped.ts';
import type { Decision, Notice, Step } from '../autoscaler/types.ts';
import { describeUnschedulable } from '../autoscaler/unschedulable.ts';
import type { Outcome } from './outcome.ts';
import type { TargetErrorCode } from './ports.ts';

type Finding = Omit<ConditionFinding, 'type'>;

const readReasons: Record<TargetErrorCode, Reason> = {
  NotFound: 'TargetNotFound',
  NotScalable: 'TargetNotScalable',
  Forbidden: 'FailedGetScale',
  Conflict: 'FailedGetScale',
  Unavailable: 'FailedGetScale',
};

/** Reasons that keep the operator's hands off the target, whatever the lag. */
const handsOff: readonly Reason[] = [
  'ConflictingAutoscaler',
  'Paused',
  'Overridden',
  'Recommending',
];
const inactive: readonly Reason[] = ['NotActive', 'CoolingDown', 'KeepAlive'];
const limits: readonly Reason[] = [
  'TooManyReplicas',
  'TooFewReplicas',
  'ScheduledMinimum',
  'ScheduledMaximum',
  'PartitionLimited',
  'ScaleUpLimit',
  'ScaleDownLimit',
  'Unschedulable',
];
const remarks: readonly Reason[] = [
  'ScaleUpStabilized',
  'ScaleDownStabilized',
  'RolloutInProgress',
  'WarmingUp',
  'Unsettled',
  'Frozen',
  'ObjectiveAtRisk',
  'PartitionSuspected',
];

/**
 * The conditions of an outcome; ScalingActive and ScalingLimited keep their last value without a
 * decision, the transient ones are there only while they hold.
 */
export function findings(outcome: Outcome): ConditionFinding[] {
  const found: ConditionFinding[] = [
    { type: 'Ready', ...ready(outcome) },
    { type: 'AbleToScale', ...ableToScale(outcome) },
    { type: 'ScalingActive', ...scalingActive(outcome) },
  ];
  if (outcome.decision) found.push({ type: 'ScalingLimited', ...scalingLimited(outcome.decision) });
  const waiting = unschedulable(outcome);
  if (waiting) found.push({ type: 'Unschedulable', ...waiting });
  const own = transientTypes.flatMap((type) => noticeOf(outcome.decision, type) ?? []);
  return [...found, ...own.map(({ type, reason, message }) => ({ type, ...yes(reason, message) }))];
}

function ready(outcome: Outcome): Finding {
  const failed = cannotScale(outcome);
  if (failed) return failed;
  const { reading, decision } = outcome;
  const conflict = stepWith(decision, ['ConflictingAutoscaler']);
  if (conflict) return no('ConflictingAutoscaler', conflict.message);
  if (reading.kind === 'unavailable') return no(reading.reason, reading.message);
  const unknown = unknownPartitions(outcome);
  if (unknown) return { ...unknown, status: 'Unknown' };
  return yes('Reconciled', 'lag is read and the target can be scaled');
}

function ableToScale(outcome: Outcome): Finding {
  const failed = cannotScale(outcome);
  if (failed) return failed;
  const { decision } = outcome;
  if (!decision && outcome.reading.kind === 'unavailable')
    return no(outcome.reading.reason, outcome.reading.message);
  const veto = stepWith(decision, handsOff);
  if (veto) return no(veto.reason, veto.message);
  if (outcome.write === 'applied' && decision)
    return yes('SucceededRescale', `the replicas were set to ${decision.desiredReplicas}`);
  const remark = stepWith(decision, remarks);
  return remark
    ? yes(remark.reason, remark.message)
    : yes('ReadyForNewScale', 'nothing stands in the way of the next change');
}

function scalingActive(outcome: Outcome): Finding {
  const { reading, decision } = outcome;
  if (reading.kind === 'unavailable') {
    const fallback = stepWith(decision, ['FallbackActive']);
    return {
      status: 'Unknown',
      reason: fallback ? 'FallbackActive' : reading.reason,
      message: fallback?.message ?? reading.message,
    };
  }
  const unknown = unknownPartitions(outcome);
  if (unknown) {
    const fallback = stepWith(decision, ['FallbackActive']);
    const { reason, message } = fallback ?? unknown;
    return { status: 'Unknown', reason, message };
  }
  const idle = stepWith(decision, inactive) ?? noticeOf(decision, 'ScalingActive');
  if (idle) return no(idle.reason, idle.message);
  const stopped = whyStopped(reading, decision?.memory.readySince, outcome.at);
  if (stopped) return yes('GroupStopped', stopped);
  return yes('ValidLagFound', validLag(outcome));
}

/** A lag that is too high makes no scale-in, but a person should know. */
function validLag({ reading, decision }: Outcome): string {
  const gaps = reading.kind === 'observed' ? reading.gaps : undefined;
  const isBound = decision?.lag?.flags.includes('upperBound') === true;
  if (!isBound && !gaps) return 'every partition of the group was read';
  const what = isBound ? 'the lag is an upper bound:' : 'the lag is exact, although';
  return `${what} not every log start is known${gaps ? `: ${gaps}` : ''}`;
}

function scalingLimited(decision: Decision): Finding {
  const limit = stepWith(decision, limits) ?? noticeOf(decision, 'ScalingLimited');
  return limit
    ? yes(limit.reason, limit.message)
    : no('DesiredWithinRange', 'the desired replicas are within the allowed range');
}

function unschedulable({ target, unschedulable }: Outcome): Finding | undefined {
  if (!target || !unschedulable) return undefined;
  const { specReplicas: desired, readyReplicas: ready } = target;
  return yes('Unschedulable', describeUnschedulable({ desired, ready, unschedulable }));
}

function cannotScale({ targetError, write }: Outcome): Finding | undefined {
  if (targetError) return no(readReasons[targetError.code], targetError.message);
  return typeof write === 'string' ? undefined : no('FailedUpdateScale', write.message);
}

function unknownPartitions({ decision, reading }: Outcome): Omit<Finding, 'status'> | undefined {
  const lag = decision?.lag;
  if (!lag || lag.complete) return undefined;
  const what = `${lag.unknownPartitions} of ${lag.partitions} partitions could not be read: no scale-in`;
  const why = reading.kind === 'observed' ? reading.gaps : undefined;
  return { reason: 'LagIncomplete', message: why ? `${what}; ${why}` : what };
}

/** The last step with one of these reasons: later steps overrule earlier ones. */
function stepWith(decision: Decision | undefined, reasons: readonly Reason[]): Step | undefined {
  return decision?.steps.findLast((step) => reasons.includes(step.reason));
}

function noticeOf(decision: Decision | undefined, type: ConditionType): Notice | undefined {
  return decision?.notices.find((notice) => notice.type === type);
}

const yes = (reason: Reason, message: string): Finding => ({ status: 'True', reason, message });
const no = (reason: Reason, message: string): Finding => ({ status: 'False', reason, message });
