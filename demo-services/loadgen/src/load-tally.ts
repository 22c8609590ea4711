import type { Answered, Sending } from './observer.ts';
import { createTimes, type TimeSummary } from './times.ts';

/** Requests that did not end in an accepted operation. */
export interface LoadErrors {
  /** Answers other than 202, by status. */
  readonly byStatus: Readonly<Record<string, number>>;
  /**
   * No usable answer: the code of the network error; `timeout`; `overload`: due, but never sent because
   * all connections were busy for too long; `invalid_answer`: a 202 without the uuid of an operation.
   * After a network error or a timeout the operation may exist nevertheless.
   */
  readonly byCode: Readonly<Record<string, number>>;
}

export interface LoadCounts {
  readonly sent: number;
  /** Of those sent. */
  readonly deniedNames: number;
  readonly accepted: number;
  readonly errors: LoadErrors;
  /** Of those sent: had to wait for a free connection, so they left later than intended. */
  readonly late: number;
  /** From the intended to the actual sending: what this process and the connection limit add. */
  readonly sendDelayMs: TimeSummary | undefined;
  /** From the intended sending to the end of the answer, of accepted operations. */
  readonly latencyMs: TimeSummary | undefined;
}

export interface LoadTally {
  sent(request: Sending, delayMs: number): void;
  /** The next request sent waited for a connection. */
  late(): void;
  answered(request: Answered): void;
  /** Never sent. */
  overload(): void;
  counts(): LoadCounts;
}

export function createTally(): LoadTally {
  const latencies = createTimes();
  const delays = createTimes();
  const byStatus: Record<string, number> = {};
  const byCode: Record<string, number> = {};
  const count = { sent: 0, deniedNames: 0, accepted: 0, late: 0 };
  return {
    sent({ expected }, delayMs) {
      count.sent += 1;
      if (expected === 'failed') count.deniedNames += 1;
      delays.record(delayMs);
    },
    late() {
      count.late += 1;
    },
    answered({ uuid, status, error, latencyMs }) {
      if (uuid !== undefined) {
        count.accepted += 1;
        latencies.record(latencyMs);
      } else if (status === undefined || error === 'invalid_answer') {
        increment(byCode, error ?? 'unknown');
      } else {
        increment(byStatus, String(status));
      }
    },
    overload: () => increment(byCode, 'overload'),
    counts: () => ({
      ...count,
      errors: { byStatus: { ...byStatus }, byCode: { ...byCode } },
      sendDelayMs: delays.summary(),
      latencyMs: latencies.summary(),
    }),
  };
}

export function increment(counts: Record<string, number>, key: string): void {
  counts[key] = (counts[key] ?? 0) + 1;
}
