/**
 * The condition types and reasons of a KafkaConsumerScaler: the one list. Types and reasons the
 * Horizontal Pod Autoscaler has (autoscaling/v2) keep its names; the others are ours.
 */
export const conditionTypes = [
  'Ready',
  'AbleToScale',
  'ScalingActive',
  'ScalingLimited',
  'Unschedulable',
  'PartitionStalled',
  'IneffectiveScaleUp',
  'MembersMissing',
] as const;
/** There only while they hold. */
export const transientTypes = [
  'Unschedulable',
  'PartitionStalled',
  'IneffectiveScaleUp',
  'MembersMissing',
] as const satisfies readonly ConditionType[];
export type ConditionType = (typeof conditionTypes)[number];

/** Every reason that can appear in a condition, event, log line, status or metric. */
export const reasons = [
  // Ready: is the resource valid and served?
  'Reconciled', // the last poll observed, decided and, where needed, acted
  'InvalidSpec', // the API server could not know it, but this spec cannot be served; see message
  'SecretNotFound', // a Secret, ConfigMap, key or token file of spec.kafka is missing or may not be read
  // AbleToScale: can the replicas of the target be read and set?
  'ReadyForNewScale', // nothing stands in the way of the next change (HPA)
  'SucceededRescale', // this poll changed the replicas (HPA)
  'TargetNotFound', // scaleTargetRef names an object that does not exist
  'TargetNotScalable', // the kind of scaleTargetRef has no scale subresource
  'FailedGetScale', // the scale could not be read: denied or the API server failed (HPA)
  'FailedUpdateScale', // the scale could not be written: denied or the API server failed (HPA)
  'ScaleUpStabilized', // a lower recommendation inside the scale-up window holds the size (HPA)
  'ScaleDownStabilized', // a higher recommendation inside the scale-down window holds the size (HPA)
  'WarmingUp', // rates need some seconds of history before anything is decided
  'Unsettled', // pods or members have just changed: what they can do is not known yet
  'Frozen', // the last scale-up did not help: nothing changes for a while
  'RolloutInProgress', // the target replaces its pods: no scale-in until that is done
  'ConflictingAutoscaler', // an HPA or an older KafkaConsumerScaler owns the same target
  'Paused', // spec.paused: observed, never acted
  'Overridden', // spec.override holds the replicas until its time
  'Recommending', // mode: Recommend decides and reports, never writes
  // ScalingActive: is there a usable reading, and does lag drive the size?
  'ValidLagFound', // every partition was read
  'LagIncomplete', // some partitions are unknown: no scale-in
  'LagUnknown', // the reading failed for a reason that has no name of its own
  'KafkaUnreachable', // no broker, or no token endpoint, answered before the deadline
  'AuthenticationFailed', // the brokers, or a token endpoint, refused the credentials
  'AuthorizationFailed', // an ACL denies Describe on the group or a topic
  'TopicNotFound', // a topic of spec.consumer.topics does not exist
  'NoTopics', // no topics named and the group has neither commits nor assignments
  'UnsupportedBroker', // the brokers are older than the requests lagscaler needs
  'UnsupportedGroup', // a share group: it commits no offsets, so it has no lag
  'OffsetsReset', // the topic was re-created or truncated: no scale-in on what is seen meanwhile
  'PartitionStalled', // a partition with lag stands still while others move on
  'GroupStopped', // pods are ready, but none is a member, or there is lag and nobody commits
  'FallbackActive', // lag has been unknown for longer than spec.fallback allows
  'NotActive', // lag is at most spec.activation.lag: at, or on the way to, zero (minReplicas 0)
  'CoolingDown', // inactive, but not yet for spec.activation.cooldownSeconds
  'KeepAlive', // the group never committed: one replica stays so that it can start
  // ScalingLimited: was the wish cut?
  'DesiredWithinRange', // not limited (HPA)
  'TooManyReplicas', // cut to maxReplicas (HPA)
  'TooFewReplicas', // raised to minReplicas or activation.minActiveReplicas (HPA)
  'ScheduledMinimum', // raised to the minReplicas of an entry of spec.floors
  'ScheduledMaximum', // cut to the maxReplicas of an entry of spec.floors
  'PartitionLimited', // cut to the replicas that can own a partition
  'ScaleUpLimit', // a scaleUp policy limits the step (HPA)
  'ScaleDownLimit', // a scaleDown policy limits the step (HPA)
  'HotPartition', // a partition gets more than one consumer can read: no number of replicas helps
  'ObjectiveUnattainable', // load rises faster than replicas can start: records become too old
  'ObjectiveAtRisk', // with fewer replicas records might become older than the objective
  'PartitionSuspected', // a partition may be stuck: no scale-in until that is known
  'Unschedulable', // no node has room for some pods of the target: no scale-up until they are placed
  // Why the size is what it is
  'LagAboveTarget', // more lag per replica than sizing.lagPerReplica.value
  'LagBelowTarget', // less lag per replica than sizing.lagPerReplica.value
  'WithinTolerance', // close enough to the target to stay
  'LoadAboveCapacity', // more arrives than the replicas can read with headroom
  'LoadBelowCapacity', // fewer replicas can read what arrives
  'TimeLagAboveTarget', // records are older than sizing.timeLag.objectiveSeconds, or would be before more replicas read
  'CapacityUnknown', // a step to find out what one replica can read
  'WithinObjective', // the replicas keep up
  // What else a person should know
  'IneffectiveScaleUp', // more replicas did not read more: taken back, and no more for a while
  'MembersMissing', // pods are ready, but are not members of the group
  // Events
  'SuccessfulRescale', // the replicas were changed (HPA)
  'FailedRescale', // the replicas should have been changed, but the write failed (HPA)
  'WouldRescale', // mode: Recommend would have changed the replicas
] as const;
export type Reason = (typeof reasons)[number];

export type ConditionStatus = 'True' | 'False' | 'Unknown';

/** A condition before it has met the previous one: no times yet. */
export interface ConditionFinding {
  readonly type: ConditionType;
  readonly status: ConditionStatus;
  readonly reason: Reason;
  readonly message: string;
}

export interface Condition extends ConditionFinding {
  readonly lastTransitionTime: string;
  readonly observedGeneration: number;
}

/**
 * Merges one finding into the conditions of the last status. `lastTransitionTime` moves only when
 * `status` does, as in the Kubernetes API conventions.
 */
export function setCondition(
  previous: readonly Condition[],
  finding: ConditionFinding,
  at: { readonly time: string; readonly generation: number },
): Condition {
  const before = previous.find((c) => c.type === finding.type);
  const lastTransitionTime =
    before?.status === finding.status ? before.lastTransitionTime : at.time;
  return { ...finding, lastTransitionTime, observedGeneration: at.generation };
}
