import type { KafkaConsumerScalerSpec, KafkaConsumerScalerStatus } from '../api/types.gen.ts';
import type { Calendar } from '../autoscaler/calendar.ts';
import type { Conflict, OffsetReading, TargetScale } from '../autoscaler/types.ts';
import type { Clock } from './clock.ts';
import type { KafkaConnection } from './kafka-connection.ts';
import type { Outcome } from './outcome.ts';
import type { ScalerStates } from './state.ts';

export type { KafkaConnection } from './kafka-connection.ts';

/**
 * The outside world as the controller needs it. `kube/` and `kafka/` implement these; tests use the
 * fakes beside this file. Every method that leaves the process takes an AbortSignal and keeps a
 * deadline of its own, so none of them can hang.
 */

/** `namespace/name` of a KafkaConsumerScaler: what the queue hands out. */
export type Key = string;

export interface ObjectRef {
  readonly namespace: string;
  readonly name: string;
}

/** A KafkaConsumerScaler as it came from the API server, its defaults filled in by the schema. */
export interface Scaler {
  readonly key: Key;
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly generation: number;
  readonly resourceVersion: string;
  /** Epoch milliseconds; decides which of two scalers on one target is the older. */
  readonly creationTimestamp: number;
  readonly spec: KafkaConsumerScalerSpec;
  readonly status: KafkaConsumerScalerStatus | undefined;
}

export interface ScalerStore {
  /** From the cache: no request. */
  get(key: Key): Scaler | undefined;
  list(): readonly Scaler[];
  /**
   * One merge-patch that makes `status` the whole status. A scaler deleted meanwhile is ignored.
   * @throws when the API server could not be reached or refused
   */
  publish(scaler: Scaler, status: KafkaConsumerScalerStatus, signal: AbortSignal): Promise<void>;
}

export interface TargetRef {
  readonly namespace: string;
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
}

export interface ObservedTarget extends TargetScale {
  /** The resourceVersion a write must carry (traps C3). */
  readonly resourceVersion: string;
  /** Of its pods, as a list takes it; undefined for a scale without `status.selector`. */
  readonly selector: string | undefined;
}

export interface ScaleTarget {
  /**
   * From the cache for Deployments and StatefulSets, by GET for other kinds or when `fresh` is set.
   * @throws TargetError NotFound, NotScalable, Forbidden, Unavailable
   */
  read(ref: TargetRef, options: { fresh: boolean }, signal: AbortSignal): Promise<ObservedTarget>;
  /**
   * One merge-patch on the scale subresource, conditional on the resourceVersion of `observed`.
   * @throws TargetError Conflict when the target changed meanwhile, else as for read
   */
  setReplicas(
    ref: TargetRef,
    observed: ObservedTarget,
    replicas: number,
    signal: AbortSignal,
  ): Promise<void>;
  /** A HorizontalPodAutoscaler on the same target, as `namespace/name`; from the cache. */
  autoscalerOf(ref: TargetRef): string | undefined;
}

export type PodCount =
  | { readonly kind: 'counted'; readonly unschedulable: number }
  | { readonly kind: 'unknown'; readonly error: Error }; // never a zero

export interface PodReader {
  /**
   * Pods under a label selector that no node has room for: Pending, with PodScheduled=False and the
   * reason Unschedulable. One request, counts up to 500; trouble with it is `unknown`, never thrown.
   */
  countUnschedulable(namespace: string, selector: string, signal: AbortSignal): Promise<PodCount>;
}

export const targetErrorCodes = [
  'NotFound',
  'NotScalable',
  'Forbidden',
  'Conflict',
  'Unavailable',
] as const;
export type TargetErrorCode = (typeof targetErrorCodes)[number];

