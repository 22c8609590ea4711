import { loadavg } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { createTopic } from '../kafka.ts';
import type { StartOperator } from './operator-process.ts';
import { totals } from './prometheus.ts';
import { type BurstProducer, openProducer, type Stage, type Subject } from './stage.ts';
import { percentile, round, sum } from './statistics.ts';

/** One row of .bench/reaction.json: reaction from the first record over the threshold to the patch. */
export interface ReactionRow {
  readonly pollSeconds: number;
  readonly from: number;
  readonly to: number;
  readonly runs: number;
  /** From the first record in a broker's log, by that broker's own timestamp of it. */
  readonly p50Ms: number;
  /** The greatest of all when there are fewer than 100 runs. */
  readonly p99Ms: number;
  /** Most patches that a run took. */
  readonly patches: number;
  readonly patchesMean: number;
  /** interval × 1.05 + 100 ms, for p99. */
  readonly goalP99Ms: number;
  /** From before the producer was told to send, which adds what the producer needs. */
  readonly fromSendP50Ms: number;
  readonly fromSendP99Ms: number;
  /** From the acknowledgement of the whole burst. */
  readonly fromAckP50Ms: number;
  readonly fromAckP99Ms: number;
  /** Highest one-minute load average seen. */
  readonly loadAverage: number;
  readonly details: readonly Run[];
}

/** Epoch ms, in order: sent, appended, acked; `patchedAt` may come before the acknowledgement. */
interface Run {
  readonly sentAt: number;
  readonly appendedAt: number;
  readonly ackedAt: number;
  readonly patchedAt: number;
  readonly patches: number;
  readonly loadAverage: number;
}

const readCount = 'lagscaler_offset_read_duration_seconds_count';
const partitions = 100;
const records = 10_000;
const warmUpBursts = 20;
const to = 100;
const froms = [0, 1] as const;

/**
 * Each burst is met by two fresh scalers, one at 0 and one at 1, with groups that have no lag. The
 * bursts fall evenly on the polling interval, one at random within each of its `runs` parts.
 */
export async function measureReaction(
  stage: Stage,
  start: StartOperator,
  { runs, pollSeconds }: { readonly runs: number; readonly pollSeconds: number },
): Promise<ReactionRow[]> {
  const topic = `${stage.namespace}-burst-${Date.now()}`;
  const stamped = { 'message.timestamp.type': 'LogAppendTime' };
  await createTopic(stage.cluster.bootstrapServers, topic, partitions, stamped);
  const producer = await openProducer(stage.cluster);
  await warmUp(producer, topic);
  const operator = await start();
  const measured = froms.map((): Run[] => []);
  try {
    for (let run = 0; run < runs; run++) {
      const subjects = froms.map(
        (from): Subject => ({
          ...{ name: `poll${pollSeconds}-from${from}-run${run}`, topic, pollSeconds },
          ...{ replicas: from, minReplicas: from },
        }),
      );
      const phase = (run + Math.random()) / runs;
      const pair = await onePair(stage, producer, subjects, phase);
      for (const [i, result] of pair.entries()) measured[i]?.push(result);
      const told = pair.map((r, i) => `from ${froms[i]} ${reactionMs(r)} ms`).join(', ');
      console.log(`poll ${pollSeconds} s, run ${run + 1} of ${runs}: ${told}`);
    }
    const readings = totals(await operator.metrics(), readCount, ({ outcome }) => outcome);
    console.log(`readings of offsets: ${JSON.stringify(Object.fromEntries(readings))}`);
  } finally {
    await operator.stop();
    await producer.close();
  }
  return froms.map((from, i) => rowOf({ pollSeconds, from }, measured[i] ?? []));
}

/** Brokers that have just started need up to a second for a burst; what is measured is the operator. */
async function warmUp(producer: BurstProducer, topic: string): Promise<void> {
  for (let i = 0; i < warmUpBursts; i++) {
    await producer.burst(topic, records, partitions);
    await sleep(1000);
  }
}

async function onePair(
  stage: Stage,
  producer: BurstProducer,
  subjects: readonly Subject[],
  phase: number,
): Promise<Run[]> {
  const [{ pollSeconds = 1, topic = '' } = {}] = subjects;
  const intervalMs = pollSeconds * 1000;
  const names = subjects.map(({ name }) => name);
  await stage.create(subjects);
  await Promise.all(names.map((name) => stage.settled(name)));
  const all = Promise.all(names.map((name) => stage.reached(name, to, 4 * intervalMs + 30_000)));
  await sleep(msToPhase(Date.now(), intervalMs, phase));
  const sentAt = Date.now();
  const appendedAt = await producer.burst(topic, records, partitions);
  const ackedAt = Date.now();
  const reached = await all;
  await sleep(intervalMs); // one more poll: a second patch would come with it
  const patches = await Promise.all(names.map((name) => stage.patches(name)));
  await stage.remove(names);
  return reached.map((patchedAt, i) => ({
    sentAt,
    appendedAt,
    ackedAt,
    patchedAt,
    patches: patches[i] ?? 0,
    loadAverage: loadavg()[0] ?? 0,
  }));
}

/** Polls fall on multiples of the interval plus something constant, so bursts are placed likewise. */
function msToPhase(now: number, intervalMs: number, phase: number): number {
  const target = phase * intervalMs;
  return (target - (now % intervalMs) + intervalMs) % intervalMs;
}

function rowOf(
  { pollSeconds, from }: { readonly pollSeconds: number; readonly from: number },
  runs: readonly Run[],
): ReactionRow {
  const since = (from: (run: Run) => number) => runs.map((run) => run.patchedAt - from(run));
  const reactions = runs.map(reactionMs);
  const fromSend = since((run) => run.sentAt);
  const fromAck = since((run) => run.ackedAt);
  const patches = runs.map((run) => run.patches);
  return {
    pollSeconds,
    from,
    to,
    runs: runs.length,
    p50Ms: percentile(reactions, 0.5),
    p99Ms: percentile(reactions, 0.99),
    patches: Math.max(...patches),
    patchesMean: round(sum(patches) / patches.length, 2),
    goalP99Ms: pollSeconds * 1050 + 100,
    fromSendP50Ms: percentile(fromSend, 0.5),
    fromSendP99Ms: percentile(fromSend, 0.99),
    fromAckP50Ms: percentile(fromAck, 0.5),
    fromAckP99Ms: percentile(fromAck, 0.99),
    loadAverage: round(Math.max(...runs.map((run) => run.loadAverage)), 1),
    details: runs,
  };
}

function reactionMs({ appendedAt, patchedAt }: Run): number {
  return patchedAt - appendedAt;
}
