import { expect, test } from 'vitest';
import { createEventRecorder } from './events.ts';
import { answer, clientFor, createFakeClock, eventually, refuse, startServer } from './testing.ts';

const about = { namespace: 'shop', name: 'orders', uid: 'uid-1' };
const rescaled = { type: 'Normal', reason: 'SuccessfulRescale', message: 'New size: 3' } as const;
const failed = { type: 'Warning', reason: 'FailedRescale', message: 'denied' } as const;

async function setup(queueSize = 10) {
  const server = await startServer((_, response) => answer(response, {}));
  const clock = createFakeClock();
  const dropped: string[] = [];
  const client = clientFor(server, { requestTimeoutMs: 1000 });
  const onDropped = (reason: string) => dropped.push(reason);
  const recorder = createEventRecorder({ client, clock, onDropped, queueSize });
  return { server, clock, dropped, recorder };
}

test('an event is what kubectl describe looks for', async () => {
  const { server, recorder } = await setup();
  recorder.publish(about, [rescaled]);
  await eventually(() => expect(server.requests).toHaveLength(1));
  expect(server.requests[0]).toMatchObject({
    method: 'POST',
    path: '/api/v1/namespaces/shop/events',
    body: {
      metadata: { name: expect.stringMatching(/^orders\.[0-9a-f]+$/), namespace: 'shop' },
      involvedObject: {
        apiVersion: 'lagscaler.dev/v1alpha1',
        kind: 'KafkaConsumerScaler',
        ...about,
      },
      ...rescaled,
      source: { component: 'lagscaler' },
      firstTimestamp: '2026-01-01T00:00:00Z',
      lastTimestamp: '2026-01-01T00:00:00Z',
      count: 1,
    },
  });
});

test('equal events are folded into one with a count, written every 10 s', async () => {
  const { server, clock, recorder } = await setup();
  recorder.publish(about, [rescaled]);
  await eventually(() => expect(server.requests).toHaveLength(1));
  await eventually(() => {
    // Only when the first is written can a repetition wait for the timer.
    recorder.publish(about, [rescaled]);
    expect(clock.pending()).toBe(1);
  });
  for (let i = 0; i < 3; i++) recorder.publish(about, [rescaled]);
  expect(server.requests).toHaveLength(1);
  clock.advance(10_000);
  await eventually(() => expect(server.requests).toHaveLength(2));
  const name = server.requests[0]?.body.metadata.name;
  expect(server.requests[1]).toMatchObject({
    method: 'PATCH',
    path: `/api/v1/namespaces/shop/events/${name}`,
    body: { lastTimestamp: '2026-01-01T00:00:00Z' },
  });
  expect(server.requests[1]?.body.count).toBeGreaterThanOrEqual(5);
});

test('another object, reason or message is another event; so is an equal one after 10 minutes', async () => {
  const { server, clock, recorder } = await setup();
  recorder.publish(about, [rescaled, failed, { ...rescaled, message: 'New size: 4' }]);
  recorder.publish({ ...about, uid: 'uid-2' }, [rescaled]);
  await eventually(() => expect(server.requests).toHaveLength(4));
  clock.advance(600_000);
  recorder.publish(about, [rescaled]);
  await eventually(() => expect(server.requests).toHaveLength(5));
  expect(server.requests.every(({ method }) => method === 'POST')).toBe(true);
  const names = server.requests.map(({ body }) => body.metadata.name);
  expect(new Set(names).size).toBe(5);
});

test('an event that expired on the server is written anew', async () => {
  const { server, clock, recorder } = await setup();
  recorder.publish(about, [rescaled]);
  await eventually(() => expect(server.requests).toHaveLength(1));
  server.handle((request, response) =>
    request.method === 'PATCH' ? refuse(response, 404, 'NotFound') : answer(response, {}),
  );
  clock.advance(20_000);
  recorder.publish(about, [rescaled]);
  await eventually(() => expect(server.requests).toHaveLength(3));
  expect(server.requests[2]).toMatchObject({ method: 'POST', body: { count: 2 } });
});

test('a full queue and a refusal only count', async () => {
  const { server, dropped, recorder } = await setup(2);
  server.handle(() => undefined); // never answers: what follows must wait
  recorder.publish(about, [failed]);
  await eventually(() => expect(server.requests).toHaveLength(1));
  for (let i = 0; i < 5; i++) recorder.publish(about, [{ ...rescaled, message: `New size: ${i}` }]);
  expect(dropped).toEqual(['QueueFull', 'QueueFull', 'QueueFull']);
  server.handle((_, response) => refuse(response, 403, 'Forbidden'));
  await eventually(() => expect(dropped).toHaveLength(6));
  expect(dropped.slice(3)).toEqual(['Timeout', 'Forbidden', 'Forbidden']);
});

test('a long message is cut to what the API server accepts', async () => {
  const { server, recorder } = await setup();
  recorder.publish(about, [{ ...rescaled, message: 'x'.repeat(5000) }]);
  await eventually(() => expect(server.requests).toHaveLength(1));
  expect(server.requests[0]?.body.message).toHaveLength(1024);
});

test('close writes what waits, and drops what comes later', async () => {
  const { server, clock, dropped, recorder } = await setup();
  recorder.publish(about, [rescaled]);
  await eventually(() => expect(server.requests).toHaveLength(1));
  await eventually(() => {
    recorder.publish(about, [rescaled]);
    expect(clock.pending()).toBe(1);
  });
  await recorder.close();
  expect(server.requests.at(-1)?.method).toBe('PATCH');
  expect(clock.pending()).toBe(0);
  recorder.publish(about, [failed]);
  expect(dropped).toEqual(['Closed']);
});

test('close does not wait for a server that is away', async () => {
  const { server, clock, dropped, recorder } = await setup();
  server.handle(() => undefined);
  recorder.publish(about, [rescaled]);
  await eventually(() => expect(server.requests).toHaveLength(1));
  const closing = recorder.close();
  clock.advance(1000);
  await closing;
  expect(dropped).toEqual(['Closed']);
});
