import { expect, test } from 'vitest';
import { basePolicy, byLag } from './fixtures.ts';
import {
  committed,
  edit,
  hold,
  keepsUp,
  lag,
  neverCommitted,
  nothing,
  type Row,
  recommendOnly,
  replay,
  restart,
  rollingOut,
  type Setup,
  scaleTo,
  somebodySets,
  topicRecreated,
  unknownPartitions,
  unreadable,
  unschedulable,
} from './timeline.ts';
import type { ScalingRules } from './types.ts';

const down = (change: Partial<ScalingRules>) => ({
  scaleDown: { ...basePolicy.scaleDown, ...change },
});
const up = (change: Partial<ScalingRules>) => ({ scaleUp: { ...basePolicy.scaleUp, ...change } });
const toZero = { minReplicas: 0, ...byLag(100n) };

function timeline(title: string, setup: Setup, rows: readonly Row[]): void {
  test(title, () => {
    for (const { decision, expected } of replay(setup, rows))
      expect(decision, decision.message).toMatchObject(expected);
  });
}

// Windows and policies

timeline('a fall waits until the peak leaves the window', { ...byLag(100n), maxReplicas: 8 }, [
  ['0s', lag(800), scaleTo(8, 'LagAboveTarget')],
  ['30s', lag(0), hold('ScaleDownStabilized')], // the 8 of 0s still counts
  ['4m59s', lag(0), hold('ScaleDownStabilized')],
  ['5m', lag(0), scaleTo(1, 'LagBelowTarget')], // the peak has just left
]);

timeline('one replica jumps to the size in one step', byLag(50n), [
  ['0s', lag(0), hold('TooFewReplicas')],
  ['5s', lag(1650), scaleTo(33, 'LagAboveTarget')],
  ['10s', lag(1650), hold('WithinTolerance')],
]);

timeline('a restart causes no fall before the window has filled', { replicas: 8 }, [
  ['0s', lag(0), hold('ScaleDownStabilized')],
  ['4m', restart, hold('ScaleDownStabilized')],
  ['8m59s', nothing, hold('ScaleDownStabilized')],
  ['9m', nothing, scaleTo(1)],
]);

timeline(
  'a scale-up window waits for the lowest of its time',
  up({ stabilizationWindowMs: 60_000 }),
  [
    ['0s', lag(100), hold('ScaleUpStabilized')],
    ['30s', lag(50), hold('ScaleUpStabilized')],
    ['60s', lag(100), scaleTo(5)], // the 1 of the start has left, the 5 of 30s has not
  ],
);

timeline(
  'policies count from the start of their period',
  { ...up({ policies: [{ type: 'Pods', value: 4, periodMs: 60_000 }] }), maxReplicas: 20 },
  [
    ['0s', lag(1000), scaleTo(5)],
    ['59s', nothing, hold('ScaleUpLimit')],
    ['60s', nothing, scaleTo(9)],
    ['61s', edit(up({ selectPolicy: 'Disabled' })), hold('ScaleUpLimit')],
    ['10m', edit(up({ selectPolicy: 'Max', policies: [] })), scaleTo(20)],
  ],
);

timeline(
  'replicas that somebody else set are the new size, and no change of ours',
  { ...up({ policies: [{ type: 'Pods', value: 4, periodMs: 60_000 }] }), replicas: 10 },
  [
    ['0s', lag(100), hold('WithinTolerance')],
    ['10s', somebodySets(20), hold('ScaleDownStabilized')],
    ['20s', lag(400), scaleTo(24)], // 20 + 4: the 10 that somebody added do not count
    ['5m09s', lag(0), hold('ScaleDownStabilized')],
    ['10m09s', lag(0), scaleTo(1)],
  ],
);

// Zero

timeline('a quiet group goes to zero after the cooldown and wakes up in one jump', toZero, [
  ['0s', lag(0), hold('TooFewReplicas')], // the first poll counts as activity
  ['10s', nothing, hold('CoolingDown')],
  ['4m59s', nothing, hold('CoolingDown')],
  ['5m', nothing, scaleTo(0, 'NotActive')],
  ['6m', nothing, hold('NotActive')],
  ['7m', lag(2000), scaleTo(20, 'LagAboveTarget')],
]);

