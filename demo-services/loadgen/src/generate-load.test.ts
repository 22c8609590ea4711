import { expect, test } from 'vitest';
import { type Clock, runLoad } from './generate-load.ts';
import type { LoadRecord } from './records.ts';

const never = new AbortController().signal;
const options = {
  topic: 'user-approve',
  profile: { kind: 'constant' as const, ratePerSecond: 50 },
  durationMs: 10_000,
  names: { name: 'hans', deniedName: 'mallory', deniedShare: 0.1 },
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

function createKafka(clock: { at: number }) {
  const received: LoadRecord[] = [];
  const stall = { from: Number.POSITIVE_INFINITY, until: 0 };
  const send = async (records: readonly LoadRecord[]) => {
    if (clock.at >= stall.from) {
      while (clock.at < stall.until) await new Promise((resolve) => setImmediate(resolve));
    }
    received.push(...records);
  };
  return { received, stall, send };
}

test('every record of the schedule is sent once, each tenth with the denied name', async () => {
  const clock = createClock();
  const kafka = createKafka(clock);
  const report = await runLoad(options, kafka, clock, never);
  expect(report).toMatchObject({ sent: 500, acknowledged: 500, denied: 50, errors: {} });
  expect(report.achievedPerSecond).toBeCloseTo(50);
  expect(new Set(kafka.received.map(({ uuid }) => uuid)).size).toBe(500);
  const first = JSON.parse(kafka.received[0]?.value ?? '');
  expect(first).toMatchObject({ uuid: kafka.received[0]?.uuid, data: { approved: 'pending' } });
  expect(first.data.uuid).not.toBe(first.uuid);
});

test('late timers do not lower the rate', async () => {
  const clock = createClock(93);
  const report = await runLoad(options, createKafka(clock), clock, never);
  expect(report.sent).toBe(500);
});

test('a Kafka that stands still for 5 s shows those 5 s in the latency, not in the rate', async () => {
  const clock = createClock();
  const kafka = createKafka(clock);
  kafka.stall.from = 2_000;
  kafka.stall.until = 7_000;
  const report = await runLoad(options, kafka, clock, never);
  expect(report).toMatchObject({ sent: 500, acknowledged: 500 });
  expect(report.latencyMs?.max).toBeGreaterThan(4_900);
  expect(report.latencyMs?.p95).toBeGreaterThan(4_400); // half of the records were due meanwhile
});

test('records that Kafka does not take are counted by the kind of error', async () => {
  const clock = createClock();
  const send = async () => {
    throw Object.assign(new Error('no'), { type: 'NOT_LEADER_FOR_PARTITION' });
  };
  const report = await runLoad(options, { send }, clock, never);
  expect(report).toMatchObject({
    sent: 500,
    acknowledged: 0,
    errors: { NOT_LEADER_FOR_PARTITION: 500 },
    latencyMs: undefined,
  });
});

test('an abort ends the schedule and reports what was sent', async () => {
  const clock = createClock();
  const stop = new AbortController();
  const observer = {
    onAcknowledged: () => {
      if (clock.at >= 1_000) stop.abort();
    },
  };
  const endless = { ...options, durationMs: Number.POSITIVE_INFINITY, observer };
  const report = await runLoad(endless, createKafka(clock), clock, stop.signal);
  expect(report.sent).toBe(report.acknowledged);
  expect(report.sent).toBeGreaterThanOrEqual(50);
  expect(report.sent).toBeLessThan(60);
});
