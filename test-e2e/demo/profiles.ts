/** A load in users per second, held for some seconds. */
export interface LoadStep {
  readonly usersPerSecond: number;
  readonly seconds: number;
}

export interface DemoProfile {
  readonly title: string;
  /** The file of samples/ with the scaler of the approval service. */
  readonly sample: string;
  /** minReplicas of that sample: where it ends. */
  readonly minReplicas: number;
  /** Of each of the four topics. */
  readonly partitions: number;
  readonly maxReplicas: number;
  /** Of one message in the approval service, in ms; 1000 / workMs is what a replica approves a second. */
  readonly workMs: number;
  /** Held until the story says otherwise. */
  readonly usersPerSecond: number;
  /** Phase 1: one replica, nothing scales it. */
  readonly fallingBehindSeconds: number;
  /**
   * Phase 2: whether the load stays on until the lag is drained, how long it then goes on, and whether the
   * replicas must have been the same for all of that time.
   */
  readonly catchUp:
    | {
        readonly kind: 'drain' | 'settle';
        readonly withinSeconds: number;
        readonly calmSeconds: number;
      }
    | { readonly kind: 'capped'; readonly seconds: number };
  /** Phase 3: the load goes up step by step; empty: there is no such phase. */
  readonly ramp: readonly LoadStep[];
  /** Phase 4: how long draining the rest and scaling in may take. */
  readonly coolDownSeconds: number;
  /** Many pods in one process: hundreds of them fit on a small machine. */
  readonly light: boolean;
}

const story = {
  title: 'the whole story: falling behind, catching up, cooling down',
  sample: 'user-approval-service.yaml',
  minReplicas: 0,
  partitions: 60,
  maxReplicas: 60,
  workMs: 200,
  usersPerSecond: 25,
  fallingBehindSeconds: 120,
  catchUp: { kind: 'settle', withinSeconds: 300, calmSeconds: 60 },
  ramp: [],
  coolDownSeconds: 180,
  light: false,
} satisfies DemoProfile;

const byLag = {
  ...story,
  title: 'the same by lag alone: one jump to all replicas, and what becomes of that',
  sample: 'user-approval-service-lag-per-replica.yaml',
  minReplicas: 1,
  catchUp: { kind: 'drain', withinSeconds: 180, calmSeconds: 60 },
} satisfies DemoProfile;

const profiles = {
  default: story,
  'lag-per-replica': byLag,
  compat: {
    ...byLag,
    title: 'six partitions, as in 2020: more replicas than that cannot help',
    partitions: 6,
    catchUp: { kind: 'capped', seconds: 60 },
    coolDownSeconds: 240,
  },
  scale280: {
    ...byLag,
    title: 'the load rises step by step, up to 280 replicas',
    partitions: 280,
    maxReplicas: 280,
    // A message takes 4 s instead of 0.2 s, so that 280 replicas are needed at a load that two cores can carry.
    workMs: 4_000,
    usersPerSecond: 1,
    fallingBehindSeconds: 15,
    catchUp: { kind: 'drain', withinSeconds: 60, calmSeconds: 5 },
    ramp: [
      { usersPerSecond: 15, seconds: 60 },
      { usersPerSecond: 35, seconds: 60 },
      { usersPerSecond: 70, seconds: 120 },
    ],
    coolDownSeconds: 300,
    light: true,
  },
} satisfies Record<string, DemoProfile>;

/**
 * @param name from the variable PROFILE; empty is the whole story
 * @throws Error that lists the names
 */
export function demoProfile(name: string | undefined): DemoProfile & { readonly name: string } {
  const chosen = name || 'default';
  const found = Object.entries(profiles).find(([known]) => known === chosen);
  if (!found) {
    throw new Error(`PROFILE: set one of ${Object.keys(profiles).join(', ')}, not "${chosen}"`);
  }
  return { name: found[0], ...found[1] };
}
