import type { Reason } from '../api/conditions.ts';
import type { Link, Tick } from './tick.ts';
import type { Step } from './types.ts';

interface Finding {
  readonly reason: Reason;
  readonly message: string;
}
type Veto = (tick: Tick) => Finding | undefined;

/** Why replicas must not go down now, whatever the lag says; the first finding wins. */
const scaleInVetoes: readonly Veto[] = [
  // Scaling in on a gap would empty the group during a Kafka outage.
  ({ reading }) => (reading.kind === 'incomplete' ? reading : undefined),
  // A re-created topic makes lag look like zero for a moment.
  ({ group }) =>
    group?.scaleInAllowed === false
      ? {
          reason: 'OffsetsReset',
          message: 'a committed offset lies beyond the end of its partition, so no scale-in',
        }
      : undefined,
  resetSeen,
  // Two kinds of pods come and go already: their lag says nothing about the size.
  ({ target }) =>
    target.rollingOut
      ? { reason: 'RolloutInProgress', message: 'the target is rolling out, so no scale-in' }
      : undefined,
];

/** What was known of the offsets is void, and the first look after that is not yet to be trusted. */
function resetSeen({ partitions }: Tick): Finding | undefined {
  const found = partitions.find(({ trend }) => trend.reset);
  if (!found) return undefined;
  const what =
    found.trend.reset === 'topicRecreated'
      ? `topic ${found.topic} was deleted and created again`
      : `the end of topic ${found.topic}, partition ${found.partition} went back`;
  return { reason: 'OffsetsReset', message: `${what}, so no scale-in` };
}

/** Why the owner's target must not be written to at all. */
const handsOff: readonly Veto[] = [
  ({ policy }) => (policy.paused ? { reason: 'Paused', message: 'spec.paused is set' } : undefined),
  ({ conflict }) =>
    conflict && {
      reason: 'ConflictingAutoscaler',
      message: `${conflict.owner} owns the same target`,
    },
  ({ policy }) =>
    policy.mode === 'Recommend'
      ? { reason: 'Recommending', message: 'spec.mode is Recommend' }
      : undefined,
];

/** Holds a fall, or an incomplete reading that has nothing to add. */
export const vetoScaleIn: Link = (wanted, tick) => {
  const falls = wanted < tick.current;
  const silent = tick.reading.kind === 'incomplete' && wanted === tick.current;
  return falls || silent ? hold(wanted, tick, scaleInVetoes) : undefined;
};

export const keepHandsOff: Link = (wanted, tick) => hold(wanted, tick, handsOff);

function hold(from: number, tick: Tick, vetoes: readonly Veto[]): Step | undefined {
  for (const veto of vetoes) {
    const finding = veto(tick);
    if (!finding) continue;
    const { reason, message } = finding;
    return { step: 'Hold', from, to: tick.current, reason, message };
  }
  return undefined;
}
