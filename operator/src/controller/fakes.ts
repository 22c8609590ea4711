import type { Reason } from '../api/conditions.ts';
import type { KafkaConsumerScalerSpec, KafkaConsumerScalerStatus } from '../api/types.gen.ts';
import type { OffsetReading, PartitionOffsets } from '../autoscaler/types.ts';
import { createCalendar } from './calendar.ts';
import type { Clock } from './clock.ts';
import { createConflicts } from './conflicts.ts';
import type { Outcome } from './outcome.ts';
import {
  type KeyRef,
  type LagRequest,
  type LagSource,
  type ObservedTarget,
  type PodCount,
  type PodReader,
  type Ports,
  type RecordPosition,
  type Scaler,
  type ScalerEvent,
  type ScalerStore,
  type ScaleTarget,
  SecretError,
  type SecretReader,
  TargetError,
  type TargetRef,
} from './ports.ts';
import { createScalerStates } from './state.ts';

/** A clock that stands still until it is told to advance; timers fire in order of their time. */
export class FakeClock implements Clock {
  #now: number;
  /** How far the wall clock was set. */
  #stepped = 0;
  #timers: { at: number; callback: () => void }[] = [];
  constructor(now = Date.UTC(2026, 0, 1)) {
    this.#now = now;
  }
  now(): number {
    return this.#now + this.#stepped;
  }
  monotonic(): number {
    return this.#now;
  }
  /** Somebody sets the wall clock: no time passes. */
  step(ms: number): void {
    this.#stepped += ms;
  }
  after(delayMs: number, callback: () => void): () => void {
    const timer = { at: this.#now + delayMs, callback };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((t) => t !== timer);
    };
  }
  get timers(): number {
    return this.#timers.length;
  }
  /** Moves time and lets promises settle after each timer. */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms;
    for (;;) {
      const next = this.#timers.filter((t) => t.at <= end).sort((a, b) => a.at - b.at)[0];
      if (!next) break;
      this.#timers = this.#timers.filter((t) => t !== next);
      this.#now = Math.max(this.#now, next.at);
      next.callback();
      await settle();
    }
    this.#now = end;
    await settle();
  }
}

/** Lets everything that is ready to run, run. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 3; i++) await new Promise<void>((resolve) => setImmediate(resolve));
}

/** An API server's worth of scalers. */
export class FakeScalers implements ScalerStore {
  readonly objects = new Map<string, Scaler>();
  writes = 0;
  failure: Error | undefined;
  get(key: string): Scaler | undefined {
    return this.objects.get(key);
  }
  list(): readonly Scaler[] {
    return [...this.objects.values()];
  }
  async publish(scaler: Scaler, status: KafkaConsumerScalerStatus): Promise<void> {
    if (this.failure) throw this.failure;
    const current = this.objects.get(scaler.key);
    if (!current) return;
    this.writes++;
    this.objects.set(scaler.key, { ...current, status });
  }
}

/** Scalable objects that remember their replicas and refuse a write with an old version. */
export class FakeTargets implements ScaleTarget {
  readonly objects = new Map<string, ObservedTarget>();
  readonly patches: number[] = [];
  readonly hpas = new Map<string, string>();
  /** Runs before a write arrives, e.g. another writer. */
  beforeWrite: (() => void) | undefined;
  failure: TargetError | undefined;

  set(name: string, replicas: number, extra: Partial<ObservedTarget> = {}): void {
    const version = Number(this.objects.get(name)?.resourceVersion ?? 0) + 1;
    this.objects.set(name, {
      specReplicas: replicas,
      statusReplicas: replicas,
      readyReplicas: replicas,
      rollingOut: false,
      resourceVersion: String(version),
      selector: `app=${name}`,
      ...extra,
    });
  }
  async read(ref: TargetRef): Promise<ObservedTarget> {
    const target = this.objects.get(ref.name);
    if (!target) throw new TargetError('NotFound', `${ref.kind} ${ref.name} does not exist`);
    return target;
  }
  async setReplicas(ref: TargetRef, observed: ObservedTarget, replicas: number): Promise<void> {
    this.beforeWrite?.();
    if (this.failure) throw this.failure;
    const current = await this.read(ref);
    if (current.resourceVersion !== observed.resourceVersion)
      throw new TargetError('Conflict', `${ref.kind} ${ref.name} was changed by somebody else`);
    this.patches.push(replicas);
    this.set(ref.name, replicas);
  }
  autoscalerOf(ref: TargetRef): string | undefined {
    return this.hpas.get(ref.name);
  }
}

/** A namespace in which some pods of every target find no node. */
export class FakePods implements PodReader {
  /** Undefined: they cannot be listed. */
  unschedulable: number | undefined = 0;
  readonly asked: string[] = [];
  async countUnschedulable(namespace: string, selector: string): Promise<PodCount> {
    this.asked.push(`${namespace}?${selector}`);
    return this.unschedulable === undefined
      ? { kind: 'unknown', error: new Error('pods is forbidden') }
      : { kind: 'counted', unschedulable: this.unschedulable };
  }
}

