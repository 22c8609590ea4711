import { beforeEach, describe, expect, test } from 'vitest';
import { systemClock } from '../controller/clock.ts';
import { Breaker, type Knock } from './breaker.ts';
import { KafkaError, type Reaction } from './kafka-error.ts';

const error = (reaction: Reaction) =>
  new KafkaError('KafkaUnreachable', 'kafka:9092: trouble', { reaction });
const gone = error('none');
const hungUp = error('hangUp');
const untrusted = error('answer');
const refused = new KafkaError('AuthenticationFailed', 'kafka:9092: SASL');

let now = 0;
let probes = 0;
let knocks = 0;
/** In [0, 1); 0 is the longest delay. */
let drawn: number;
let breaker: Breaker;

beforeEach(() => {
  now = 1_000_000;
  probes = 0;
  knocks = 0;
  drawn = 0;
  breaker = new Breaker({ ...systemClock, now: () => now }, () => drawn);
});

const silence: Knock = async () => {
  knocks += 1;
  return false;
};
const life: Knock = async () => {
  knocks += 1;
  return true;
};
const failing = (cause: KafkaError) => async () => {
  probes += 1;
  throw breaker.failed(cause);
};
const healthy = async () => {
  probes += 1;
  breaker.succeeded();
};
/** One reading of a cluster; the message of what it was told, undefined when it may go on. */
const read = (probe: () => Promise<void>, knock: Knock = silence): Promise<string | undefined> =>
  breaker.admit(probe, knock).then(
    () => undefined,
    (cause: KafkaError) => cause.message,
  );

/** Milliseconds until the next probe is let through, when it is asked for every 10. */
async function waitMs(cause: KafkaError, knock: Knock = silence): Promise<number> {
  const before = probes;
  const startedAt = now;
  while (probes === before) {
    now += 10;
    await read(failing(cause), knock);
  }
  return now - startedAt;
}

test('the first caller proves the cluster, the next ones just pass', async () => {
  await read(healthy);
  await read(healthy);
  expect([probes, knocks]).toEqual([1, 0]);
});

describe('the longest back-off', () => {
  test.for([
    ['doubles from 1 s to 60 s', gone, [1, 2, 4, 8, 16, 32, 60, 60]],
    ['is longer after refused credentials', refused, [5, 10, 20, 40, 80, 160, 300, 300]],
    ['is that of an outage where it never worked', hungUp, [1, 2, 4, 8, 16, 32, 60, 60]],
  ] as const)('%s', async ([, cause, seconds]) => {
    await read(failing(cause));
    for (const expected of seconds) expect(await waitMs(cause)).toBe(expected * 1000);
  });

  test.for([
    ['that of an outage when it has worked and hangs up', hungUp, [1, 2, 4, 8]],
    ['that of an outage when it says what is wrong', untrusted, [1, 2, 4, 8]],
    ['that of an outage when it is gone', gone, [1, 2, 4, 8]],
  ] as const)('is %s', async ([, cause, seconds]) => {
    await read(healthy);
    breaker.failed(cause);
    for (const expected of seconds) expect(await waitMs(cause)).toBe(expected * 1000);
  });
});

describe('jitter', () => {
  test.for([
    [0, 16_000],
    [0.25, 12_000],
    [0.5, 8_000],
    [0.75, 4_000],
    [0.999_999, 100],
  ] as const)('is full: a draw of %d makes the fifth delay %d ms', async ([draw, delayMs]) => {
    for (let failures = 0; failures < 4; failures += 1) {
      await read(failing(gone));
      now += 60_000;
    }
    drawn = draw;
    await read(failing(gone));
    expect(await waitMs(gone)).toBe(delayMs);
  });

  test.for([
    ['an outage', gone, 100],
    ['refused credentials', refused, 1_000],
  ] as const)('leaves no hot loop after %s', async ([, cause, leastMs]) => {
    drawn = 0.999_999;
    await read(failing(cause));
    for (let i = 0; i < 10; i += 1) expect(await waitMs(cause)).toBe(leastMs);
  });
});

test('while open the answer is the last cause, the same at every poll', async () => {
  await read(failing(refused));
  const told = ['kafka:9092: SASL; tried again within 300 s', 'AuthenticationFailed'];
  for (let poll = 0; poll < 3; poll += 1) {
    now += 100;
    const cause = await breaker.admit(healthy, life).catch((e: KafkaError) => e);
    expect([cause?.message, cause?.reason]).toEqual(told);
    expect(cause).toMatchObject({ cause: refused });
  }
  expect([probes, knocks]).toEqual([1, 0]);
});

