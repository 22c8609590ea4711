import { beforeEach, expect, test } from 'vitest';
import { FakeClock } from '../controller/fakes.ts';
import { KafkaError } from './kafka-error.ts';
import { checkedToken, createTokenCache, type TokenOrigin, type TokenSource } from './tokens.ts';

const down = new KafkaError('KafkaUnreachable', 'token endpoint: down');

let clock: FakeClock;
let loads: number;
let lifeMs: number | undefined;
let failure: KafkaError | undefined;
let held: Promise<void> | undefined;
/** In [0, 1); 0 is the longest delay. */
let drawn: number;
let tokens: TokenSource;

beforeEach(() => {
  clock = new FakeClock();
  loads = 0;
  lifeMs = 60_000;
  failure = undefined;
  held = undefined;
  drawn = 0;
  tokens = createTokenCache(origin, clock, () => drawn);
});

const origin: TokenOrigin = {
  timeoutMs: 10_000,
  late: () => new KafkaError('KafkaUnreachable', 'token endpoint: late'),
  remedy: 'check the client',
  async load() {
    loads += 1;
    await held;
    if (failure) throw failure;
    const expiresAt = lifeMs === undefined ? undefined : clock.now() + lifeMs;
    return { value: `token-${loads}`, expiresAt };
  },
};

const get = () => tokens.get().catch((error: KafkaError) => error.message);

test('all who ask at the same time share one request', async () => {
  expect(await Promise.all([get(), get(), get()])).toEqual(['token-1', 'token-1', 'token-1']);
});

test('a token is used for half of its life, then renewed', async () => {
  await get();
  await clock.advance(29_999);
  expect(await get()).toBe('token-1');
  await clock.advance(1);
  expect(await get()).toBe('token-2');
});

test('a token that does not tell its life is used for half a minute', async () => {
  lifeMs = undefined;
  await get();
  await clock.advance(29_999);
  expect(await get()).toBe('token-1');
  await clock.advance(1);
  expect(await get()).toBe('token-2');
});

test('while none can be had the old one is used to its end, and then the reason is told', async () => {
  await get();
  failure = down;
  await clock.advance(30_000);
  expect(await get()).toBe('token-1');
  await clock.advance(28_999);
  expect(await get()).toBe('token-1');
  await clock.advance(1);
  expect(await get()).toBe('token endpoint: down');
  failure = undefined;
  await clock.advance(2_000);
  expect(await get()).toBe('token-4');
});

test('a failure is told to all who ask within a second without another request', async () => {
  failure = down;
  await get();
  await clock.advance(999);
  expect(await get()).toBe('token endpoint: down');
  expect(loads).toBe(1);
  await clock.advance(1);
  await get();
  expect(loads).toBe(2);
});

/** Requests in ten minutes in which a token is wanted every 5 s and none can be had. */
async function loadsInVain(): Promise<number> {
  failure = down;
  for (let poll = 0; poll < 120; poll += 1) {
    await get();
    await clock.advance(5_000);
  }
  return loads;
}

test('while none can be had requests back off to a minute, and start over after a success', async () => {
  expect(await loadsInVain()).toBeLessThanOrEqual(6 + 600 / 60);
  failure = undefined;
  await clock.advance(60_000);
  expect(await get()).toMatch(/^token-/);
  loads = 0;
  await clock.advance(60_000);
  expect(await loadsInVain()).toBeGreaterThan(600 / 60);
});

test('the time to the next request is drawn, so that many sessions do not ask together', async () => {
  drawn = 0.75;
  expect(await loadsInVain()).toBeGreaterThan(2 * (600 / 60));
});

test('a token that a broker refused is not offered again', async () => {
  await get();
  expect(tokens.refused('token-1')).toBe('check the client');
  expect(await get()).toBe('token-2');
  tokens.refused('token-1'); // late news of the old one
  expect(await get()).toBe('token-2');
});

test('a refused token that had expired says so', () => {
  const claims = Buffer.from(JSON.stringify({ exp: 1 })).toString('base64url');
  expect(tokens.refused(`e30.${claims}.x`)).toBe(
    'check the client; it expired at 1970-01-01T00:00:01.000Z',
  );
});

test('who cannot wait is told so; the answer is used by those who come later', async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  held = promise;
  const first = get();
  await clock.advance(1_000);
  const second = get();
  await clock.advance(500);
  expect(await first).toBe('token endpoint: late');
  expect(await second).toBe('token endpoint: late'); // it waited for the same answer
  await clock.advance(5_000);
  const third = get();
  await clock.advance(0);
  expect(await third).toBe('token endpoint: late');
  resolve();
  await clock.advance(0);
  expect(await get()).toBe('token-1');
  expect([loads, clock.timers]).toEqual([1, 0]);
});

test('an answer that never comes is given up after a while', async () => {
  held = new Promise(() => undefined);
  const first = get();
  await clock.advance(10_000);
  expect(await first).toBe('token endpoint: late');
  held = undefined;
  await clock.advance(1_000);
  expect(await get()).toBe('token-2');
  expect(clock.timers).toBe(0);
});

test('while an answer is slow the old token is used', async () => {
  await get();
  await clock.advance(30_000);
  held = new Promise(() => undefined);
  const slow = get();
  await clock.advance(1_500);
  expect(await slow).toBe('token-1');
});

test.for([
  ['the line break at the end of a file', 'abc\n', 'abc'],
  ['a JWT', 'a.b-_.c', 'a.b-_.c'],
  ['nothing', ' \n', undefined],
  ['a page of HTML', '<html> x', undefined],
  ['the separator of the SASL message', 'abc\x01auth=x', undefined],
] as const)('%s', ([, text, token]) => {
  const check = () => checkedToken(text, 'file x');
  if (token === undefined) expect(check).toThrow('file x: what it holds is not a token');
  else expect(check()).toBe(token);
});
