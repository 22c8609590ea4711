import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { startFakeOperationService } from './fake-operation-service.ts';
import { generateLoad, type LoadOptions } from './generate-load.ts';
import { defaultNames } from './names.ts';

const never = new AbortController().signal;

const load = (url: string, ratePerSecond: number, durationMs: number): LoadOptions => ({
  target: { url },
  profile: { kind: 'constant', ratePerSecond },
  durationMs,
  names: defaultNames,
});

// Real time: a machine that stands still for longer than 30 ms at the very end fails one try.
test('over HTTP the achieved rate is within 1 % of the requested one', { retry: 2 }, async () => {
  await using service = await startFakeOperationService();
  const report = await generateLoad(load(service.url, 100, 3_000), never);
  expect(report).toMatchObject({ due: 300, sent: 300, accepted: 300, late: 0 });
  expect(service.operations.filter(({ data: { name } }) => name === 'mallory')).toHaveLength(30);
  expect(report.achievedPerSecond / 100).toBeGreaterThan(0.99);
  expect(report.achievedPerSecond / 100).toBeLessThan(1.01);
});

test('a server stalled for a second gets its requests all the same, and the percentiles show it', async () => {
  const stallMs = 1_000;
  let over: Promise<unknown> | undefined;
  const arrived = { meanwhile: 0 };
  await using service = await startFakeOperationService({
    beforeAnswer(index) {
      if (index === 50) over = sleep(stallMs).finally(() => (over = undefined));
      if (over !== undefined) arrived.meanwhile += 1;
      return over;
    },
  });
  const latencies: number[] = [];
  const observer = {
    onAnswered: ({ latencyMs }: { latencyMs: number }) => latencies.push(latencyMs),
  };
  const report = await generateLoad({ ...load(service.url, 100, 2_000), observer }, never);
  expect(report).toMatchObject({ sent: 200, accepted: 200 });
  expect(arrived.meanwhile).toBeGreaterThan(85);
  // Half of the requests were due in that second, and waited for the rest of it.
  expect(report.latencyMs?.max).toBeGreaterThanOrEqual(stallMs);
  expect(report.latencyMs?.p95).toBeGreaterThan(stallMs * 0.85);
  expect(latencies.filter((ms) => ms > stallMs / 2).length).toBeGreaterThan(45);
});

test('answers of a server in trouble are counted by status, and it is told the host asked for', async () => {
  await using service = await startFakeOperationService({
    status: (index) => (index % 4 === 0 ? 503 : 202),
  });
  const target = { url: `${service.url}/`, hostHeader: 'operation-service.scalable-microservice' };
  const report = await generateLoad({ ...load(service.url, 200, 200), target }, never);
  expect(report).toMatchObject({ sent: 40, accepted: 30, errors: { byStatus: { 503: 10 } } });
  expect([...service.seen.hosts]).toEqual([target.hostHeader]);
});

test('nobody listens: counted by the code of the network error', async () => {
  const { url } = await closedPort();
  const report = await generateLoad(load(url, 100, 200), never);
  expect(report).toMatchObject({ sent: 20, accepted: 0, errors: { byCode: { ECONNREFUSED: 20 } } });
});

test('a server that closes instead of answering', async () => {
  const server = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const report = await generateLoad(load(urlOf(server), 100, 200), never);
  server.close();
  expect(report).toMatchObject({ sent: 20, accepted: 0, errors: { byCode: { ECONNRESET: 20 } } });
});

test('no answer within the request timeout is a timeout, beyond the connections an overload', async () => {
  await using service = await startFakeOperationService({
    beforeAnswer: () => new Promise(() => {}),
  });
  const limits = { requestTimeoutMs: 300, maxConnections: 5 };
  const report = await generateLoad({ ...load(service.url, 100, 200), ...limits }, never);
  const { timeout = 0, overload = 0 } = report.errors.byCode;
  expect(timeout).toBe(report.sent);
  expect(timeout + overload).toBe(20);
  expect(report.accepted).toBe(0);
});

test('giving up ends the waiting for answers', async () => {
  const giveUp = new AbortController();
  await using service = await startFakeOperationService({
    beforeAnswer(index) {
      if (index === 19) giveUp.abort();
      return new Promise(() => {});
    },
  });
  const options = { ...load(service.url, 100, 200), giveUp: giveUp.signal };
  const report = await generateLoad(options, never);
  expect(report).toMatchObject({ sent: 20, accepted: 0, errors: { byCode: { aborted: 20 } } });
});

async function closedPort(): Promise<{ url: string }> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = urlOf(server);
  await new Promise<unknown>((resolve) => server.close(resolve));
  return { url };
}

function urlOf(server: ReturnType<typeof createServer>): string {
  const address = server.address();
  return `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`;
}
