import { readdirSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import type { KafkaConnection } from '../controller/ports.ts';
import { HurriedClock } from './fakes.ts';
import { createLagSource } from './lag-source.ts';
import {
  type Behaviour,
  hangUp,
  nonsense,
  plainText,
  reset,
  type Stub,
  plainSasl as sasl,
  silent,
  startBlackHole,
  startStub,
  publicTls as tls,
  tlsAlert,
  wrongPassword,
} from './testing.ts';

setFlagsFromString('--expose-gc');
const gc = runInNewContext('gc') as () => void;

const never = new AbortController().signal;

/** A cluster that fails in its own way, and how often it does in a tenth of the test. */
interface Way {
  readonly name: string;
  readonly behave: Behaviour;
  readonly change?: Partial<KafkaConnection>;
  readonly reason?: string;
  readonly times: number;
}
const ways: readonly Way[] = [
  { name: 'hangs up', behave: hangUp, times: 160 },
  { name: 'resets', behave: reset, times: 160 },
  { name: 'never answers', behave: silent, times: 80 },
  { name: 'never answers TLS', behave: silent, change: { tls }, times: 80 },
  { name: 'never answers SASL', behave: silent, change: { sasl }, times: 80 },
  { name: 'speaks plain text to TLS', behave: plainText, change: { tls }, times: 80 },
  { name: 'speaks TLS to plain text', behave: tlsAlert, times: 80 },
  { name: 'talks nonsense', behave: nonsense, times: 80 },
  {
    name: 'refuses the password',
    behave: wrongPassword,
    change: { sasl },
    reason: 'AuthenticationFailed',
    times: 80,
  },
];
const nobody: Way = { name: 'refuses connections', behave: silent, times: 40 };
const blackHole: Way = { name: 'is behind a firewall', behave: silent, times: 40 };
const unknown: Way = { name: 'is not known', behave: silent, times: 40 };

/** The clock of the back-offs, which are skipped. */
const clock = new HurriedClock(50);
/** Names of one server, under which it fails in several sessions at the same time. */
const lanes = ['a', 'b', 'c', 'd'];
const sourceWithin = (timeoutMs: number) =>
  createLagSource({
    clock,
    connectTimeoutMs: timeoutMs,
    requestTimeoutMs: timeoutMs,
    readTimeoutMs: 200_000,
    async lookup(host) {
      if (lanes.includes(host)) return ['127.0.0.1'];
      throw Object.assign(new Error('unknown'), { code: 'ENOTFOUND' });
    },
  });
/** Silence is waited for; on a busy machine other answers must not be taken for it. */
const impatient = sourceWithin(20);
const patient = sourceWithin(10_000);

let failures = 0;
async function fail(way: Way, server: string): Promise<void> {
  const connection = { bootstrapServers: [server], tls: undefined, sasl: undefined, ...way.change };
  const request = { connection, group: 'g', topics: ['t'], partitions: undefined };
  const source = way.behave === silent ? impatient : patient;
  for (let i = 0; i < way.times / lanes.length; i += 1) {
    clock.skip(i % 2 === 0 ? 400_000 : 600); // past the back-off, or only past the last knock
    const owner = `${way.name} ${server} ${i % 3}`;
    const reading = await source.read(
      owner,
      { ...request, isolationLevel: 'read_committed' },
      never,
    );
    const { reason = 'KafkaUnreachable' } = way;
    expect(reading, way.name).toMatchObject({ kind: 'unavailable', reason });
    failures += 1;
    if (i % 10 === 9) for (const one of [0, 1, 2]) source.release(`${way.name} ${server} ${one}`);
  }
}
const failInLanes = (way: Way, port: number) =>
  Promise.all(lanes.map((lane) => fail(way, `${lane}:${port}`)));

interface Footprint {
  readonly fds: number;
  readonly resources: number;
  readonly heapMiB: number;
}
/** Descriptors, handles and timers that are still active, and memory that is still reachable. */
async function footprint(): Promise<Footprint> {
  gc();
  gc();
  return {
    fds: readdirSync('/proc/self/fd').length,
    resources: process.getActiveResourcesInfo().length,
    heapMiB: process.memoryUsage().heapUsed / 2 ** 20,
  };
}

test('10,000 failures leave no socket, timer or memory behind', async () => {
  const stubs: Stub[] = await Promise.all(ways.map(({ behave }) => startStub(behave)));
  const hole = await startBlackHole();
  const some = () =>
    Promise.all([
      ...ways.map((way, i) => failInLanes(way, stubs[i]?.address.port ?? 0)),
      failInLanes(nobody, 1),
      failInLanes(blackHole, hole.port),
      ...lanes.map((lane) => fail(unknown, `unknown-${lane}:9092`)),
    ]);

  await some();
  const before = await footprint();
  for (let tenth = 1; tenth < 10; tenth += 1) await some();

  expect(failures).toBeGreaterThanOrEqual(10_000);
  for (const [i, { name }] of ways.entries()) {
    expect(stubs[i]?.accepted(), name).toBeGreaterThan(50);
    const message = name;
    await expect.poll(() => stubs[i]?.connections(), { message }).toBeLessThanOrEqual(lanes.length);
  }
  const bound = { fds: before.fds + 5, resources: before.resources + 5 };
  await expect.poll(async () => (await footprint()).fds).toBeLessThanOrEqual(bound.fds);
  await expect.poll(async () => (await footprint()).resources).toBeLessThanOrEqual(bound.resources);
  // 10,000 failures that keep 500 bytes each would be more.
  expect((await footprint()).heapMiB).toBeLessThan(before.heapMiB + 4);

  await Promise.all([patient.close(), impatient.close()]);
  for (const stub of stubs) await expect.poll(stub.connections).toBe(0);
}, 300_000);