timeline('a group that keeps up is not idle', { ...toZero, replicas: 3 }, [
  ['0s', lag(0), hold('ScaleDownStabilized')],
  ['4m', keepsUp, hold('ScaleDownStabilized')],
  ['5m', keepsUp, scaleTo(1)], // the window is over, zero is far
  ['9m59s', nothing, hold('CoolingDown')],
  ['10m', nothing, scaleTo(0)],
]);

timeline('wake-up skips windows and policies, not Disabled', { ...toZero, replicas: 0 }, [
  ['0s', edit(up({ stabilizationWindowMs: 600_000, selectPolicy: 'Disabled' })), hold('NotActive')],
  ['5s', lag(1000), hold('ScaleUpLimit')],
  ['10s', edit(up({ stabilizationWindowMs: 600_000 })), scaleTo(10)],
]);

timeline('a long gap in the readings restarts the cooldown', { ...toZero, replicas: 2 }, [
  ['0s', lag(0), hold('ScaleDownStabilized')],
  ['4m', unreadable(), hold('KafkaUnreachable')],
  ['5m', lag(0), hold('CoolingDown')],
  ['8m59s', nothing, hold('CoolingDown')],
  ['9m', nothing, scaleTo(0)],
]);

timeline('a group that never committed keeps one replica', { ...toZero, replicas: 3 }, [
  ['0s', neverCommitted(), hold('ScaleDownStabilized')],
  ['5m', nothing, scaleTo(1, 'LagBelowTarget')],
  ['10m', nothing, hold('KeepAlive')],
  ['19m59s', nothing, hold('KeepAlive')],
  ['20m', committed(0, 1_000_000n), hold('CoolingDown')], // from here on nothing holds it
  ['24m58s', nothing, hold('CoolingDown')],
  ['24m59s', nothing, scaleTo(0)],
]);

timeline('a group at zero that never committed is started', { ...toZero, replicas: 0 }, [
  ['0s', neverCommitted(), scaleTo(1, 'KeepAlive')],
]);

timeline(
  'transaction markers do not keep a group awake',
  {
    ...toZero,
    replicas: 1,
    activation: { ...basePolicy.activation, lag: 1n },
    maxReplicas: 10,
  },
  [
    ['0s', committed(0, 999_999n), hold('LagBelowTarget')],
    ['1s', committed(1, 999_999n), hold('LagBelowTarget')],
    ['2s', committed(2, 999_999n), hold('LagBelowTarget')], // 3 > 1: active
    ['5m', nothing, hold('LagBelowTarget')], // the last two have stood still for less than 300 s
    ['5m02s', nothing, hold('CoolingDown')],
    ['10m', nothing, scaleTo(0, 'NotActive')],
  ],
);

timeline(
  'minActiveReplicas is the floor while active',
  {
    ...toZero,
    replicas: 0,
    activation: { ...basePolicy.activation, minActiveReplicas: 5 },
  },
  [
    ['0s', lag(1), scaleTo(5)],
    ['5s', nothing, hold('TooFewReplicas')],
  ],
);

timeline(
  'scaleDown Disabled also stops the way to zero',
  { ...toZero, ...down({ selectPolicy: 'Disabled' }) },
  [
    ['0s', lag(0), hold('TooFewReplicas')],
    ['5m', nothing, hold('ScaleDownLimit')],
  ],
);

// Missing data

timeline('an unreadable lag holds, and the window starts anew', { replicas: 8 }, [
  ['0s', lag(0), hold('ScaleDownStabilized')],
  ['4m55s', unreadable(), hold('KafkaUnreachable')],
  ['5m', lag(0), hold('ScaleDownStabilized')],
  ['9m59s', nothing, hold('ScaleDownStabilized')],
  ['10m', nothing, scaleTo(1)],
]);

timeline(
  'a fallback needs more failures than its threshold and ends with the first good reading',
  { replicas: 4, fallback: { failureThreshold: 2, replicas: 10, behavior: 'static' } },
  [
    ['0s', unreadable(), hold('KafkaUnreachable')],
    ['5s', unreadable(), hold('KafkaUnreachable')],
    ['10s', unreadable(), scaleTo(10, 'FallbackActive')],
    ['15s', unreadable(), hold('FallbackActive')],
    ['20s', lag(120), scaleTo(12)],
    ['25s', unreadable(), hold('KafkaUnreachable')],
  ],
);

