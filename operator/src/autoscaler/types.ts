import type { ConditionType, Reason } from '../api/conditions.ts';
import type { CommitStatus, GroupCommitStatus } from './commit-status.ts';
import type { Floor } from './floors.ts';
import type { Objective } from './sizing/objective.ts';
import type { Latched } from './sizing/stalls.ts';
import type { SizingState } from './sizing/state.ts';

/** What the group committed on a partition: an offset, `none` (it never did) or `unknown` (no answer). */
export type CommittedOffset = bigint | 'none' | 'unknown';

/**
 * The offsets of one partition, in records, read in this order: committed, then end. A missing answer
 * or an error of the broker is `unknown` or `undefined`, never zero.
 */
export interface PartitionOffsets {
  readonly topic: string;
  /** Changes when the topic is deleted and created again. */
  readonly topicId: string;
  readonly partition: number;
  readonly committed: CommittedOffset;
  /** Next offset to be written; for `read_committed` the last stable offset. */
  readonly end: bigint | undefined;
  /** First offset that can still be read. */
  readonly logStart: bigint | undefined;
}

/**
 * Of which kind a group is: `classic` (members assign partitions among themselves), `consumer` (the
 * broker does, KIP-848) or `simple` (nobody ever joins: commits only).
 */
export type GroupKind = 'classic' | 'consumer' | 'simple';

/**
 * The group as its coordinator describes it, at most about two polls (or 30 s) old; undefined where it
 * may not or cannot be asked.
 */
export interface GroupDescription {
  readonly kind: GroupKind;
  /** As the broker names it: Stable, Empty, PreparingRebalance, Assigning, … */
  readonly state: string;
  readonly members: number;
  /** Members that own at least one partition; undefined where assignments cannot be understood. */
  readonly assignedMembers: number | undefined;
  /** The assignor the group chose, e.g. `range` or `cooperative-sticky`; undefined without members. */
  readonly assignor: string | undefined;
  /** Who owns what; undefined unless `LagRequest.withMembers` asked for it. */
  readonly assignments: readonly MemberAssignment[] | undefined;
}

/** A member and what it owns; without partitions it waits for one. */
export interface MemberAssignment {
  readonly memberId: string;
  readonly clientId: string;
  /** As the broker shows it, e.g. `/10.1.2.3`. */
  readonly host: string;
  /** `group.instance.id` of a static member. */
  readonly groupInstanceId: string | undefined;
  readonly partitions: readonly OwnedPartitions[];
}

/** Partitions of one topic. */
export interface OwnedPartitions {
  readonly topic: string;
  readonly partitions: readonly number[];
}

/** No offsets at all, and why. */
export interface Unavailable {
  readonly kind: 'unavailable';
  readonly reason: Reason;
  readonly message: string;
  /** What was thrown, for the log. */
  readonly error?: Error;
}

/** What Kafka said of one group in one poll. */
export type OffsetReading = ObservedOffsets | Unavailable;

export interface ObservedOffsets {
  readonly kind: 'observed';
  /** When the committed offsets arrived, epoch milliseconds; the end offsets are a little younger. */
  readonly at: number;
  /** One entry for every partition of every topic of the group; never empty. */
  readonly partitions: readonly PartitionOffsets[];
  readonly group: GroupDescription | undefined;
  /**
   * Why partitions are unknown, or if none is, why log starts are: names the broker and the remedy;
   * undefined when nothing is missing.
   */
  readonly gaps?: string | undefined;
}

/** Age of the next record the group has not committed; finite and never negative. */
export interface TimeLag {
  readonly seconds: number;
  /**
   * What it rests on: `confirmed` by the timestamp of a record; `extrapolated` and `lowerBound` where the
   * record is older than the history.
   */
  readonly basis: 'caughtUp' | 'interpolated' | 'confirmed' | 'extrapolated' | 'lowerBound';
}

/** How the offsets of one partition have moved. Undefined is unknown, never zero. */
export interface PartitionTrend {
  /** Records per second: growth of the end offset. */
  readonly arrivalRate: number | undefined;
  /** Records per second: growth of the committed offset since the members last changed. */
  readonly consumptionRate: number | undefined;
  readonly timeLag: TimeLag | undefined;
  readonly status: CommitStatus;
  /** Its commit stands still with lag while those of other partitions move. */
  readonly stalled: boolean;
  /** Epoch milliseconds since which its commit has been where it is, as far as anybody watched. */
  readonly stillSince: number;
  /** Why its history starts anew with this reading. */
  readonly reset: 'topicRecreated' | 'endWentBack' | undefined;
}

