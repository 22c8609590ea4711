import { expect, test } from 'vitest';
import { createRunningService } from './lifecycle.ts';
import { createLog } from './log.ts';

const log = createLog('silent', {});

test('the steps end in their order, once, and the exit code is 0', async () => {
  const ended: string[] = [];
  const steps = ['consumer', 'producer'].map((name) => async () => void ended.push(name));
  const service = createRunningService({
    timeoutMs: 1_000,
    steps,
    giveUp: new AbortController(),
    log,
  });
  await Promise.all([service.stop(), service.stop()]);
  expect(ended).toEqual(['consumer', 'producer']);
  expect(await service.exited).toBe(0);
});

test('a step that hangs is given up after the time, and the exit code is 1', async () => {
  const giveUp = new AbortController();
  const steps = [() => new Promise<void>(() => undefined), async () => undefined];
  const service = createRunningService({ timeoutMs: 20, steps, giveUp, log });
  await service.stop();
  expect(giveUp.signal.aborted).toBe(true);
  expect(await service.exited).toBe(1);
});

test('after a step that took too long each of the others still has time to end', async () => {
  const giveUp = new AbortController();
  const ended: string[] = [];
  const slow = (name: string) => async () => {
    await new Promise((resolve) => setTimeout(resolve, 20));
    ended.push(name);
  };
  const steps = [() => new Promise<void>(() => undefined), slow('producer'), slow('tracing')];
  const from = performance.now();
  const service = createRunningService({ timeoutMs: 900, steps, giveUp, log });
  await service.stop();
  expect(ended).toEqual(['producer', 'tracing']);
  expect(performance.now() - from).toBeLessThan(900);
  expect(await service.exited).toBe(1);
});

test('a step that gives up has time to leave, and the exit code is 1', async () => {
  const giveUp = new AbortController();
  const ended: string[] = [];
  const consumer = async () => {
    await new Promise((resolve) => giveUp.signal.addEventListener('abort', resolve));
    await new Promise((resolve) => setTimeout(resolve, 20));
    ended.push('left the group');
  };
  const service = createRunningService({ timeoutMs: 400, steps: [consumer], giveUp, log });
  await service.stop();
  expect(ended).toEqual(['left the group']);
  expect(await service.exited).toBe(1);
});

test('several steps that hang end together in the time of all', async () => {
  const hanging = () => new Promise<void>(() => undefined);
  const steps = [hanging, hanging, hanging];
  const from = performance.now();
  await createRunningService({ timeoutMs: 120, steps, giveUp: new AbortController(), log }).stop();
  const tookMs = performance.now() - from;
  expect(tookMs).toBeGreaterThanOrEqual(115); // timers may fire early
  expect(tookMs).toBeLessThan(400);
});

test('a step that fails does not keep the others from ending', async () => {
  let closed = false;
  const steps = [
    async () => {
      throw new Error('no');
    },
    async () => {
      closed = true;
    },
  ];
  const service = createRunningService({
    timeoutMs: 1_000,
    steps,
    giveUp: new AbortController(),
    log,
  });
  await service.stop();
  expect(closed).toBe(true);
  expect(await service.exited).toBe(1);
});
