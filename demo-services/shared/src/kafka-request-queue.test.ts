import { createRequire } from 'node:module';
import { expect, test, vi } from 'vitest';
import { quietRequestQueue } from './kafka-request-queue.ts';

const RequestQueue = createRequire(import.meta.url)('kafkajs/src/network/requestQueue');

function createQueue(maxInFlightRequests: number | null) {
  const log = { debug: () => undefined };
  return new RequestQueue({ maxInFlightRequests, requestTimeout: 1_000, logger: log });
}

test('kafkajs as it comes keeps a timer with nothing to send: the workaround is still needed', () => {
  const queue = createQueue(null);
  const timer = vi.spyOn(globalThis, 'setTimeout');
  // Vitest gives each file modules of its own, so this one is not patched yet.
  queue.scheduleCheckPendingRequests();
  expect(timer).toHaveBeenCalledOnce();
  queue.destroy();
  timer.mockRestore();
});

test('a quiet queue has no timer while nothing waits, and one while something does', () => {
  quietRequestQueue();
  const queue = createQueue(1);
  queue.scheduleCheckPendingRequests();
  expect(queue.throttleCheckTimeoutId).toBeNull();
  queue.pending.push({});
  queue.scheduleCheckPendingRequests();
  expect(queue.throttleCheckTimeoutId).not.toBeNull();
  queue.destroy();
});