export interface PartitionReading extends PartitionOffsets {
  readonly trend: PartitionTrend;
}

/** How the offsets of the group have moved; undefined as soon as one partition is unknown. */
export interface GroupTrend {
  /** Records per second. */
  readonly arrivalRate: number | undefined;
  readonly consumptionRate: number | undefined;
  /** Seconds, of the partition that is most behind. */
  readonly maxTimeLag: number | undefined;
  /** Seconds, weighted by arrival rate: how old a record is when it is read. */
  readonly meanTimeLag: number | undefined;
  readonly status: GroupCommitStatus;
  /** Lag, and no commit on any partition for more than a minute. */
  readonly stopped: boolean;
  /** Epoch milliseconds; undefined when no change has been seen. */
  readonly membershipChangedAt: number | undefined;
}

/** A reading and the history before it, as one value: what is decided on. */
export type LagReading = ObservedLag | Unavailable;

interface ObservedLag extends Omit<ObservedOffsets, 'partitions'> {
  readonly partitions: readonly PartitionReading[];
  readonly trend: GroupTrend;
}

/** The target as the API server shows it. */
export interface TargetScale {
  /** spec.replicas: what somebody asked for. */
  readonly specReplicas: number;
  /** status.replicas: the pods that exist. */
  readonly statusReplicas: number;
  /** Pods that are ready; undefined for kinds that do not say. */
  readonly readyReplicas: number | undefined;
  /** A rollout replaces pods right now; false for kinds that do not say. */
  readonly rollingOut: boolean;
}

type ScalingPolicyType = 'Pods' | 'Percent';
export interface RatePolicy {
  readonly type: ScalingPolicyType;
  readonly value: number;
  readonly periodMs: number;
}
export interface ScalingRules {
  readonly stabilizationWindowMs: number;
  /** No policies: unlimited. */
  readonly policies: readonly RatePolicy[];
  readonly selectPolicy: 'Max' | 'Min' | 'Disabled';
  /** Overrides `ScalingPolicy.tolerance` for this direction. */
  readonly tolerance: Fraction;
}

/** An exact decimal, e.g. 0.1 is {numerator: 1n, denominator: 10n}: floating point loses exactly 1.1. */
export interface Fraction {
  readonly numerator: bigint;
  readonly denominator: bigint;
}

export interface Fallback {
  readonly failureThreshold: number;
  readonly replicas: number;
  readonly behavior:
    | 'static'
    | 'currentReplicas'
    | 'currentReplicasIfHigher'
    | 'currentReplicasIfLower';
}

/** One of the two strategies. */
export type Sizing =
  | {
      readonly kind: 'lagPerReplica';
      /** Records per replica; from sizing.lagPerReplica.value. */
      readonly lagPerReplica: bigint;
    }
  | ({ readonly kind: 'timeLag' } & Objective);

/** The spec with every default filled in: all the core knows of the resource. */
export interface ScalingPolicy {
  readonly minReplicas: number;
  readonly maxReplicas: number;
  /** Bounds that hold at some times only. */
  readonly floors: readonly Floor[];
  readonly sizing: Sizing;
  readonly activation: {
    readonly lag: bigint;
    readonly cooldownMs: number;
    readonly minActiveReplicas: number;
  };
  readonly offsetResetPolicy: 'earliest' | 'latest';
  readonly neverCommitted: 'keepOne' | 'ignore';
  readonly threadsPerReplica: number;
  readonly scaleUp: ScalingRules;
  readonly scaleDown: ScalingRules;
  readonly fallback: Fallback | undefined;
  readonly mode: 'Active' | 'Recommend';
  readonly paused: boolean;
  readonly override: Override | undefined;
}

interface Override {
  readonly replicas: number;
  readonly untilMs: number;
  readonly reason: string;
}

/** Another autoscaler that owns the same target, in words for the message, e.g. `HorizontalPodAutoscaler shop/orders`. */
export type Conflict = { readonly owner: string };

/** One tick: everything a decision may depend on. */
export interface Observation {
  /** Epoch milliseconds: the only clock the core sees. */
  readonly now: number;
  readonly target: TargetScale;
  /** Pods of the target that no node has room for; undefined while nobody knows. */
  readonly unschedulable: number | undefined;
  readonly lag: LagReading;
  readonly policy: ScalingPolicy;
  readonly conflict: Conflict | undefined;
  /** Undefined or `initialMemory` on the first tick after a start: its windows hold the current replicas. */
  readonly memory: Memory | undefined;
}

