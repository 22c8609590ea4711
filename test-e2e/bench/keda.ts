/**
 * KEDA (main between 2.20.2 and 2.21), measured once, apart from this benchmark, on a machine of the
 * same size: Kubernetes 1.34, one Kafka 4.1 broker, the same burst, no consumers. The numbers never
 * change with a run of ours.
 */
export interface KedaReaction {
  readonly setting: string;
  readonly pollSeconds: string;
  readonly from: number;
  /** Burst → 100 replicas. */
  readonly minSeconds: number;
  readonly medianSeconds: number;
  readonly maxSeconds: number;
  readonly patches: number;
}

const defaults = 'KEDA, defaults';
const tuned = 'KEDA, tuned `behavior` (scale-up without limit)';

function measured(
  [setting, pollSeconds, from]: readonly [string, string, number],
  [minSeconds, medianSeconds, maxSeconds]: readonly [number, number, number],
  patches: number,
): KedaReaction {
  return { setting, pollSeconds, from, minSeconds, medianSeconds, maxSeconds, patches };
}

export const kedaReactions: readonly KedaReaction[] = [
  measured([defaults, '30 s', 0], [85.8, 100.8, 104.8], 7),
  measured([defaults, '1 s', 0], [82.2, 83.1, 89.6], 7),
  measured([tuned, '30 s', 0], [6.0, 21.5, 34.5], 2),
  measured([tuned, '1 s', 0], [4.3, 10.2, 16.0], 2),
  measured([defaults, '30 s', 1], [76.6, 82.5, 88.3], 6),
  measured([defaults, '1 s', 1], [79.1, 89.2, 90.0], 6),
  measured([tuned, '30 s and 1 s', 1], [0.5, 7.5, 11.9], 1),
];

/** Per minute, at KEDA's default polling interval of 30 s; ScaledObjects of 10 partitions. */
export const kedaIdle = [
  { scalers: 1, kafkaRequests: 18, cpuSeconds: 1.3, operatorMemoryMB: 112 },
  { scalers: 500, kafkaRequests: 6622, cpuSeconds: 15.4, operatorMemoryMB: 629 },
] as const;