timeline('one leaderless partition holds, then lets the rest scale up', { replicas: 2 }, [
  ['0s', unknownPartitions(3, 100), hold('LagIncomplete')],
  ['29s', nothing, hold('LagIncomplete')],
  ['30s', nothing, scaleTo(10, 'LagAboveTarget')],
  ['10m', unknownPartitions(3, 0), hold('LagIncomplete')],
  ['30m', unknownPartitions(3, 0), hold('LagIncomplete')],
]);

timeline('the commits of a quiet group are kept from expiring', { ...toZero, replicas: 0 }, [
  ['0s', nothing, hold('NotActive')],
  ['5039m', nothing, hold('NotActive')],
  ['5040m', nothing, scaleTo(1, 'KeepAlive')], // half a week
  ['5041m', nothing, hold('CoolingDown')],
  ['5045m', nothing, scaleTo(0, 'NotActive')],
  ['10079m', nothing, hold('NotActive')],
  ['10080m', nothing, scaleTo(1, 'KeepAlive')],
]);

timeline('one leaderless partition does not keep a group asleep', { ...toZero, replicas: 0 }, [
  ['0s', unknownPartitions(1, 100), hold('LagIncomplete')],
  ['30s', nothing, scaleTo(1)],
]);

timeline(
  'more than half unknown is a failed reading',
  { replicas: 2, fallback: { failureThreshold: 0, replicas: 7, behavior: 'static' } },
  [
    ['0s', unknownPartitions(20, 1000), hold('LagIncomplete')],
    ['5s', unknownPartitions(21, 1000), scaleTo(7, 'FallbackActive')],
  ],
);

timeline(
  'a re-created topic holds for one poll, then counts as never committed',
  { replicas: 8, ...down({ stabilizationWindowMs: 0 }) },
  [
    ['0s', lag(80), hold('WithinTolerance')],
    ['5s', topicRecreated(), hold('OffsetsReset')],
    ['10s', nothing, scaleTo(1)],
  ],
);

timeline('no scale-in during a rollout', { replicas: 8, ...down({ stabilizationWindowMs: 0 }) }, [
  ['0s', rollingOut(true, 0), hold('RolloutInProgress')],
  ['5s', rollingOut(true, 400), scaleTo(40)],
  ['10s', rollingOut(true, 0), hold('RolloutInProgress')],
  ['15s', rollingOut(false, 0), scaleTo(1)],
]);

timeline('no more pods beside those that find no node', { replicas: 1 }, [
  ['0s', lag(120), scaleTo(12)],
  ['5s', unschedulable(3), hold('WithinTolerance')],
  ['10s', lag(400), hold('Unschedulable')],
  ['15s', unschedulable(undefined), scaleTo(40)], // what nobody knows holds nothing
  ['20s', unschedulable(28), hold('WithinTolerance')],
  ['5m19s', lag(100), hold('ScaleDownStabilized')],
  ['5m20s', nothing, scaleTo(10)], // fewer stay possible
  ['6m', lag(200), hold('Unschedulable')],
  ['6m05s', unschedulable(0), scaleTo(20, 'LagAboveTarget')],
]);

timeline('what the owner chose is asked for, room or not', { replicas: 2 }, [
  ['0s', unschedulable(1), hold('ScaleDownStabilized')],
  ['5s', edit({ minReplicas: 6 }), hold('Unschedulable')],
  ['10s', edit({ override: { replicas: 9, untilMs: 60_000, reason: 'sale' } }), scaleTo(9)],
]);

// The owner

timeline('an override holds a size until its time, also below minReplicas', { replicas: 8 }, [
  [
    '0s',
    edit({ minReplicas: 2, override: { replicas: 0, untilMs: 60_000, reason: 'migration' } }),
    scaleTo(0, 'Overridden'),
  ],
  ['10s', lag(500), hold('Overridden')],
  ['20s', unreadable(), hold('Overridden')],
  ['30s', edit({ paused: true }), hold('Paused')],
  ['40s', somebodySets(3), hold('Paused')],
  ['50s', edit({ paused: false }), scaleTo(0, 'Overridden')],
  ['60s', lag(500), scaleTo(40, 'LagAboveTarget')], // 40 partitions
]);

timeline('Recommend shows what it would do and keeps on recording', { mode: 'Recommend' }, [
  ['0s', lag(300), recommendOnly(30)],
  ['5s', lag(10), hold('WithinTolerance')],
  ['4m', edit({ mode: 'Active' }), hold('WithinTolerance')],
]);
