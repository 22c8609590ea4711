import { expect, test } from 'vitest';
import { type Clock, type LoadOptions, runLoad } from './generate-load.ts';
import { defaultNames } from './names.ts';
import type { Outcome } from './observer.ts';
import type { UserApi } from './user-api.ts';

const never = new AbortController().signal;
const options: LoadOptions = {
  target: { url: 'http://operation-service' },
  profile: { kind: 'constant', ratePerSecond: 50 },
  durationMs: 10_000,
  names: defaultNames,
};

/** Time passes only in `pause`; a pause may last longer than asked for, as on a busy machine. */
function createClock(lateMs = 0): Clock & { at: number } {
  const clock = {
    at: 0,
    now: () => clock.at,
    async pause(ms: number) {
      clock.at += ms + lateMs;
      await new Promise((resolve) => setImmediate(resolve));
    },
  };
  return clock;
}

/** Answers at once, but not within the stall, and takes no more than it is asked. */
function createServer(clock: { at: number }) {
  const server = {
    stall: { from: Number.POSITIVE_INFINITY, until: 0 },
    names: [] as string[],
    inFlight: 0,
    mostInFlight: 0,
    async createUser(name: string): Promise<Outcome> {
      server.names.push(name);
      server.inFlight += 1;
      server.mostInFlight = Math.max(server.mostInFlight, server.inFlight);
      if (clock.at >= server.stall.from) {
        while (clock.at < server.stall.until) await new Promise((go) => setImmediate(go));
      }
      server.inFlight -= 1;
      return { status: 202, uuid: `operation-${server.names.length}`, error: undefined };
    },
  };
  return server satisfies UserApi;
}

/** The clock goes on while the answers are awaited: without that a stalled server never answers. */
async function runWhileTimePasses(load: LoadOptions, api: UserApi, clock: Clock) {
  const ended = new AbortController();
  const report = runLoad(load, api, clock, never).finally(() => ended.abort());
  while (!ended.signal.aborted) await clock.pause(0.1, ended.signal);
  return report;
}

test('every request of the schedule is sent once, at the requested rate, each tenth denied', async () => {
  const clock = createClock();
  const server = createServer(clock);
  const report = await runLoad(options, server, clock, never);
  expect(report).toMatchObject({
    ...{ due: 500, sent: 500, accepted: 500, deniedNames: 50, late: 0 },
    ...{ requestedPerSecond: 50, errors: { byStatus: {}, byCode: {} } },
  });
  expect(Math.abs(report.achievedPerSecond - 50)).toBeLessThan(0.5);
  expect(server.names.filter((name) => name === 'mallory')).toHaveLength(50);
});

test('late timers do not lower the rate, and are told', async () => {
  const clock = createClock(93);
  const report = await runLoad(options, createServer(clock), clock, never);
  expect(report.sent).toBe(500);
  expect(Math.abs(report.achievedPerSecond - 50)).toBeLessThan(0.5);
  expect(report.sendDelayMs?.max).toBeGreaterThan(80);
});

test('a server that stands still for 5 s shows those 5 s in the latency, not in the rate', async () => {
  const clock = createClock();
  const server = createServer(clock);
  server.stall = { from: 2_000, until: 7_000 };
  const report = await runWhileTimePasses(options, server, clock);
  expect(report).toMatchObject({ sent: 500, accepted: 500, late: 0 });
  expect(server.mostInFlight).toBeGreaterThan(245);
  expect(report.latencyMs?.max).toBeGreaterThan(4_900);
  expect(report.latencyMs?.p95).toBeGreaterThan(4_400); // half of the requests were due meanwhile
});

test('at the connection limit requests leave late, which is counted and within their latency', async () => {
  const clock = createClock();
  const server = createServer(clock);
  server.stall = { from: 2_000, until: 7_000 };
  const report = await runWhileTimePasses({ ...options, maxConnections: 10 }, server, clock);
  expect(report).toMatchObject({ sent: 500, accepted: 500 });
  expect(server.mostInFlight).toBe(10);
  expect(report.late).toBeGreaterThan(230);
  expect(report.latencyMs?.p95).toBeGreaterThan(4_400);
});

test('a request that cannot leave within the request timeout is an overload', async () => {
  const clock = createClock();
  const server = createServer(clock);
  server.stall = { from: 2_000, until: 7_000 };
  const limits = { maxConnections: 10, requestTimeoutMs: 1_000 };
  const report = await runWhileTimePasses({ ...options, ...limits }, server, clock);
  const overload = report.errors.byCode['overload'] ?? 0;
  expect(overload).toBeGreaterThan(180); // due within the first 4 s of the stall, but for the first 10
  expect(report).toMatchObject({ due: 500, sent: 500 - overload, accepted: 500 - overload });
});

test.for<[string, Outcome, object]>([
  [
    'a status other than 202',
    { status: 503, uuid: undefined, error: 'status 503' },
    { byStatus: { 503: 500 }, byCode: {} },
  ],
  [
    'no answer',
    { status: undefined, uuid: undefined, error: 'ECONNREFUSED' },
    { byStatus: {}, byCode: { ECONNREFUSED: 500 } },
  ],
  [
    'a 202 without a uuid',
    { status: 202, uuid: undefined, error: 'invalid_answer' },
    { byStatus: {}, byCode: { invalid_answer: 500 } },
  ],
])('%s is counted as what it is', async ([, outcome, errors]) => {
  const clock = createClock();
  const report = await runLoad(options, { createUser: async () => outcome }, clock, never);
  expect(report).toMatchObject({ sent: 500, accepted: 0, errors, latencyMs: undefined });
});

test('an abort ends the schedule and reports what was sent', async () => {
  const clock = createClock();
  const stop = new AbortController();
  const seen: number[] = [];
  const observer = {
    onSending: ({ index }: { index: number }) => seen.push(index),
    onAnswered: () => {
      if (clock.at >= 1_000) stop.abort();
    },
  };
  const endless = { ...options, durationMs: Number.POSITIVE_INFINITY, observer };
  const report = await runLoad(endless, createServer(clock), clock, stop.signal);
  expect(report).toMatchObject({ due: report.sent, accepted: report.sent });
  expect(seen).toEqual(Array.from({ length: report.sent }, (_, index) => index));
  expect(report.sent).toBeGreaterThanOrEqual(50);
  expect(report.sent).toBeLessThan(60);
});
