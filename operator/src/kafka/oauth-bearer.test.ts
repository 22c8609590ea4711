import { afterEach, expect, test } from 'vitest';
import { systemClock } from '../controller/clock.ts';
import { ConnectFailure } from './connect-failure.ts';
import { toConnectionError } from './errors.ts';
import { KafkaError } from './kafka-error.ts';
import { Names } from './names.ts';
import { oauthBearer } from './oauth-bearer.ts';
import { Pool } from './pool.ts';
import { type SaslAnswer, type SaslStub, startSaslStub } from './sasl-stub.ts';
import { createTokenCache, type TokenSource } from './tokens.ts';

let stub: SaslStub | undefined;
let pool: Pool | undefined;

afterEach(async () => {
  pool?.close();
  await stub?.close();
});

/** Tokens t1, t2, … of the given life, or a failure. */
function counting(
  failure: () => KafkaError | undefined = () => undefined,
  lifeMs = 60_000,
): TokenSource {
  let count = 0;
  const load = async () => {
    const error = failure();
    if (error) throw error;
    return { value: `t${++count}`, expiresAt: systemClock.now() + lifeMs };
  };
  const late = () => new KafkaError('KafkaUnreachable', 'late');
  return createTokenCache(
    { load, late, timeoutMs: 1_000, remedy: 'check the client' },
    systemClock,
    Math.random,
  );
}

interface Given {
  readonly answer?: (message: string) => SaslAnswer;
  readonly extensions?: Readonly<Record<string, string>>;
  readonly tokens?: TokenSource;
  readonly connectTimeout?: number;
}

async function open(given: Given = {}) {
  stub = await startSaslStub(given.answer ?? (() => ({})));
  const tokens = given.tokens ?? counting();
  const authenticate = oauthBearer(tokens, given.extensions ?? {});
  const sasl = { mechanism: 'OAUTHBEARER', authenticate } as const;
  const { connectTimeout = 1_000 } = given;
  const connection = { connectTimeout, requestTimeout: 1_000, sasl };
  pool = new Pool({ clientId: 'test', connection, names: new Names(), tokens });
  return { stub, connect: () => pool?.connect(stub?.address ?? { host: '', port: 0 }) };
}

const context = {
  address: { host: 'kafka', port: 9092 },
  api: undefined,
  tls: true,
  sasl: true,
  authenticating: true,
  proven: false,
};

/** As BrokerCalls tells it. */
const toldOf = (error: unknown) =>
  toConnectionError(error instanceof ConnectFailure ? error.cause : error, context);

test('the first message is that of RFC 7628, with the extensions', async () => {
  const { connect, stub } = await open({ extensions: { logicalCluster: 'lkc-1', pool: 'a b' } });
  await connect();
  expect(stub.messages).toEqual([
    'n,,\x01auth=Bearer t1\x01logicalCluster=lkc-1\x01pool=a b\x01\x01',
  ]);
});

test.for([
  ['a challenge', { challenge: '{"status":"invalid_token"}' }, 'invalid_token'],
  ['a challenge that is not JSON', { challenge: 'no!' }, 'refused'],
  ['a challenge that tries to be funny', { challenge: '{"status":"<b>x"}' }, 'refused'],
  ['an error', { errorCode: 58 }, 'SASL_AUTHENTICATION_FAILED'],
] as const)('%s is a refusal, and ends the exchange', async ([, answer, status]) => {
  const { connect, stub } = await open({
    answer: (m) => (m === '\x01' ? { errorCode: 58 } : answer),
  });
  const error = await connect()?.catch(toldOf);
  expect(error).toMatchObject({
    reason: 'AuthenticationFailed',
    message: `kafka:9092: connect: SASL: the broker refused the token (${status}): check the client`,
  });
  expect(stub.messages.slice(1)).toEqual('challenge' in answer ? ['\x01'] : []);
  await expect.poll(() => stub.connections()).toBe(0);
});

test('after a refusal the next connection comes with another token', async () => {
  const { connect, stub } = await open({
    answer: (message) => (message.includes('t1') ? { errorCode: 58 } : {}),
  });
  await expect(connect()).rejects.toThrow();
  await connect();
  expect(stub.messages).toHaveLength(2);
});

test('without a token there is no connection, and the reason is that of the endpoint', async () => {
  const down = new KafkaError('KafkaUnreachable', 'token endpoint https://idp: down');
  const { connect, stub } = await open({ tokens: counting(() => down) });
  expect(await connect()?.catch(toldOf)).toMatchObject({
    reason: 'KafkaUnreachable',
    message: 'kafka:9092: connect: SASL: token endpoint https://idp: down',
  });
  expect(stub.connections()).toBe(0);
});

test('a token may take longer than a connection', async () => {
  const slow = createTokenCache(
    {
      load: () =>
        new Promise((resolve) =>
          setTimeout(() => resolve({ value: 't', expiresAt: undefined }), 150),
        ),
      late: () => new KafkaError('KafkaUnreachable', 'late'),
      timeoutMs: 1_000,
      remedy: '',
    },
    systemClock,
    Math.random,
  );
  const { connect } = await open({ tokens: slow, connectTimeout: 100 });
  await expect(connect()).resolves.toBeDefined();
});

test('a session is authenticated again before it ends, on the same connection', async () => {
  const { connect, stub } = await open({ answer: () => ({ sessionLifetimeMs: 100 }) });
  const connection = await connect();
  await expect.poll(() => stub.messages.length, { timeout: 5_000 }).toBeGreaterThanOrEqual(3);
  expect(await connect()).toBe(connection);
  expect(stub.connections()).toBe(1);
});

test('a session longer than the timers of Node is not authenticated all the time', async () => {
  const year = 400 * 86_400_000;
  const { connect, stub } = await open({ answer: () => ({ sessionLifetimeMs: year }) });
  await connect();
  await new Promise((resolve) => setTimeout(resolve, 50)); // the timer would have fired after 1 ms
  expect(stub.messages).toHaveLength(1);
});

test('a lost connection is not authenticated again, and leaves the next one alone', async () => {
  const { connect, stub } = await open({ answer: () => ({ sessionLifetimeMs: 200 }) });
  const lost = await connect();
  stub.cut();
  await expect.poll(() => lost?.status).toBe('closed');
  const next = await connect();
  await expect.poll(() => stub.messages.length, { timeout: 5_000 }).toBeGreaterThanOrEqual(4);
  expect(await connect()).toBe(next);
  expect(lost?.status).toBe('closed');
  expect(stub.connections()).toBe(1);
});

test('a token that cannot be renewed in time ends the connection with the reason', async () => {
  let failure: KafkaError | undefined;
  const { connect, stub } = await open({
    answer: () => ({ sessionLifetimeMs: 100 }),
    tokens: counting(() => failure, 100),
  });
  const connection = await connect();
  failure = new KafkaError('KafkaUnreachable', 'token endpoint: down');
  await expect.poll(() => connection?.status, { timeout: 5_000 }).toBe('closed');
  expect(await connect()?.catch(toldOf)).toMatchObject({ reason: 'KafkaUnreachable' });
  expect(stub.connections()).toBe(0);
});
