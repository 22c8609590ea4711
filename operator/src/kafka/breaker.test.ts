import { beforeEach, expect, test } from 'vitest';
import { systemClock } from '../controller/clock.ts';
import { Breaker } from './breaker.ts';
import { KafkaError } from './kafka-error.ts';

const unreachable = new KafkaError('KafkaUnreachable', 'kafka:9092: refused');
const refused = new KafkaError('AuthenticationFailed', 'kafka:9092: SASL');

let now = 0;
let probes = 0;
let breaker: Breaker;
let middle: number;

beforeEach(() => {
  now = 1_000_000;
  probes = 0;
  middle = 0.5; // no jitter
  breaker = new Breaker({ ...systemClock, now: () => now }, () => middle);
});

function failing(cause: KafkaError) {
  return async () => {
    probes += 1;
    breaker.failed(cause);
    throw cause;
  };
}
async function healthy() {
  probes += 1;
  breaker.succeeded();
}

/** Milliseconds until the next probe is let through. */
async function waitMs(cause: KafkaError): Promise<number> {
  const before = probes;
  const startedAt = now;
  while (probes === before) {
    now += 10;
    await breaker.admit(failing(cause)).catch(() => undefined);
  }
  return now - startedAt;
}

test('the first caller proves the cluster, the next ones just pass', async () => {
  await breaker.admit(healthy);
  await breaker.admit(healthy);
  expect(probes).toBe(1);
});

test.for([
  ['doubles from 1 s to 60 s', unreachable, [1, 2, 4, 8, 16, 32, 60, 60]],
  ['is longer after refused credentials', refused, [5, 10, 20, 40, 80, 160, 300, 300]],
] as const)('the back-off %s', async ([, cause, seconds]) => {
  await breaker.admit(failing(cause)).catch(() => undefined);
  for (const expected of seconds) expect(await waitMs(cause)).toBe(expected * 1000);
});

test.for([
  ['shortest', 0, 800],
  ['longest', 0.999_999_9, 1200],
] as const)('with jitter the %s first wait differs by a fifth', async ([, random, expected]) => {
  middle = random;
  await breaker.admit(failing(unreachable)).catch(() => undefined);
  expect(await waitMs(unreachable)).toBe(expected);
});

test('while open the answer is the last cause and when the next attempt is due', async () => {
  await breaker.admit(failing(unreachable)).catch(() => undefined);
  await expect(breaker.admit(healthy)).rejects.toMatchObject({
    reason: 'KafkaUnreachable',
    message: 'kafka:9092: refused; next attempt in 1 s',
    cause: unreachable,
  });
  expect(probes).toBe(1);
});

test('callers that arrive during the probe share it', async () => {
  await breaker.admit(failing(unreachable)).catch(() => undefined);
  now += 1_000;
  await Promise.all([breaker.admit(healthy), breaker.admit(healthy), breaker.admit(healthy)]);
  expect(probes).toBe(2);
});

test('late failures of requests under way do not lengthen the back-off', async () => {
  await breaker.admit(failing(unreachable)).catch(() => undefined);
  breaker.failed(unreachable);
  breaker.failed(unreachable);
  expect(await waitMs(unreachable)).toBe(1_000);
});

test('a success starts the back-off over', async () => {
  await breaker.admit(failing(unreachable)).catch(() => undefined);
  await waitMs(unreachable);
  await waitMs(unreachable);
  now += 4_000;
  await breaker.admit(healthy);
  breaker.failed(unreachable);
  expect(await waitMs(unreachable)).toBe(1_000);
});

test('a sign of life makes the probe due at once', async () => {
  await breaker.admit(failing(unreachable)).catch(() => undefined);
  breaker.retryNow();
  await breaker.admit(healthy);
  await breaker.admit(healthy);
  expect(probes).toBe(2);
});

test('a sign of life during a probe that still fails makes the next one due at once', async () => {
  await breaker.admit(failing(unreachable)).catch(() => undefined);
  now += 1_000;
  const probe = async () => {
    breaker.retryNow();
    await failing(unreachable)();
  };
  await breaker.admit(probe).catch(() => undefined);
  await breaker.admit(failing(unreachable)).catch(() => undefined);
  expect(probes).toBe(3);
  await breaker.admit(failing(unreachable)).catch(() => undefined);
  expect(probes).toBe(3);
});
