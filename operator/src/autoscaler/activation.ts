import type { Reason } from '../api/conditions.ts';
import type { Link, Tick } from './tick.ts';
import type { Step } from './types.ts';

/**
 * Where a group stands between zero and work. `alwaysOn`: minReplicas is 1 or more, activation has no
 * effect.
 */
export type Phase =
  | 'alwaysOn'
  | 'asleep' // at zero, and nothing to do
  | 'wakingUp' // at zero, with lag: one jump to the size
  | 'starting' // at zero, but the group never committed: one replica, so that it can start
  | 'refreshing' // at zero for so long that its commits would expire
  | 'working'
  | 'keptAlive' // nothing to do, but the group never committed
  | 'coolingDown' // nothing to do, but not for long enough
  | 'goingToZero';

export function phaseOf(tick: Tick): Phase {
  if (tick.range.minReplicas > 0) return 'alwaysOn';
  return tick.current === 0 ? phaseAtZero(tick) : phaseAboveZero(tick);
}

/** Half of the time that Kafka keeps the commits of an empty group (offsets.retention.minutes: 7 days). */
const refreshAfterMs = 302_400_000;

function phaseAtZero(tick: Tick): Phase {
  if (tick.group?.active) return 'wakingUp';
  if (tick.group?.keepAlive) return 'starting';
  return mayExpire(tick) ? 'refreshing' : 'asleep';
}

/** Without its commits a quiet group would pass for one that never committed. */
function mayExpire({ now, memory, partitions }: Tick): boolean {
  const hasCommits = partitions.some(({ committed }) => typeof committed === 'bigint');
  return hasCommits && now - memory.lastActiveAt >= refreshAfterMs;
}

function phaseAboveZero({ now, group, busy, memory, policy }: Tick): Phase {
  if (group?.keepAlive && !group.active) return 'keptAlive';
  if (busy) return 'working';
  const idleMs = now - memory.lastActiveAt;
  return idleMs >= policy.activation.cooldownMs ? 'goingToZero' : 'coolingDown';
}

/** While active: not less than activation.minActiveReplicas. */
export const atLeastMinActive: Link = (from, { group, policy }) => {
  if (group?.active === undefined) return undefined; // too much is unknown to call it active
  const to = Math.max(from, policy.activation.minActiveReplicas);
  if (to === from) return undefined;
  return activate(from, to, 'TooFewReplicas', `activation.minActiveReplicas is ${to}`);
};

/** Without a single member a group that starts at `latest` would never commit, hence never have lag. */
export const keepOne: Link = (from) =>
  activate(
    from,
    Math.max(from, 1),
    'KeepAlive',
    'the group has never committed: one replica stays so that it can start',
  );

export const refresh: Link = (from) =>
  activate(
    from,
    Math.max(from, 1),
    'KeepAlive',
    'empty for half of the time that Kafka keeps commits: one replica for a moment, so that they stay',
  );

export const coolDown: Link = (from, tick) => {
  const { policy, now, memory, current } = tick;
  const idle = seconds(now - memory.lastActiveAt);
  const cooldown = seconds(policy.activation.cooldownMs);
  const message = `${inactive(tick)} for ${idle} s of the ${cooldown} s cooldown`;
  return activate(from, current, 'CoolingDown', message);
};

export const goToZero: Link = (from, tick) => {
  const idle = seconds(tick.now - tick.memory.lastActiveAt);
  return activate(from, 0, 'NotActive', `${inactive(tick)} for ${idle} s`);
};

export const stayAtZero: Link = (from, tick) => activate(from, 0, 'NotActive', inactive(tick));

function inactive({ lag = 0n, policy }: Tick): string {
  const limit = policy.activation.lag;
  // Transaction markers leave a lag of one per partition for ever: what stood still for the cooldown
  // does not count.
  if (lag > limit) return `lag ${lag} only in partitions that stand still`;
  return lag === 0n ? 'nothing to read' : `lag ${lag} is not above the activation lag of ${limit}`;
}

function activate(from: number, to: number, reason: Reason, message: string): Step {
  return { step: 'Activate', from, to, reason, message };
}

function seconds(ms: number): number {
  return Math.floor(ms / 1000);
}
