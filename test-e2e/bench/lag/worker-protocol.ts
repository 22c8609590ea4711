import type { Layout } from './layout.ts';

/** What a measured process is told, as JSON in its first argument. */
export interface Orders {
  readonly servers: readonly string[];
  readonly layout: Layout;
  readonly groups: number;
  /** Between the beginnings of two ticks. */
  readonly pollSeconds: number;
  /** Ticks to be told of; the first is the cold one. */
  readonly ticks: number;
  /** Where it writes, after the last tick, what it reads: a `Value` in each line. */
  readonly valuesFile: string;
}

/** One tick of all groups. */
export interface Tick {
  /** From the first reading that begins to the last that ends. */
  readonly wallMs: number;
  /** User and system time of the whole process, until the next tick begins. */
  readonly cpuMs: number;
  /** By Kafka's name of the request. */
  readonly requests: Readonly<Record<string, number>>;
  /** Groups without a complete reading. */
  readonly failed: number;
}

/** What a measured process says through `process.send`: that a tick has read all, and then what it took. */
export type News = { readonly kind: 'read' } | ({ readonly kind: 'tick' } & Tick);

/** One partition as a client or the oracle sees it; decimal strings, undefined where it has no answer. */
export interface Value {
  readonly group: string;
  readonly topic: string;
  readonly partition: number;
  readonly committed: string | undefined;
  readonly end: string | undefined;
  readonly lag: string | undefined;
}