/** Secrets and ConfigMaps under `Secret shop/kafka`, and who uses which. */
export class FakeSecrets implements SecretReader {
  readonly objects = new Map<string, Readonly<Record<string, string>>>();
  readonly used = new Map<string, readonly string[]>();
  async read(owner: string, refs: readonly KeyRef[]): Promise<readonly string[]> {
    this.used.set(owner, [...new Set(refs.map(nameOf))]);
    return refs.map((ref) => {
      const value = this.objects.get(nameOf(ref))?.[ref.key];
      if (value === undefined) throw new SecretError('NotFound', `${nameOf(ref)}: ${ref.key}`);
      return value;
    });
  }
  release(owner: string): void {
    this.used.delete(owner);
  }
}

const nameOf = ({ kind, namespace, name }: KeyRef): string => `${kind} ${namespace}/${name}`;

/** A Kafka cluster with one group: `lag` records spread over its partitions, or a failure. */
export class FakeLag implements LagSource {
  partitions = 40;
  lag: bigint | undefined = 0n;
  /** Why, while `lag` is undefined. */
  failure: Reason = 'KafkaUnreachable';
  unknown = 0;
  /** Reading time, epoch milliseconds. */
  at: () => number = () => 0;
  /** Makes a partition differ from the others. */
  change: (offsets: PartitionOffsets) => PartitionOffsets = (offsets) => offsets;
  /** Of any record. */
  timestamp: number | undefined;
  readonly timestampsAsked: string[] = [];
  /** Why some offsets are unknown. */
  gaps = 'broker 2 at kafka-2:9092: connect: TCP: refused';
  readonly released: string[] = [];
  readonly requests: LagRequest[] = [];
  async read(_owner: string, request: LagRequest): Promise<OffsetReading> {
    this.requests.push(request);
    if (this.lag === undefined)
      return { kind: 'unavailable', reason: this.failure, message: 'no broker answers' };
    const first = this.lag;
    const offsets = (partition: number): PartitionOffsets => {
      const end = 1000n + (partition === 0 ? first : 0n);
      const known = partition < this.partitions - this.unknown;
      return {
        topic: 'orders',
        topicId: 'id-of-orders',
        partition,
        committed: 1000n,
        end: known ? end : undefined,
        logStart: 0n,
      };
    };
    const partitions = Array.from({ length: this.partitions }, (_, i) => this.change(offsets(i)));
    const isWhole = partitions.every((p) => p.end !== undefined && p.logStart !== undefined);
    const gaps = isWhole ? undefined : this.gaps;
    return { kind: 'observed', at: this.at(), partitions, group: undefined, gaps };
  }
  async timestampOf(_owner: string, { topic, partition, offset }: RecordPosition) {
    this.timestampsAsked.push(`${topic}/${partition} ${offset}`);
    return this.timestamp;
  }
  release(owner: string): void {
    this.released.push(owner);
  }
  async close(): Promise<void> {}
}

export function scalerOf(name: string, spec: Partial<KafkaConsumerScalerSpec> = {}): Scaler {
  return {
    key: `shop/${name}`,
    namespace: 'shop',
    name,
    uid: `uid-${name}`,
    generation: 1,
    resourceVersion: '1',
    creationTimestamp: 0,
    status: undefined,
    spec: {
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'orders' },
      minReplicas: 1,
      maxReplicas: 100,
      kafka: { bootstrapServers: ['kafka:9092'] },
      consumer: {
        group: 'orders',
        topics: ['orders'],
        offsetResetPolicy: 'latest',
        isolationLevel: 'read_uncommitted',
        threadsPerReplica: 1,
        neverCommitted: 'keepOne',
      },
      sizing: { lagPerReplica: { value: 50, tolerance: '0.1' } },
      activation: { lag: 0, cooldownSeconds: 300, minActiveReplicas: 1 },
      pollingIntervalSeconds: 5,
      mode: 'Active',
      paused: false,
      ...spec,
    },
  };
}

/** One scaler `shop/orders` on Deployment `orders`, with everything a reconcile touches. */
export function fakeWorld(spec: Partial<KafkaConsumerScalerSpec> = {}) {
  const clock = new FakeClock();
  const scalers = new FakeScalers();
  const target = new FakeTargets();
  const lag = new FakeLag();
  const pods = new FakePods();
  const secrets = new FakeSecrets();
  const podsUnknown: string[] = [];
  const events: ScalerEvent[] = [];
  const outcomes: { outcome: Outcome; notable: boolean }[] = [];
  const seen = { events, outcomes, podsUnknown };
  const world = {
    clock,
    scalers,
    target,
    pods,
    secrets,
    lag,
    ...seen,
    leading: true,
    statusFailures: 0,
  };
  const add = (scaler: Scaler) => {
    scalers.objects.set(scaler.key, scaler);
    conflicts.invalidate();
  };
  const conflicts = createConflicts(scalers, target);
  const ports: Ports = {
    scalers,
    target,
    lag,
    clock,
    calendar: createCalendar(() => clock.now()),
    pods,
    secrets,
    identity: { tokenDirectory: '/tokens', awsNamespaces: [] },
    events: { publish: (_about, published) => events.push(...published) },
    states: createScalerStates((key) => {
      lag.release(key);
      secrets.release(key);
    }, clock),
    aside: (work) => work,
    mayWrite: () => world.leading,
    conflictOf: (scaler) => conflicts.of(scaler),
    onOutcome: (_scaler, outcome, notable) => outcomes.push({ outcome, notable }),
    onStatusFailure: () => world.statusFailures++,
    onPodsUnknown: (_scaler, error) => podsUnknown.push(error.message),
  };
  target.set('orders', 1);
  add(scalerOf('orders', spec));
  return { ...world, world, ports, add };
}
