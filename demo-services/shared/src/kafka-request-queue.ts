import { createRequire } from 'node:module';

interface RequestQueue {
  readonly pending: readonly unknown[];
  readonly throttledUntil: number;
  throttleCheckTimeoutId: NodeJS.Timeout | null;
  checkPendingRequests(): void;
  scheduleCheckPendingRequests(): void;
}

const enqueuedCheckMs = 10;

/**
 * kafkajs 2.2.4 re-arms a timer for ever on each connection, even with nothing to send; its delay is
 * negative, which Node rounds up to 1 ms: a thousand wake-ups a second for each connection of each
 * pod, and the TimeoutNegativeWarning of traps K9 (#1751). Here the timer runs only while requests
 * wait. The same change made twice is the same change, so many services of one process may call this.
 */
export function quietRequestQueue(): void {
  const require = createRequire(import.meta.url);
  const queue: { prototype: RequestQueue } = require('kafkajs/src/network/requestQueue');
  queue.prototype.scheduleCheckPendingRequests = scheduleWhileRequestsWait;
}

function scheduleWhileRequestsWait(this: RequestQueue): void {
  if (this.throttleCheckTimeoutId !== null || this.pending.length === 0) return;
  const throttledMs = this.throttledUntil - Date.now();
  this.throttleCheckTimeoutId = setTimeout(
    () => {
      this.throttleCheckTimeoutId = null;
      this.checkPendingRequests();
    },
    throttledMs > 0 ? throttledMs : enqueuedCheckMs,
  );
}
