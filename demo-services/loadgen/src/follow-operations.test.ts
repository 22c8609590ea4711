import { expect, test } from 'vitest';
import type { SettledOperation } from './balance.ts';
import { type FakeOperationService, startFakeOperationService } from './fake-operation-service.ts';
import { followOperations } from './follow-operations.ts';
import { generateLoad } from './generate-load.ts';
import { defaultNames } from './names.ts';

const never = new AbortController().signal;

/** 200 users at 200/s, followed to the end, or until `enough` of them are terminal. */
async function loadAndFollow(service: FakeOperationService, enough = 200) {
  const settled: SettledOperation[] = [];
  const giveUp = new AbortController();
  const follower = followOperations({
    target: { url: service.url },
    intervalMs: 10,
    onSettled(operation) {
      settled.push(operation);
      if (settled.length === enough) giveUp.abort();
    },
  });
  try {
    const load = await generateLoad(
      {
        target: { url: service.url },
        profile: { kind: 'constant', ratePerSecond: 200 },
        durationMs: 1_000,
        names: defaultNames,
        observer: follower.observer,
      },
      never,
    );
    const complete = enough === 200 ? never : giveUp.signal;
    return { load, settled, saga: await follower.settled(complete) };
  } finally {
    await follower.stop();
  }
}

test('every operation ends as predicted: balanced, with its SAGA time', async () => {
  await using service = await startFakeOperationService({ sagaMs: () => 100 });
  const { saga, settled } = await loadAndFollow(service);
  expect(saga).toMatchObject({
    ...{ balanced: true, accepted: 200, terminal: 200, completed: 180, failed: 20 },
    ...{ expected: { completed: 180, failed: 20 }, failedBy: { 'approval failed': 20 } },
    ...{ notTerminal: 0, unexpected: 0, duplicateUuids: 0, lookErrors: {} },
    users: { balanced: true, withoutUser: 0, sharedUser: 0, otherwiseApproved: 0, examples: [] },
  });
  expect(saga.sagaMs?.p50).toBeGreaterThan(95);
  expect(settled).toHaveLength(200);
  for (const { sagaMs, resolutionMs } of settled) {
    expect(sagaMs).toBeGreaterThan(95);
    expect(resolutionMs).toBeLessThanOrEqual(sagaMs);
  }
});

test('an operation that is lost is reported with its uuid', async () => {
  await using service = await startFakeOperationService({
    sagaMs: (_, index) => (index === 7 ? Number.POSITIVE_INFINITY : 20),
  });
  const { saga } = await loadAndFollow(service, 199);
  expect(saga).toMatchObject({ balanced: false, accepted: 200, terminal: 199, notTerminal: 1 });
  expect(saga.notTerminalExamples).toEqual([
    { uuid: service.operations[7]?.uuid, name: 'hans', state: 'pending' },
  ]);
});

test('an operation that the service denies having is told as such', async () => {
  await using service = await startFakeOperationService({
    sagaMs: (_, index) => (index === 7 ? Number.POSITIVE_INFINITY : 200),
    beforeAnswer(index) {
      const lost = service.operations.find(({ state }, i) => i === 7 && state === 'pending');
      if (index === 100 && lost !== undefined) service.forget(lost);
      return undefined;
    },
  });
  const { saga } = await loadAndFollow(service, 199);
  expect(saga).toMatchObject({ balanced: false, terminal: 199, notTerminal: 1 });
  expect(saga.notTerminalExamples).toMatchObject([{ state: 'unknown to operation-service' }]);
});

test('an operation that is decided wrongly is listed, although the numbers agree', async () => {
  await using service = await startFakeOperationService({
    decide: (name, index) => {
      if (index === 9) return 'completed'; // mallory
      return name === 'mallory' || index === 10 ? 'failed' : 'completed';
    },
  });
  const { saga } = await loadAndFollow(service);
  expect(saga).toMatchObject({
    ...{ balanced: false, terminal: 200, completed: 180, failed: 20, unexpected: 2 },
    expected: { completed: 180, failed: 20 },
  });
  const unexpected = saga.unexpectedExamples.map(({ name, state }) => [name, state]);
  expect(unexpected.sort()).toEqual([
    ['hans', 'failed'],
    ['mallory', 'completed'],
  ]);
});

test('a denied user whose operation failed for another reason is not as predicted', async () => {
  await using service = await startFakeOperationService({ error: () => 'approval timed out' });
  const { saga } = await loadAndFollow(service);
  expect(saga).toMatchObject({ balanced: false, failed: 20, unexpected: 20 });
  expect(saga.failedBy).toEqual({ 'approval timed out': 20 });
  expect(saga.unexpectedExamples).toHaveLength(10);
});

test('the users are checked too: one per operation, approved as the operation ended', async () => {
  await using service = await startFakeOperationService({
    user(name, state, index) {
      const [uuid, approved] = [`user ${index}`, `${state === 'completed'}`];
      if (index === 3) return { name, approved };
      if (index === 4 || index === 5) return { name, uuid: 'user 5', approved };
      return { name, uuid, approved: index === 6 ? 'false' : approved };
    },
  });
  const { saga } = await loadAndFollow(service);
  expect(saga).toMatchObject({
    ...{ balanced: false, terminal: 200, unexpected: 0 },
    users: { balanced: false, withoutUser: 1, sharedUser: 1, otherwiseApproved: 1 },
  });
  const found = saga.users.examples.map(({ uuid, problem, user }) => [problem, user.uuid, uuid]);
  const [lacking, shared, otherwise] = [3, 5, 6].map((index) => service.operations[index]?.uuid);
  const sharing = expect.toBeOneOf([service.operations[4]?.uuid, shared]);
  expect(found.sort()).toEqual([
    ['otherwiseApproved', 'user 6', otherwise],
    ['sharedUser', 'user 5', sharing],
    ['withoutUser', undefined, lacking],
  ]);
});

test('a service that cannot be read for a while is asked again', async () => {
  let refusals = 3;
  await using service = await startFakeOperationService({
    readStatus() {
      refusals -= 1;
      return refusals < 0 ? 200 : 503;
    },
  });
  const { saga } = await loadAndFollow(service);
  expect(saga).toMatchObject({ balanced: true, lookErrors: { 'status 503': 3 } });
});
