import { ceilDiv, formatRatio } from './fraction.ts';
import type { Tick } from './tick.ts';
import type { ScalingPolicy, Step } from './types.ts';

/** More than any cluster runs, and safe as a number whatever the lag. */
const mostReplicas = 2_147_483_647n;

/**
 * Replicas for a lag, on the true lag and before any cap: `replicas` while lag per replica is within
 * the tolerance, bounds inclusive and compared exactly; else ceil(lag / lagPerReplica).
 * @param lag records
 * @param replicas pods that exist (status.replicas); 0 has no ratio
 */
function replicasForLag(lag: bigint, replicas: number, policy: ScalingPolicy): number {
  if (replicas > 0 && withinTolerance(lag, replicas, policy)) return replicas;
  const wanted = ceilDiv(lag, policy.lagPerReplica);
  return Number(wanted < mostReplicas ? wanted : mostReplicas);
}

function withinTolerance(lag: bigint, replicas: number, policy: ScalingPolicy): boolean {
  const target = policy.lagPerReplica * BigInt(replicas);
  const { scaleUp, scaleDown } = policy;
  const up = scaleUp.tolerance;
  const down = scaleDown.tolerance;
  return (
    lag * up.denominator <= target * (up.denominator + up.numerator) &&
    lag * down.denominator >= target * (down.denominator - down.numerator)
  );
}

/** The first step: lag to replicas. */
export function recommend(from: number, tick: Tick): Step {
  const { lag = 0n, policy } = tick;
  const running = podsOf(tick);
  const to = replicasForLag(lag, running, policy);
  const message = messageOf(tick, running);
  const within = running > 0 && withinTolerance(lag, running, policy);
  if (within) return step(from, to, 'WithinTolerance', `${message}, within tolerance`);
  const above = lag > policy.lagPerReplica * BigInt(running);
  return step(from, to, above ? 'LagAboveTarget' : 'LagBelowTarget', message);
}

/** Pods that still end after a scale to zero do not make the wake-up smaller. */
function podsOf({ current, target }: Tick): number {
  return current === 0 ? 0 : target.statusReplicas;
}

function messageOf({ lag = 0n, group, policy }: Tick, running: number): string {
  const perReplica = policy.lagPerReplica;
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
