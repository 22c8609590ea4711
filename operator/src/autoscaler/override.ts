import type { Link } from './tick.ts';

/** The size a person chose, until its time: beats lag, windows and minReplicas, not maxReplicas. */
export const override: Link = (wanted, { now, policy }) => {
  const chosen = policy.override;
  if (!chosen || now >= chosen.untilMs) return undefined;
  const to = Math.min(chosen.replicas, policy.maxReplicas);
  const left = Math.ceil((chosen.untilMs - now) / 1000);
  const message = `spec.override holds ${to} for another ${left} s: ${chosen.reason}`;
  return { step: 'Override', from: wanted, to, reason: 'Overridden', message };
};
