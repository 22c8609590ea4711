import { ceilDiv, formatRatio } from './fraction.ts';
import type { Tick } from './tick.ts';
import type { ScalingPolicy, Step } from './types.ts';

/** More than any cluster runs, and safe as a number whatever the lag. */
const mostReplicas = 2_147_483_647n;

interface Rules extends Pick<ScalingPolicy, 'scaleUp' | 'scaleDown'> {
  /** Records. */
  readonly lagPerReplica: bigint;
}

/**
 * Replicas for a lag, on the true lag and before any cap: `replicas` while lag per replica is within
 * the tolerance, bounds inclusive and compared exactly; else ceil(lag / lagPerReplica).
 * @param lag records
 * @param replicas pods that exist (status.replicas); 0 has no ratio
 */
function replicasForLag(lag: bigint, replicas: number, rules: Rules): number {
  if (replicas > 0 && withinTolerance(lag, replicas, rules)) return replicas;
  const wanted = ceilDiv(lag, rules.lagPerReplica);
  return Number(wanted < mostReplicas ? wanted : mostReplicas);
}

function withinTolerance(lag: bigint, replicas: number, rules: Rules): boolean {
  const target = rules.lagPerReplica * BigInt(replicas);
  const { scaleUp, scaleDown } = rules;
  const up = scaleUp.tolerance;
  const down = scaleDown.tolerance;
  return (
    lag * up.denominator <= target * (up.denominator + up.numerator) &&
    lag * down.denominator >= target * (down.denominator - down.numerator)
  );
}

/**
 * The first step: lag to replicas.
 * @param lagPerReplica records
 */
export function recommend(tick: Tick, lagPerReplica: bigint): Step {
  const { lag = 0n, policy, current: from } = tick;
  const rules = { ...policy, lagPerReplica };
  const running = podsOf(tick);
  const to = replicasForLag(lag, running, rules);
  const message = messageOf(tick, running, lagPerReplica);
  const within = running > 0 && withinTolerance(lag, running, rules);
  if (within) return step(from, to, 'WithinTolerance', `${message}, within tolerance`);
  const above = lag > lagPerReplica * BigInt(running);
  return step(from, to, above ? 'LagAboveTarget' : 'LagBelowTarget', message);
}

/** Pods that still end after a scale to zero do not make the wake-up smaller. */
function podsOf({ current, target }: Tick): number {
  return current === 0 ? 0 : target.statusReplicas;
}

function messageOf({ lag = 0n, group }: Tick, running: number, perReplica: bigint): string {
  const isBound = group?.flags.includes('upperBound') && group.complete;
  const records = `lag ${isBound ? 'of at most ' : ''}${lag}`;
  if (running === 0) return `${records} at ${perReplica} per replica, none running`;
  const ratio = formatRatio(lag, perReplica * BigInt(running));
  return `${records} is ${ratio} × the target of ${perReplica} per replica`;
}

function step(
  from: number,
  to: number,
  reason: 'WithinTolerance' | 'LagAboveTarget' | 'LagBelowTarget',
  message: string,
): Step {
  return { step: 'Recommend', from, to, reason, message };
}