export interface TimedReplicas {
  readonly at: number;
  readonly replicas: number;
}

/** A change we applied: positive for added, negative for removed replicas. */
export interface ScaleEvent {
  readonly at: number;
  readonly change: number;
}

/** What one tick hands to the next. A value: never mutated; losing it is safe. */
export interface Memory {
  readonly recommendations: readonly TimedReplicas[];
  readonly scaleEvents: readonly ScaleEvent[];
  /** Last time the group had lag above activation.lag or records arrived. */
  readonly lastActiveAt: number;
  /** Readings that failed in a row. */
  readonly failures: number;
  /** Since when the reading has been incomplete; undefined while complete. */
  readonly incompleteSince: number | undefined;
  /** Since when the target has had a pod that is ready; undefined while it has none. */
  readonly readySince: number | undefined;
  /** Replicas after the last tick, to notice that somebody else changed them. */
  readonly replicas: number;
  /**
   * Per `topic/partition`: the offsets last seen and since when both have stood still; a trend only knows
   * since when the commit has.
   */
  readonly still: ReadonlyMap<string, StillOffsets>;
  /** The last assignor the group was seen with, kept while it has no members. */
  readonly assignor: string | undefined;
  /** Partitions that are stuck, and where. */
  readonly latched: Latched;
  /** What the strategy timeLag keeps; undefined with another one. */
  readonly sizing: SizingState | undefined;
}

export interface StillOffsets {
  readonly committed: bigint | undefined;
  readonly end: bigint | undefined;
  readonly since: number;
  /** Ticks in a row with a committed offset beyond the end. */
  readonly beyondEndTicks: number;
}

type StepName =
  | 'Recommend' // lag / lagPerReplica with tolerance, or the load against the capacity
  | 'Settle' // it is too early to tell, or too soon after the last change
  | 'LimitStep' // not so many fewer at once
  | 'CapAtPartitions'
  | 'Activate' // zero, wake-up, keep-alive
  | 'Stabilize'
  | 'LimitRate'
  | 'Bound'
  | 'Fallback'
  | 'Override'
  | 'Hold'; // a veto: the size stays whatever was recommended

/** One link of the chain from lag to replicas; `from` is what the step was given. */
export interface Step {
  readonly step: StepName;
  readonly from: number;
  readonly to: number;
  readonly reason: Reason;
  readonly message: string;
}

export type LagFlag =
  | 'neverCommitted' // no commit, or one that lies beyond the end for good
  | 'upperBound' // the log start is unknown: at most this much
  | 'committedBelowLogStart' // retention deleted what the group had not read
  | 'committedBeyondEnd' // topic re-created or truncated, or a stale end: no scale-in
  | 'endMissing' // no end offset: unknown
  | 'committedUnknown'; // no answer about the commit: unknown

/** Lag of the whole group. */
export interface GroupLag {
  /** Records; undefined while any partition is unknown. */
  readonly lag: bigint | undefined;
  /** Records that are certainly there, from the partitions that are known; undefined when none is. */
  readonly lowerBound: bigint | undefined;
  readonly partitions: number;
  readonly unknownPartitions: number;
  readonly complete: boolean;
  /** Above activation.lag? undefined while that cannot be said. */
  readonly active: boolean | undefined;
  readonly scaleInAllowed: boolean;
  /** No partition was ever committed and one replica must stay so that the group can start. */
  readonly keepAlive: boolean;
  readonly flags: readonly LagFlag[];
}

/** Something a person should know, whatever the size: part of a condition while it holds. */
export interface Notice {
  readonly type: ConditionType;
  readonly reason: Reason;
  readonly message: string;
}

/** One decision, with the steps that made it: condition, event, log line, status and metric show this value. */
export interface Decision {
  /** What the group should have: the current replicas while it holds, except in mode Recommend. */
  readonly desiredReplicas: number;
  /** The only permission to write: `scale` means one patch to `desiredReplicas`. */
  readonly action: 'hold' | 'scale';
  /** The reason and message a person reads first. */
  readonly reason: Reason;
  readonly message: string;
  readonly steps: readonly Step[];
  readonly lag: GroupLag | undefined;
  readonly notices: readonly Notice[];
  /** Records per second of one replica, as far as it is known. */
  readonly capacityPerReplica: number | undefined;
  readonly memory: Memory;
}
