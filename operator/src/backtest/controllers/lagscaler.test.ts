import { expect, test } from 'vitest';
import { basePolicy, byLag } from '../../autoscaler/fixtures.ts';
import type { ScalingPolicy } from '../../autoscaler/types.ts';
import type { View } from '../controller.ts';
import { parseFault } from '../fault.ts';
import { defaultSetup, type Setup } from '../setup.ts';
import { simulate } from '../simulate.ts';
import { ratesBetween } from '../trace.ts';
import { lagscaler } from './lagscaler.ts';
import { readingOf } from './reading.ts';

const policy: ScalingPolicy = { ...basePolicy, ...byLag(5000n), maxReplicas: 24 };

/** 1000/s for 10 minutes, then 9000/s for 20, then 1000/s again until the first hour is over. */
const points = [
  [0, 1000],
  [600, 1000],
  [601, 9000],
  [1800, 9000],
  [1801, 1000],
  [3600, 1000],
].map(([seconds = 0, recordsPerSecond = 0]) => ({ seconds, recordsPerSecond }));

function run(change: Partial<Setup> = {}, decided: ScalingPolicy = policy) {
  const trace = { name: '', startMs: 0, rates: ratesBetween(points) };
  const setup = { ...defaultSetup, noise: 0, initialReplicas: 2, ...change };
  return simulate(
    trace,
    setup,
    lagscaler({ policy: decided, intervalSeconds: 5, protocol: 'cooperative', startMs: 0 }),
  );
}

test('scales as the operator would, and says why in its words', () => {
  const { log } = run();
  const [first] = log.scalings.filter(({ seconds }) => seconds > 600);
  expect(first).toMatchObject({
    from: 1,
    reason: expect.stringMatching(/^LagAboveTarget: lag \d+/),
  });
  expect(first?.seconds).toBeLessThan(620);
  expect(log.scalings.at(-1)?.to).toBe(1);
});

test('while offsets cannot be read it holds', () => {
  const { log } = run({ faults: [parseFault('gap@9m+41m')] });
  expect(log.scalings.filter(({ seconds }) => seconds > 540 && seconds < 3000)).toEqual([]);
});

test('with a partition it cannot read it never scales in', () => {
  const { log } = run({ faults: [parseFault('partial@20m+40m')] });
  const during = log.scalings.filter(({ seconds }) => seconds >= 1200);
  expect(during.filter(({ from, to }) => to < from)).toEqual([]);
});

test('a restart loses the windows, which start full: no fall before they have filled again', () => {
  const restart = run({ faults: [parseFault('restart@31m+1s')] }).log.scalings;
  const falls = restart.filter(({ seconds, from, to }) => seconds >= 1860 && to < from);
  expect(falls[0]?.seconds).toBeGreaterThanOrEqual(1860 + 300);
});

const member = (number: number, partitions: readonly number[]) => ({
  memberId: `member-${number}`,
  clientId: 'consumer',
  host: '/127.0.0.1',
  groupInstanceId: undefined,
  partitions: [{ topic: 'topic', partitions }],
});

test('it reads the group as its broker would describe it', () => {
  const view: View = {
    seconds: 60,
    replicas: 2,
    pods: 2,
    readyPods: 2,
    isRollingOut: false,
    consumers: 2,
    consumerOf: Int32Array.of(0, 1, 0),
    isRebalancing: false,
    offsets: {
      committed: Float64Array.of(4, 0, 9),
      end: Float64Array.of(5, 7, 9),
      readable: Uint8Array.of(1, 0, 1),
      recreations: 1,
    },
  };
  const offsets = { topic: 'topic', topicId: 'incarnation-1', logStart: 0n };
  expect(readingOf(view, 99, 'cooperative')).toEqual({
    kind: 'observed',
    at: 99,
    partitions: [
      { ...offsets, partition: 0, committed: 4n, end: 5n },
      { ...offsets, partition: 1, committed: 0n, end: undefined },
      { ...offsets, partition: 2, committed: 9n, end: 9n },
    ],
    group: {
      kind: 'classic',
      state: 'Stable',
      members: 2,
      assignedMembers: 2,
      assignor: 'cooperative-sticky',
      assignments: [member(0, [0, 2]), member(1, [1])],
    },
  });
  const group = (change: Partial<View>, protocol: 'eager' | 'kip848' = 'eager') =>
    readingOf({ ...view, ...change }, 0, protocol);
  expect(group({ isRebalancing: true })).toMatchObject({ group: { state: 'PreparingRebalance' } });
  expect(group({ isRebalancing: true }, 'kip848')).toMatchObject({
    group: { kind: 'consumer', state: 'Reconciling', assignor: 'uniform' },
  });
  expect(group({ consumers: 4, consumerOf: Int32Array.of(0, -1, 2) })).toMatchObject({
    group: { members: 4, assignedMembers: 2 },
  });
  expect(group({ consumers: 0 })).toMatchObject({ group: { state: 'Empty', members: 0 } });
  expect(group({ offsets: undefined })).toMatchObject({ kind: 'unavailable' });
});

test('the group it sees has as many members as pods have joined', () => {
  const { log } = run({}, { ...policy, ...byLag(1n), maxReplicas: 100 });
  expect(log.scalings.every(({ to }) => to <= 24)).toBe(true);
  expect(log.scalings.some(({ reason }) => reason.includes('24 partitions'))).toBe(true);
});
