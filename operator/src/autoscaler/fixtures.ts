import type {
  Decision,
  Fraction,
  GroupDescription,
  GroupTrend,
  LagReading,
  Observation,
  PartitionOffsets,
  PartitionTrend,
  ScalingPolicy,
} from './types.ts';

/** Values for the tests of the core: a plain policy, offsets with a given lag, one observation. */

const exactly: Fraction = { numerator: 0n, denominator: 1n };
export const tenPercent: Fraction = { numerator: 1n, denominator: 10n };

export const basePolicy: ScalingPolicy = {
  minReplicas: 1,
  maxReplicas: 100,
  floors: [],
  sizing: { kind: 'lagPerReplica', lagPerReplica: 10n },
  activation: { lag: 0n, cooldownMs: 300_000, minActiveReplicas: 1 },
  offsetResetPolicy: 'latest',
  neverCommitted: 'keepOne',
  threadsPerReplica: 1,
  scaleUp: {
    stabilizationWindowMs: 0,
    policies: [],
    selectPolicy: 'Max',
    tolerance: tenPercent,
  },
  scaleDown: {
    stabilizationWindowMs: 300_000,
    policies: [],
    selectPolicy: 'Max',
    tolerance: tenPercent,
  },
  fallback: undefined,
  mode: 'Active',
  paused: false,
  override: undefined,
};

/** The policy without windows and tolerance: what lag asks for is what happens. */
export const directPolicy: ScalingPolicy = {
  ...basePolicy,
  scaleUp: { ...basePolicy.scaleUp, tolerance: exactly },
  scaleDown: { ...basePolicy.scaleDown, stabilizationWindowMs: 0, tolerance: exactly },
};

export function offsets(change: Partial<PartitionOffsets> = {}): PartitionOffsets {
  return {
    topic: 'orders',
    topicId: 'id-of-orders',
    partition: 0,
    committed: 100n,
    end: 100n,
    logStart: 0n,
    ...change,
  };
}

/** `count` partitions of one topic; the whole lag lies on the first. */
export function partitionsWithLag(count: number, lag: bigint | number): PartitionOffsets[] {
  const end = 1_000_000n + BigInt(lag);
  return Array.from({ length: count }, (_, partition) =>
    offsets({ partition, committed: partition === 0 ? 1_000_000n : end, end }),
  );
}

/** Nothing is known of how the offsets moved. */
export const noTrend: PartitionTrend = {
  arrivalRate: undefined,
  consumptionRate: undefined,
  timeLag: undefined,
  status: 'OK',
  stalled: false,
  stillSince: 0,
  reset: undefined,
};
export const noGroupTrend: GroupTrend = {
  arrivalRate: undefined,
  consumptionRate: undefined,
  maxTimeLag: undefined,
  meanTimeLag: undefined,
  status: 'OK',
  stopped: false,
  membershipChangedAt: undefined,
};

export function reading(offsets: readonly PartitionOffsets[]): LagReading {
  const partitions = offsets.map((p) => ({ ...p, trend: noTrend }));
  return { kind: 'observed', at: 0, partitions, trend: noGroupTrend, group: undefined };
}

/** A classic group of four members, each with partitions. */
export const stableGroup: GroupDescription = {
  kind: 'classic',
  state: 'Stable',
  members: 4,
  assignedMembers: 4,
  assignor: 'range',
  assignments: undefined,
};

export const unavailable: LagReading = {
  kind: 'unavailable',
  reason: 'KafkaUnreachable',
  message: 'no broker of kafka:9092 answered within 5 s',
};

export function observation(
  current: number,
  lag: LagReading,
  change: Partial<Observation> = {},
): Observation {
  return {
    now: 1_000_000_000,
    target: {
      specReplicas: current,
      statusReplicas: current,
      readyReplicas: current,
      rollingOut: false,
    },
    unschedulable: undefined,
    lag,
    policy: basePolicy,
    conflict: undefined,
    memory: undefined,
    ...change,
  };
}

/** Sizing by lag, so many records for each replica. */
export function byLag(lagPerReplica: bigint): Pick<ScalingPolicy, 'sizing'> {
  return { sizing: { kind: 'lagPerReplica', lagPerReplica } };
}

/** What a decision leads to, as the target shows it afterwards. */
export function replicasAfter(current: number, decision: Decision): number {
  return decision.action === 'scale' ? decision.desiredReplicas : current;
}
