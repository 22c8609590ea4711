import { afterEach, expect, test } from 'vitest';
import type { KafkaConnection, LagSource } from '../controller/ports.ts';
import { createLagSource } from './lag-source.ts';
import {
  hangUp,
  nonsense,
  plainText,
  reset,
  plainSasl as sasl,
  silent,
  startStub,
  publicTls as tls,
  tlsAlert,
  wrongPassword,
} from './testing.ts';

const never = new AbortController().signal;
const readTimeoutMs = 500;

let source: LagSource | undefined;

afterEach(async () => {
  await source?.close();
  source = undefined;
});

const read = (address: string, change: Partial<KafkaConnection> = {}, owner = 'shop/orders') => {
  source ??= createLagSource({
    readTimeoutMs,
    requestTimeoutMs: 200,
    connectTimeoutMs: 100,
  });
  const connection = { bootstrapServers: [address], tls: undefined, sasl: undefined, ...change };
  return source.read(
    owner,
    {
      connection,
      group: 'billing',
      topics: ['orders'],
      partitions: undefined,
      isolationLevel: 'read_uncommitted',
    },
    never,
  );
};

test.for([
  ['never answers', silent, {}, 'ApiVersions: request: no answer in time'],
  ['never answers TLS', silent, { tls }, 'connect: TLS: no answer in time'],
  ['never answers SASL', silent, { sasl }, 'connect: SASL: no answer in time'],
  ['hangs up', hangUp, {}, 'the broker closed the connection'],
  ['resets', reset, {}, ' the connection'],
  ['speaks plain text to TLS', plainText, { tls }, 'connect: TLS: '],
  ['speaks TLS to plain text', tlsAlert, {}, 'ApiVersions: TLS: one side speaks TLS'],
] as const)('a broker that %s', async ([, behave, change, message]) => {
  const { server } = await startStub(behave);
  const startedAt = performance.now();
  const reading = await read(server, change);
  expect(performance.now() - startedAt).toBeLessThan(readTimeoutMs + 150);
  expect(reading).toMatchObject({ kind: 'unavailable', reason: 'KafkaUnreachable' });
  expect(reading).toMatchObject({ message: expect.stringContaining(`${server}: `) });
  expect(reading).toMatchObject({ message: expect.stringContaining(message) });
  expect(JSON.stringify(reading)).not.toContain('hunter2');
});

test('a broker that refuses the password', async () => {
  const { server } = await startStub(wrongPassword);
  const reading = await read(server, { sasl });
  expect(reading).toMatchObject({
    reason: 'AuthenticationFailed',
    message: `${server}: connect: SASL: the broker refused the credentials: check the Secret of spec.kafka.sasl; tried again within 300 s`,
  });
  expect(JSON.stringify(reading)).not.toContain('hunter2');
});

test('a broker that talks nonsense', async () => {
  const { server } = await startStub(nonsense);
  expect(await read(server)).toMatchObject({
    reason: 'KafkaUnreachable',
    message: expect.stringContaining('ApiVersions: request: the answer makes no sense'),
  });
});

test('a port nobody listens on', async () => {
  const { server, close } = await startStub(silent);
  await close();
  expect(await read(server)).toMatchObject({
    reason: 'KafkaUnreachable',
    message: expect.stringContaining('TCP: refused'),
  });
});

test('a name that does not exist', async () => {
  expect(await read('kafka.invalid:9092')).toMatchObject({
    reason: 'KafkaUnreachable',
    message: expect.stringContaining('kafka.invalid:9092: connect: '),
  });
});

test('close ends a read that waits for a silent broker', async () => {
  const broker = await startStub(silent);
  const reading = read(broker.server);
  await expect.poll(broker.connections).toBe(1);
  await source?.close();
  expect(await reading).toMatchObject({ reason: 'LagUnknown' });
  await expect.poll(broker.connections).toBe(0);
});
