/** What was seen of real consumers at one moment. */
export interface RealitySample {
  /** Seconds since the load began. */
  readonly t: number;
  /** spec.replicas. */
  readonly replicas: number;
  /** Pods that exist: also those that start or leave. */
  readonly pods: number;
  readonly members: number;
  /** Records committed so far. */
  readonly consumed: number;
  readonly lag: number;
}

export interface Action {
  readonly t: number;
  readonly from: number;
  readonly to: number;
}

/** What the simulation is told of the world, as far as it was measured. */
export interface Measured {
  readonly replicaHours: number;
  readonly actions: readonly Action[];
  /** From the write of a size until the first and until the last of its pods was a member. */
  readonly startSeconds: readonly [min: number, max: number];
  /** In the middle of all: nothing was read while members changed. */
  readonly pauseSeconds: number;
}

export function measured(samples: readonly RealitySample[]): Measured {
  const actions = actionsOf(samples);
  const starts = actions.flatMap((action, i) => startsOf(action, actions[i + 1]?.t, samples));
  return {
    replicaHours: podSeconds(samples) / 3600,
    actions,
    startSeconds: [Math.floor(Math.min(...starts)), Math.ceil(Math.max(...starts))],
    pauseSeconds: median(pausesOf(samples)),
  };
}

function actionsOf(samples: readonly RealitySample[]): readonly Action[] {
  return samples.flatMap(({ t, replicas: to }, i) => {
    const from = samples[i - 1]?.replicas ?? to;
    return from === to ? [] : [{ t, from, to }];
  });
}

function podSeconds(samples: readonly RealitySample[]): number {
  return samples.reduce((sum, { t, pods }, i) => sum + pods * (t - (samples[i - 1]?.t ?? 0)), 0);
}

/** Seconds until each further member of a scale-up had joined, as far as the next change let it. */
function startsOf(
  { t, from, to }: Action,
  next = Number.POSITIVE_INFINITY,
  samples: readonly RealitySample[],
): readonly number[] {
  const after = samples.filter((sample) => sample.t >= t && sample.t < next);
  return Array.from({ length: Math.max(0, to - from) }, (_, i) => from + 1 + i).flatMap((count) => {
    const joined = after.find(({ members }) => members >= count);
    return joined ? [joined.t - t] : [];
  });
}

/** Seconds without a commit in which members changed, while there was something to read. */
function pausesOf(samples: readonly RealitySample[]): readonly number[] {
  const pauses: number[] = [];
  let from = 0;
  for (const [i, { t, consumed }] of samples.entries()) {
    if (consumed === samples[i - 1]?.consumed) continue;
    const still = samples.slice(from, i);
    const [first] = still;
    const isPause = still.length > 1 && still.some(({ members }) => members !== first?.members);
    if (first && isPause && still.every(({ lag }) => lag > 0)) pauses.push(t - first.t);
    from = i;
  }
  return pauses;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}
