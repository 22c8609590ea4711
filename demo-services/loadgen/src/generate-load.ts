import { createKafka } from '@lagscaler/demo-shared/kafka.ts';
import type { KafkaConnection } from '@lagscaler/demo-shared/kafka-config.ts';
import { errorKind } from '@lagscaler/demo-shared/kafka-errors.ts';
import type { Logger } from '@lagscaler/demo-shared/log.ts';
import { pause } from '@lagscaler/demo-shared/time.ts';
import { type BatchSender, connectSender } from './batch-sender.ts';
import { createRecord, type LoadRecord, type NameMix } from './records.ts';
import { type LoadReport, summarize } from './report.ts';
import { createSchedule, type Profile, type Schedule } from './schedule.ts';

export interface LoadOptions {
  readonly kafka: KafkaConnection;
  readonly log: Logger;
  readonly topic: string;
  readonly profile: Profile;
  /** Infinity: until the signal aborts (constant profile only). */
  readonly durationMs: number;
  readonly names: NameMix;
  readonly observer?: LoadObserver;
}

/** Hears of every record while the load runs. */
export interface LoadObserver {
  /** Before it is sent: an answer may come sooner than the acknowledgement. */
  onSending?(record: LoadRecord): void;
  onAcknowledged?(record: LoadRecord): void;
}

export interface Clock {
  /** Monotonic milliseconds. */
  now(): number;
  /** Resolves after `ms`, or at once when the signal aborts; never rejects. */
  pause(ms: number, signal: AbortSignal): Promise<void>;
}

const tickMs = 10;
/** Keeps a catching-up batch well below the largest request a broker takes. */
const batchLimit = 2_000;

/**
 * Sends records at the times the profile fixes, however slowly Kafka answers: what is due waits in a
 * queue, and its latency counts from when it was due. An abort ends the schedule; what was due by then
 * is still sent.
 * @throws when Kafka cannot be reached at the start, or the topic does not exist
 */
export async function generateLoad(options: LoadOptions, signal: AbortSignal): Promise<LoadReport> {
  const sender = await connectSender(
    createKafka(options.kafka, 'loadgen', options.log),
    options.topic,
  );
  try {
    return await runLoad(options, sender, { now: () => performance.now(), pause }, signal);
  } finally {
    await sender.disconnect().catch(() => undefined);
  }
}

/** The same on a given sender and clock. */
export async function runLoad(
  options: Omit<LoadOptions, 'kafka' | 'log'>,
  sender: Pick<BatchSender, 'send'>,
  clock: Clock,
  signal: AbortSignal,
): Promise<LoadReport> {
  const schedule = createSchedule(options.profile, options.durationMs);
  const startedAt = new Date().toISOString();
  const start = clock.now();
  const elapsedMs = () => clock.now() - start;
  const queue = createQueue(sender, elapsedMs, options.observer ?? {});
  let made = 0;
  for (let elapsed = 0; ; elapsed = elapsedMs()) {
    made = enqueueDue(schedule, elapsed, made, options.names, queue.push);
    if (signal.aborted || elapsed >= options.durationMs) break;
    await clock.pause(tickMs, signal);
  }
  const durationMs = Math.min(elapsedMs(), options.durationMs);
  await queue.drained();
  return {
    target: 'kafka',
    topic: options.topic,
    profile: options.profile,
    startedAt,
    durationMs,
    ...queue.counts(),
    achievedPerSecond: durationMs === 0 ? 0 : made / (durationMs / 1_000),
  };
}

function enqueueDue(
  schedule: Schedule,
  elapsedMs: number,
  made: number,
  names: NameMix,
  push: (record: LoadRecord) => void,
): number {
  const due = schedule.dueCount(elapsedMs);
  for (let index = made; index < due; index += 1) {
    push(createRecord(index, schedule.dueAtMs(index), names));
  }
  return Math.max(due, made);
}

/** One `send` at a time; whatever becomes due meanwhile is the next batch. */
function createQueue(
  sender: Pick<BatchSender, 'send'>,
  elapsedMs: () => number,
  observer: LoadObserver,
) {
  let waiting: LoadRecord[] = [];
  let sending: Promise<void> | undefined;
  const latencies: number[] = [];
  const errors: Record<string, number> = {};
  let sent = 0;
  let denied = 0;

  const sendBatch = async (batch: readonly LoadRecord[]): Promise<void> => {
    sent += batch.length;
    denied += batch.filter(({ expected }) => expected === 'false').length;
    for (const record of batch) observer.onSending?.(record);
    try {
      await sender.send(batch);
      const at = elapsedMs();
      for (const record of batch) {
        latencies.push(at - record.dueAtMs);
        observer.onAcknowledged?.(record);
      }
    } catch (error) {
      const kind = errorKind(error);
      errors[kind] = (errors[kind] ?? 0) + batch.length;
    }
  };

  const flush = async (): Promise<void> => {
    while (waiting.length > 0) {
      const batch = waiting.slice(0, batchLimit);
      waiting = waiting.slice(batchLimit);
      await sendBatch(batch);
    }
    sending = undefined;
  };

  return {
    push(record: LoadRecord) {
      waiting.push(record);
      // Begun in a microtask, so that all records of one tick leave together.
      sending ??= Promise.resolve().then(flush);
    },
    drained: async () => sending,
    counts: () => ({
      sent,
      denied,
      acknowledged: latencies.length,
      errors,
      latencyMs: summarize(latencies),
    }),
  };
}