test('callers that arrive during the probe share it', async () => {
  await read(failing(gone));
  now += 1_000;
  await Promise.all([read(healthy), read(healthy), read(healthy)]);
  expect(probes).toBe(2);
});

test('late failures of requests under way do not lengthen the back-off', async () => {
  await read(failing(gone));
  breaker.failed(gone);
  breaker.failed(gone);
  expect(await waitMs(gone)).toBe(1_000);
});

test('a success starts the back-off over', async () => {
  await read(failing(gone));
  await waitMs(gone);
  await waitMs(gone);
  now += 4_000;
  await read(healthy);
  breaker.failed(gone);
  expect(await waitMs(gone)).toBe(1_000);
});

describe('a knock', () => {
  test('that is answered makes the probe due at once, for all who ask', async () => {
    await read(failing(gone));
    now += 600;
    await Promise.all([read(healthy, life), read(healthy, life), read(healthy, life)]);
    expect([probes, knocks]).toEqual([2, 1]);
  });

  test('is made at most twice a second, however many ask', async () => {
    for (let failures = 0; failures < 8; failures += 1) {
      await read(failing(gone));
      now += 60_000;
    }
    await read(failing(gone)); // due in a minute
    knocks = 0;
    for (let ms = 0; ms < 10_000; ms += 10) {
      now += 10;
      await read(healthy);
    }
    expect(knocks).toBeGreaterThanOrEqual(19);
    expect(knocks).toBeLessThanOrEqual(21);
  });

  test('is made at the next poll, however long the last one took', async () => {
    await read(failing(gone));
    now += 1_000;
    await read(failing(gone)); // due in two seconds
    const slow: Knock = async () => {
      now += 500;
      return false;
    };
    await read(healthy, slow);
    now += 495; // a poll every second
    await read(healthy, life);
    expect([probes, knocks]).toEqual([3, 1]);
  });

  test.for([
    ['hangs up', hungUp],
    ['says what is wrong', untrusted],
    ['refuses the credentials', refused],
  ])(
    'is not made where somebody who never worked %s: only the back-off helps',
    async ([, cause]) => {
      await read(failing(cause as KafkaError));
      now += 50;
      expect(await read(healthy, life)).toContain('tried again within');
      expect(knocks).toBe(0);
    },
  );

  test('is made where somebody hangs up who has worked', async () => {
    await read(healthy);
    breaker.failed(hungUp);
    now += 50;
    expect(await read(healthy)).toBe('kafka:9092: trouble');
    now += 500;
    expect(await read(healthy, life)).toBeUndefined();
    expect([probes, knocks]).toEqual([2, 2]);
  });

  test('in vain is not repeated before the back-off is over', async () => {
    await read(failing(gone));
    now += 600;
    await read(failing(gone), life);
    expect([probes, knocks]).toEqual([2, 1]);
    expect(await waitMs(gone, life)).toBe(2_000);
    expect(knocks).toBe(1);
  });

  /** Probes of ten minutes in which every knock is answered and every probe fails. */
  async function probesInVain(): Promise<number> {
    const before = probes;
    for (let poll = 0; poll < 120; poll += 1) {
      await read(failing(gone), life);
      now += 5_000;
    }
    return probes - before;
  }

  test('in vain, again and again, costs two probes per back-off', async () => {
    expect(await probesInVain()).toBeLessThan(2 * (6 + 600 / 60));
  });

  test('in vain where it has worked leaves one probe per poll', async () => {
    await read(healthy);
    breaker.failed(gone);
    expect(await probesInVain()).toBe(120);
  });
});

describe('of one broker', () => {
  test('requests pass until one fails, and again when it is due', async () => {
    await breaker.pass(silence);
    breaker.failed(untrusted);
    await expect(breaker.pass(silence)).rejects.toMatchObject({ cause: untrusted });
    now += 1_000;
    await breaker.pass(silence);
  });

  test('forgiven, it is as new', async () => {
    breaker.failed(refused);
    breaker.forgive();
    await breaker.pass(silence);
    breaker.failed(refused);
    now += 5_000;
    await breaker.pass(silence);
  });
});
