import type { Conflict } from '../autoscaler/types.ts';
import { targetRefOf } from './observe.ts';
import type { Scaler, ScalerStore, ScaleTarget, TargetRef } from './ports.ts';

export interface Conflicts {
  /** Who else owns the target of this scaler: an HPA, or an older KafkaConsumerScaler. */
  of(scaler: Scaler): Conflict | undefined;
  /** Scalers of a target: whom to wake when it changes. */
  scalersOf(ref: TargetRef): readonly Scaler[];
  /** A scaler was added, changed or deleted. */
  invalidate(): void;
}

/** An index from target to scalers, rebuilt on demand after a change: a lookup costs nothing per poll. */
export function createConflicts(scalers: ScalerStore, target: ScaleTarget): Conflicts {
  let index: Map<string, Scaler[]> | undefined;

  function sharing(ref: TargetRef): readonly Scaler[] {
    index ??= Map.groupBy(scalers.list(), (scaler) => keyOf(targetRefOf(scaler)));
    return index.get(keyOf(ref)) ?? [];
  }

  return {
    of(scaler) {
      const ref = targetRefOf(scaler);
      const hpa = target.autoscalerOf(ref);
      if (hpa) return { owner: `HorizontalPodAutoscaler ${hpa}` };
      const first = sharing(ref).reduce((a, b) => (isOlder(b, a) ? b : a), scaler);
      return first.uid === scaler.uid ? undefined : { owner: `KafkaConsumerScaler ${first.key}` };
    },
    scalersOf: sharing,
    invalidate() {
      index = undefined;
    },
  };
}

/** The older wins; of two made in the same second the one whose uid sorts first. */
function isOlder(a: Scaler, b: Scaler): boolean {
  if (a.creationTimestamp !== b.creationTimestamp) return a.creationTimestamp < b.creationTimestamp;
  return a.uid < b.uid;
}

function keyOf(ref: TargetRef): string {
  // The version does not matter: apps/v1 and apps/v1beta1 name the same object.
  const [group] = ref.apiVersion.includes('/') ? ref.apiVersion.split('/') : [''];
  return [ref.namespace, group, ref.kind, ref.name].join('/');
}
