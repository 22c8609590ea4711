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
