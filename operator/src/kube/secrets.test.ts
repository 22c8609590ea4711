import type { ServerResponse } from 'node:http';
import { expect, onTestFinished, test } from 'vitest';
import { createSecretReader } from './secrets.ts';
import {
  answer,
  clientFor,
  createFakeClock,
  eventually,
  forever,
  refuse,
  startServer,
} from './testing.ts';

const ref = { namespace: 'shop', name: 'kafka' };
const base64 = (text: string) => Buffer.from(text).toString('base64');

async function setup(respond: (response: ServerResponse) => void) {
  const server = await startServer((_, response) => respond(response));
  const clock = createFakeClock();
  const secrets = createSecretReader({ client: clientFor(server), clock });
  onTestFinished(() => secrets.close());
  const read = (key = 'password') => secrets.read(ref, key, forever);
  return { server, clock, secrets, read };
}

const holding = (password: string) => (response: ServerResponse) =>
  answer(response, { data: { password: base64(password), user: base64('grün') } });

test('a Secret is asked once in 30 s, however many read it at the same time', async () => {
  const { server, clock, read } = await setup(holding('one'));
  expect(await Promise.all([read(), read(), read('user')])).toEqual(['one', 'one', 'grün']);
  clock.advance(29_999);
  server.handle((_, response) => holding('two')(response));
  expect(await read()).toBe('one');
  expect(server.requests).toMatchObject([{ path: '/api/v1/namespaces/shop/secrets/kafka' }]);
  clock.advance(1);
  expect(await read()).toBe('two');
});

test('forget makes the next read ask again, even while one is in flight', async () => {
  let slow: ServerResponse | undefined;
  const { server, secrets, read } = await setup((response) => {
    slow = response;
  });
  const first = read();
  await eventually(() => slow !== undefined);
  secrets.forget(ref);
  server.handle((_, response) => holding('new')(response));
  expect(await read()).toBe('new');
  if (slow) holding('old')(slow);
  expect(await first).toBe('old');
  expect(await read()).toBe('new');
});

test.for([
  [404, 'NotFound'],
  [403, 'Forbidden'],
  [500, 'Unavailable'],
] as const)('%i is %s, and not asked again for 5 s', async ([status, code]) => {
  const { server, clock, read } = await setup((response) => refuse(response, status, 'Reason'));
  await expect(read()).rejects.toMatchObject({ name: 'SecretError', code });
  await expect(read()).rejects.toMatchObject({ code });
  expect(server.requests).toHaveLength(1);
  clock.advance(5000);
  server.handle((_, response) => holding('back')(response));
  expect(await read()).toBe('back');
});

test('a key that is missing says which, and no value', async () => {
  const { read } = await setup(holding('hunter2'));
  const error = await read('pasword').catch((e: unknown) => e);
  expect(error).toMatchObject({ code: 'KeyNotFound', message: expect.stringContaining('pasword') });
  expect(JSON.stringify([error, String(error)])).not.toMatch(/hunter2|aHVudGVyMg/);
});

test.for([
  ['an API server that is away leaves the old value for 10 minutes', 500, 'one'],
  ['a Secret that is deleted is gone at once', 404, 'NotFound'],
] as const)('%s', async ([, status, expected]) => {
  const { server, clock, read } = await setup(holding('one'));
  await read();
  server.handle((_, response) => refuse(response, status, 'Reason'));
  clock.advance(60_000);
  expect(await read().catch((error) => error.code)).toBe(expected);
  clock.advance(600_000);
  await expect(read()).rejects.toMatchObject({ name: 'SecretError' });
});

test('who gives up does not take the answer from the others', async () => {
  let slow: ServerResponse | undefined;
  const { secrets, read } = await setup((response) => {
    slow = response;
  });
  const stop = new AbortController();
  const impatient = secrets.read(ref, 'password', stop.signal);
  const patient = read();
  await eventually(() => slow !== undefined);
  stop.abort(new Error('enough'));
  await expect(impatient).rejects.toThrow('enough');
  if (slow) holding('one')(slow);
  expect(await patient).toBe('one');
});