export class TargetError extends Error {
  override readonly name = 'TargetError';
  readonly code: TargetErrorCode;
  constructor(code: TargetErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}

/** One key of a Secret or ConfigMap. */
export interface KeyRef extends ObjectRef {
  readonly kind: 'Secret' | 'ConfigMap';
  readonly key: string;
}

export interface SecretReader {
  /**
   * The values of these keys, decoded, in order; all as they are at one moment. A request is only made
   * for objects that nobody used before.
   * @param owner uses exactly these objects until its next `read` or its `release`
   * @throws SecretError NotFound, KeyNotFound, Forbidden, Unavailable; the message never holds a value
   */
  read(owner: Key, refs: readonly KeyRef[], signal: AbortSignal): Promise<readonly string[]>;
  /** The owner is gone. */
  release(owner: Key): void;
}

export class SecretError extends Error {
  override readonly name = 'SecretError';
  readonly code: 'NotFound' | 'KeyNotFound' | 'Forbidden' | 'Unavailable';
  constructor(code: SecretError['code'], message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}

/** Who may act in the name of the operator itself; decided by who runs it. */
export interface OperatorIdentity {
  /** Folder of token files, with a folder for each namespace whose scalers may use them; undefined: none. */
  readonly tokenDirectory: string | undefined;
  /** Namespaces whose scalers may use the operator's own AWS identity; `*`: all. */
  readonly awsNamespaces: readonly string[];
}

export interface LagRequest {
  readonly connection: KafkaConnection;
  readonly group: string;
  /** Empty: the topics the group has committed or is assigned. */
  readonly topics: readonly string[];
  /** Undefined: all. Only with exactly one topic. */
  readonly partitions: readonly number[] | undefined;
  readonly isolationLevel: 'read_uncommitted' | 'read_committed';
  /** Tell who owns what, in `GroupDescription.assignments`; false. */
  readonly withMembers?: boolean;
}

export interface RecordPosition {
  readonly connection: KafkaConnection;
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
}

export interface LagSource {
  /**
   * Committed offsets, then end offsets, of one group. Never throws for trouble with Kafka: that is an
   * `unavailable` reading. Calls that fall together share their requests.
   * @param owner counts as a user of the session of `request.connection` until `release`
   */
  read(owner: Key, request: LagRequest, signal: AbortSignal): Promise<OffsetReading>;
  /**
   * When the record at an offset was written, epoch milliseconds, or the next one that is left. One
   * Fetch per leader for all calls that fall together; needs READ on the topic.
   * @param owner one that has read with this connection
   * @returns undefined when that cannot be told now: denied, not reachable, or too much for one answer
   */
  timestampOf(
    owner: Key,
    position: RecordPosition,
    signal: AbortSignal,
  ): Promise<number | undefined>;
  /** The owner is gone: its session is closed when nobody else uses it. */
  release(owner: Key): void;
  close(): Promise<void>;
}

export interface ScalerEvent {
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  readonly message: string;
}

export interface EventRecorder {
  /** Never throws; failures only count in a metric. Equal events are folded into one with a count. */
  publish(about: ObjectRef & { readonly uid: string }, events: readonly ScalerEvent[]): void;
}

/** Everything a reconcile may touch. */
export interface Ports {
  readonly scalers: ScalerStore;
  readonly target: ScaleTarget;
  readonly pods: PodReader;
  readonly secrets: SecretReader;
  readonly identity: OperatorIdentity;
  readonly lag: LagSource;
  readonly events: EventRecorder;
  readonly states: ScalerStates;
  readonly clock: Clock;
  readonly calendar: Calendar;
  /** Waits for what may take until a deadline, without holding a worker of the queue. */
  aside<T>(work: Promise<T>): Promise<T>;
  /** False while another replica leads and during shutdown: decide and report nothing that writes. */
  mayWrite(): boolean;
  conflictOf(scaler: Scaler): Conflict | undefined;
  /** Metrics and log: `notable` when a person would want to hear of it. */
  onOutcome(scaler: Scaler, outcome: Outcome, notable: boolean): void;
  onStatusFailure(scaler: Scaler, error: unknown): void;
  /** Nobody knows whether the pods of the target find a node; told when it begins. */
  onPodsUnknown(scaler: Scaler, error: Error): void;
}

/** What the controller is given; its queue adds the rest. */
export type ControllerPorts = Omit<Ports, 'aside'>;
