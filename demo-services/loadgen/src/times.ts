import { createHistogram } from 'node:perf_hooks';

/** In milliseconds, each within 0.1 % and 0.001 ms of a measured value. */
export interface TimeSummary {
  readonly count: number;
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly max: number;
}

export interface Times {
  /** @param ms not negative */
  record(ms: number): void;
  /** Undefined before the first record. */
  summary(): TimeSummary | undefined;
}

/** Percentiles of any number of times, in constant memory: a load may run for weeks. */
export function createTimes(): Times {
  const microseconds = createHistogram();
  const at = (value: number) => Math.round(value) / 1_000;
  return {
    record: (ms) => microseconds.record(Math.max(1, Math.round(ms * 1_000))),
    summary() {
      if (microseconds.count === 0) return undefined;
      return {
        count: microseconds.count,
        p50: at(microseconds.percentile(50)),
        p95: at(microseconds.percentile(95)),
        p99: at(microseconds.percentile(99)),
        max: at(microseconds.max),
      };
    },
  };
}
