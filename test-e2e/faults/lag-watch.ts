import { setTimeout as sleep } from 'node:timers/promises';
import type { OffsetReading, PartitionOffsets } from '../../operator/src/autoscaler/types.ts';
import type { KafkaConnection, LagSource } from '../../operator/src/controller/ports.ts';
import { createLagSource } from '../../operator/src/kafka/lag-source.ts';
import { until } from '../until.ts';

/** A group, topics, and what is true of them as long as nobody writes or commits. */
export interface Subject {
  readonly name: string;
  readonly group: string;
  readonly topics: readonly string[];
  /** By `topic/partition`. */
  readonly truth: ReadonlyMap<string, Truth>;
}
export interface Truth {
  readonly committed: bigint;
  readonly end: bigint;
}

export type Verdict = 'right' | 'incomplete' | 'unavailable';

/** One reading of every subject, all at once. */
export interface Tick {
  readonly readings: ReadonlyMap<string, OffsetReading>;
  verdict(subject: string): Verdict;
  readonly isRight: boolean;
}

const everyMs = 1000;
const readTimeoutMs = 3000;
/** For a busy machine: the test is about readings that hang, not about milliseconds. */
const slackMs = 2000;

/**
 * Reads as the operator does, every second, and holds each reading against the truth: late or wrong
 * ones throw at once, unknown ones are what a test is about.
 */
export class LagWatch {
  readonly #source: LagSource;
  readonly #connection: KafkaConnection;
  readonly #subjects: readonly Subject[];

  constructor(bootstrapServers: readonly string[], subjects: readonly Subject[]) {
    this.#connection = { bootstrapServers, tls: undefined, sasl: undefined };
    this.#subjects = subjects;
    this.#source = createLagSource({ readTimeoutMs });
  }

  /** At the next full second. */
  async tick(): Promise<Tick> {
    await sleep(everyMs - (Date.now() % everyMs));
    return await this.#read(this.#source);
  }

  /** Goes on until `work` has ended. */
  async during<T>(work: Promise<T>): Promise<T> {
    let isOver = false;
    const over = work.finally(() => {
      isOver = true;
    });
    over.catch(() => {}); // told below
    while (!isOver) await this.tick();
    return await over;
  }

  /** @throws Error with the last verdicts when no tick is like that in time */
  async until(what: string, isIt: (tick: Tick) => boolean, withinMs = 60_000): Promise<Tick> {
    let last: Tick | undefined;
    const seen = () => this.#subjects.map(({ name }) => `${name} ${last?.verdict(name)}`);
    const check = async () => {
      last = await this.tick();
      return isIt(last) && last;
    };
    return await until(what, check, { withinMs, everyMs: 0, seen });
  }

  /**
   * Once a reader without a past gets everything right, the cluster answers: then this one must get it
   * right at its next tick, whatever it has been through.
   */
  async expectRightAgain(): Promise<void> {
    await until('a reader without a past gets it right', async () => {
      const fresh = createLagSource({ readTimeoutMs });
      const tick = await this.#read(fresh).finally(() => fresh.close());
      return tick.isRight;
    });
    const { readings, isRight } = await this.tick();
    if (isRight) return;
    const messages = new Set([...readings.values()].map(whyNot));
    throw new Error(`not right a tick after the cluster answers: ${told(messages)}`);
  }

  async close(): Promise<void> {
    await this.#source.close();
  }

  async #read(source: LagSource): Promise<Tick> {
    const reading = async (subject: Subject) => {
      const startedAt = performance.now();
      const result = await source.read(subject.name, this.#requestOf(subject), never);
      const tookMs = performance.now() - startedAt;
      if (tookMs > readTimeoutMs + slackMs)
        throw new Error(`${subject.name}: a reading took ${Math.round(tookMs)} ms`);
      return [subject.name, result] as const;
    };
    const readings = new Map(await Promise.all(this.#subjects.map(reading)));
    const verdicts = new Map(
      this.#subjects.map((subject) => [subject.name, judge(subject, readings.get(subject.name))]),
    );
    return {
      readings,
      verdict: (name) => verdicts.get(name) ?? 'unavailable',
      isRight: [...verdicts.values()].every((verdict) => verdict === 'right'),
    };
  }

  #requestOf({ group, topics }: Subject) {
    const isolationLevel = 'read_uncommitted' as const;
    return { connection: this.#connection, group, topics, partitions: undefined, isolationLevel };
  }
}

const never = new AbortController().signal;

/** @throws Error when something that is known is not true */
function judge({ name, truth }: Subject, reading: OffsetReading | undefined): Verdict {
  if (reading?.kind !== 'observed') return 'unavailable';
  const seen = new Set(reading.partitions.map(keyOf));
  if (seen.size !== truth.size || [...truth.keys()].some((key) => !seen.has(key)))
    throw new Error(`${name}: partitions ${[...seen]} instead of ${[...truth.keys()]}`);
  const known = reading.partitions.filter((p) => isTrue(name, p, truth.get(keyOf(p))));
  return known.length === reading.partitions.length ? 'right' : 'incomplete';
}

/** @returns whether everything is known */
function isTrue(name: string, offsets: PartitionOffsets, truth: Truth | undefined): boolean {
  const { committed, end, logStart } = offsets;
  const isWrong =
    (committed !== 'unknown' && committed !== truth?.committed) ||
    (end !== undefined && end !== truth?.end) ||
    (logStart !== undefined && logStart !== 0n);
  if (isWrong) {
    const read = `${committed}..${end} from ${logStart}`;
    throw new Error(`${name}: ${keyOf(offsets)} was read as ${read}, and is ${told([truth])}`);
  }
  return committed !== 'unknown' && end !== undefined && logStart !== undefined;
}

const whyNot = (reading: OffsetReading): string =>
  reading.kind === 'observed' ? (reading.gaps ?? 'read') : reading.message;

const keyOf = ({ topic, partition }: { topic: string; partition: number }): string =>
  `${topic}/${partition}`;

const told = (values: Iterable<unknown>): string =>
  JSON.stringify([...values], (_, value) => (typeof value === 'bigint' ? `${value}` : value));
