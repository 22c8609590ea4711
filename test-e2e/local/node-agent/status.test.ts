import { expect, test } from 'vitest';
import { aContainer, aPod } from './fixtures.ts';
import { type ContainerRecord, newRecord, type PodView, phaseOf, podStatus } from './status.ts';
import type { ContainerStatus, RestartPolicy } from './types.ts';

const at = '2026-01-01T00:00:00Z';
const later = '2026-01-01T00:00:09Z';
const running = { state: { running: { startedAt: at } } };
const exited = (exitCode: number) => ({
  state: { terminated: { exitCode, reason: 'x', finishedAt: at } },
});
const waiting = { state: { waiting: { reason: 'ContainerCreating' } } };
const crashLoop = {
  state: { waiting: { reason: 'CrashLoopBackOff' } },
  lastState: exited(1).state,
};

const record = (fields: Partial<ContainerRecord>): ContainerRecord => ({
  ...newRecord(aContainer()),
  ...fields,
});

function view(main: Partial<ContainerRecord>[], more: Partial<PodView> = {}): PodView {
  return {
    pod: aPod(),
    podIP: '127.20.0.5',
    hostIP: '127.0.0.1',
    startTime: at,
    init: [],
    main: main.map(record),
    ended: false,
    conditions: [],
    ...more,
  };
}

test.for<[string, RestartPolicy, Partial<ContainerRecord>[], boolean, string]>([
  ['not started yet', 'Always', [waiting], false, 'Pending'],
  ['one of two has started', 'Always', [waiting, running], false, 'Running'],
  ['waiting for its next try', 'Always', [crashLoop], false, 'Running'],
  ['ended, and will be started again', 'Always', [exited(0)], false, 'Running'],
  ['ended well for good', 'Never', [exited(0)], false, 'Succeeded'],
  ['one failed for good, one still runs', 'Never', [exited(1), running], false, 'Running'],
  ['one failed for good, one ended well', 'Never', [exited(1), exited(0)], false, 'Failed'],
  ['failed, and will be started again', 'OnFailure', [exited(1)], false, 'Running'],
  ['ended well, no restart', 'OnFailure', [exited(0)], false, 'Succeeded'],
  ['deleted, ended well', 'Always', [exited(0)], true, 'Succeeded'],
  ['deleted, killed', 'Always', [exited(137)], true, 'Failed'],
  ['deleted before it started', 'Always', [waiting], true, 'Failed'],
])('phase: %s', ([, restartPolicy, main, ended, expected]) => {
  expect(phaseOf(view(main, { pod: aPod({ restartPolicy }), ended }))).toBe(expected);
});

test('phase: an init container that failed for good fails the pod', () => {
  const pod = aPod({ restartPolicy: 'Never' });
  expect(phaseOf(view([waiting], { pod, init: [record(exited(2))] }))).toBe('Failed');
});

const condition = (of: PodView, type: string, now = at) =>
  podStatus(of, now).conditions?.find((each) => each.type === type);

test('a pod is ready when all its containers are, and says which are not', () => {
  const half = view([{ ...running, ready: true }, running]);
  expect(condition(half, 'Ready')).toMatchObject({ status: 'False', reason: 'ContainersNotReady' });
  expect(condition(half, 'Ready')?.message).toContain('[main]');
  const whole = view([{ ...running, ready: true }]);
  expect(condition(whole, 'Ready')).toMatchObject({ status: 'True', reason: null });
});

test('a readiness gate holds back Ready, not ContainersReady', () => {
  const pod = aPod({ readinessGates: [{ conditionType: 'example.com/gate' }] });
  const gated = view([{ ...running, ready: true }], { pod });
  expect(condition(gated, 'ContainersReady')?.status).toBe('True');
  expect(condition(gated, 'Ready')).toMatchObject({
    status: 'False',
    reason: 'ReadinessGatesNotReady',
  });
});

test('a completed pod is not ready', () => {
  const done = view([exited(0)], { pod: aPod({ restartPolicy: 'Never' }) });
  expect(condition(done, 'Ready')).toMatchObject({ status: 'False', reason: 'PodCompleted' });
});

test('the transition time of a condition moves only with its status', () => {
  const first = podStatus(view([running]), at).conditions ?? [];
  const same = view([running], { conditions: first });
  expect(condition(same, 'Ready', later)?.lastTransitionTime).toBe(at);
  const ready = view([{ ...running, ready: true }], { conditions: first });
  expect(condition(ready, 'Ready', later)?.lastTransitionTime).toBe(later);
  expect(condition(ready, 'Initialized', later)?.lastTransitionTime).toBe(at);
});

test('the patch replaces the addresses of an earlier run instead of adding to them', () => {
  expect(podStatus(view([running]), at).podIPs).toEqual([
    { ip: '127.20.0.5' },
    { $patch: 'replace' },
  ]);
});

const earlier = (state: ContainerStatus['state'], restartCount: number): ContainerStatus => ({
  ...{ name: 'main', image: 'x', imageID: '', ready: true, started: true },
  ...{ restartCount, state, lastState: {} },
});

test('after a restart of the agent a container that ran counts one restart and a lost run', () => {
  const again = newRecord(aContainer(), earlier(running.state, 2));
  expect(again.restartCount).toBe(3);
  expect(again.lastState.terminated).toMatchObject({
    exitCode: 137,
    reason: 'ContainerStatusUnknown',
  });
});

test('after a restart of the agent a container that never ran counts none', () => {
  const again = newRecord(aContainer(), earlier(waiting.state, 0));
  expect(again).toMatchObject({ restartCount: 0, lastState: {} });
});
