import type { AnswerTally } from './answer-ledger.ts';
import type { Profile } from './schedule.ts';

export interface Latency {
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly max: number;
}

export interface LoadReport {
  readonly target: 'kafka';
  readonly topic: string;
  readonly profile: Profile;
  readonly startedAt: string;
  /** From the first tick until the schedule ended or was cut short. */
  readonly durationMs: number;
  /** Handed to the client; those not acknowledged are counted in `errors`. */
  readonly sent: number;
  readonly acknowledged: number;
  readonly denied: number;
  readonly errors: Readonly<Record<string, number>>;
  readonly achievedPerSecond: number;
  /** From the intended send time to the acknowledgement; undefined without any. */
  readonly latencyMs: Latency | undefined;
}

/** Nearest-rank percentiles; sorts the array it is given. */
export function summarize(latencies: number[]): Latency | undefined {
  if (latencies.length === 0) return undefined;
  latencies.sort((a, b) => a - b);
  const at = (share: number) => round(latencies[Math.ceil(share * latencies.length) - 1] ?? 0);
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99), max: at(1) };
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}

export function formatReport(report: LoadReport, answers: AnswerTally | undefined): string {
  const { latencyMs: latency } = report;
  const errors = Object.entries(report.errors).map(([kind, count]) => `${kind} ${count}`);
  const lines = [
    `sent          ${report.sent} to ${report.topic} in ${(report.durationMs / 1_000).toFixed(1)} s (${report.achievedPerSecond.toFixed(2)} records/s, ${report.denied} denied names)`,
    `acknowledged  ${report.acknowledged}`,
    `errors        ${errors.join(', ') || 'none'}`,
    latency === undefined
      ? 'latency       no acknowledgement'
      : `latency       p50 ${latency.p50} ms, p95 ${latency.p95} ms, p99 ${latency.p99} ms, max ${latency.max} ms, from the intended send time`,
  ];
  if (answers !== undefined) {
    const { approved, rejected, lost, duplicated, wrong } = answers;
    lines.push(
      `answers       ${approved} approved, ${rejected} rejected, ${lost} lost, ${duplicated} duplicated, ${wrong} wrong`,
    );
  }
  return `${lines.join('\n')}\n`;
}
