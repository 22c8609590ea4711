import { expect, test } from 'vitest';
import { createLog } from './log.ts';
import { untilDone } from './retry.ts';

class Passing extends Error {}

/** Fails with the given errors one after another, then succeeds. */
function createCall(...errors: Error[]) {
  const seen = { attempts: 0, retries: 0 };
  const giveUp = new AbortController();
  const options = {
    isTransient: (error: unknown) => error instanceof Passing,
    onRetry: () => {
      seen.retries += 1;
    },
    signal: giveUp.signal,
    log: createLog('silent', {}),
    what: 'test',
  };
  const attempt = async () => {
    seen.attempts += 1;
    const error = errors.shift();
    if (error) throw error;
    return 'done';
  };
  return { seen, giveUp, options, attempt };
}

test('transient trouble is tried again, with a sign of life for each failure', async () => {
  const { seen, options, attempt } = createCall(new Passing(), new Passing());
  expect(await untilDone(attempt, options)).toBe('done');
  expect(seen).toEqual({ attempts: 3, retries: 2 });
});

test('any other error ends it at once', async () => {
  const refusal = new TypeError('no');
  const { seen, options, attempt } = createCall(new Passing(), refusal);
  await expect(untilDone(attempt, options)).rejects.toBe(refusal);
  expect(seen).toEqual({ attempts: 2, retries: 1 });
});

test('a shutdown that gives up ends an attempt that hangs', async () => {
  const { giveUp, options } = createCall();
  const reason = new Error('the shutdown took too long');
  const trying = untilDone(() => new Promise(() => undefined), options);
  giveUp.abort(reason);
  await expect(trying).rejects.toBe(reason);
});

test('a shutdown that gives up ends the pause between attempts, and none follows', async () => {
  const { seen, giveUp, options, attempt } = createCall(new Passing());
  const reason = new Error('the shutdown took too long');
  const onRetry = () => giveUp.abort(reason);
  await expect(untilDone(attempt, { ...options, onRetry })).rejects.toBe(reason);
  expect(seen.attempts).toBe(1);
});
