import type { Clock } from '../controller/clock.ts';
import type { EventRecorder, ObjectRef, ScalerEvent } from '../controller/ports.ts';
import type { KubeClient } from './client.ts';
import { KubeError, toKubeError } from './errors.ts';
import { collectionPath, kafkaConsumerScalers, objectPath } from './resource.ts';

export interface EventRecorderOptions {
  readonly client: KubeClient;
  readonly clock: Clock;
  /** An event could not be written or queued; must not throw. */
  readonly onDropped?: (reason: 'QueueFull' | 'Closed' | KubeError['code']) => void;
  /** Events that may wait at the same time; beyond it they are dropped. Default 1000. */
  readonly queueSize?: number;
}

export interface ClosableEventRecorder extends EventRecorder {
  /** Writes what still waits, for at most a second. */
  close(): Promise<void>;
}

type About = ObjectRef & { readonly uid: string };

/** One event as people see it; repetitions only raise its count. */
interface Folded {
  readonly about: About;
  readonly event: ScalerEvent;
  readonly firstAt: number; // epoch ms
  lastAt: number; // epoch ms
  lastSeen: number; // monotonic ms
  count: number;
  /** Monotonic ms; undefined before the first attempt. */
  attemptedAt?: number;
  /** Name of the Event object; undefined until it was written. */
  name?: string;
}

/** Equal events further apart than this are two, as in client-go. */
const foldMs = 600_000;
/** A repetition is written at most so often: an event per poll would be a request per poll. */
const repeatMs = 10_000;
const flushMs = 1000;
/** The API server refuses longer messages. */
const longestMessage = 1024;
const events = { apiVersion: 'v1', plural: 'events' };

/** Writes core/v1 Events: what `kubectl describe` reads, with the count it shows as "x5 over 2m". */
export function createEventRecorder(options: EventRecorderOptions): ClosableEventRecorder {
  const { client, clock, queueSize = 1000, onDropped } = options;
  const known = new Map<string, Folded>(); // in order of use
  const queue = new Set<Folded>(); // to be written now
  const later = new Set<Folded>(); // repetitions, so that more of them go into one write
  const stopped = new AbortController();
  let sequence = 0n;
  let closing = false;
  let cancelLater: (() => void) | undefined;
  let running: Promise<void> | undefined;

  function add(about: About, event: ScalerEvent): void {
    const id = JSON.stringify([about.uid, event.type, event.reason, event.message]);
    const folded = recent(known.get(id)) ?? fresh(about, event);
    folded.count++;
    folded.lastAt = clock.now();
    folded.lastSeen = clock.monotonic();
    known.delete(id);
    known.set(id, folded);
    enqueue(folded);
    forgetOld();
  }

  function recent(folded: Folded | undefined): Folded | undefined {
    return folded && clock.monotonic() - folded.lastSeen < foldMs ? folded : undefined;
  }

  function fresh(about: About, event: ScalerEvent): Folded {
    const firstAt = clock.now();
    return { about, event, firstAt, lastAt: firstAt, lastSeen: 0, count: 0 };
  }

  function enqueue(folded: Folded): void {
    if (queue.has(folded) || later.has(folded)) return; // its count goes out with that write
    if (closing) onDropped?.('Closed');
    else if (queue.size + later.size >= queueSize) onDropped?.('QueueFull');
    else if (isTooSoon(folded)) writeLater(folded);
    else writeNow([folded]);
  }

  function isTooSoon({ attemptedAt }: Folded): boolean {
    return attemptedAt !== undefined && clock.monotonic() - attemptedAt < repeatMs;
  }

  function writeLater(folded: Folded): void {
    later.add(folded);
    cancelLater ??= clock.after(repeatMs, flushLater);
  }

  function flushLater(): void {
    cancelLater?.();
    cancelLater = undefined;
    const due = [...later];
    later.clear();
    writeNow(due);
  }

  function writeNow(due: readonly Folded[]): void {
    for (const folded of due) queue.add(folded);
    if (queue.size > 0) running ??= drain();
  }

  /** Bounded memory: what is too old to be folded into, and beyond the queue's size the oldest. */
  function forgetOld(): void {
    for (const [id, folded] of known) {
      if (recent(folded) && known.size <= queueSize) return;
      known.delete(id);
    }
  }

  async function drain(): Promise<void> {
    for (const folded of queue) {
      queue.delete(folded);
      folded.attemptedAt = clock.monotonic();
      await write(folded).catch((error: unknown) => {
        onDropped?.(stopped.signal.aborted ? 'Closed' : toKubeError(error).code);
      });
    }
    running = undefined; // in the same step in which the queue was found empty
  }

  function write(folded: Folded): Promise<void> {
    return folded.name === undefined ? create(folded) : raiseCount(folded, folded.name);
  }

  async function create(folded: Folded): Promise<void> {
    const { namespace } = folded.about;
    const name = eventName(folded.about.name, BigInt(clock.now()) * 1_000_000n + sequence++);
    await client.request({
      verb: 'create',
      resource: 'events',
      path: collectionPath(events, namespace),
      body: eventObject(name, folded),
      signal: stopped.signal,
    });
    folded.name = name;
  }

  async function raiseCount(folded: Folded, name: string): Promise<void> {
    const { namespace } = folded.about;
    const body = { count: folded.count, lastTimestamp: timestamp(folded.lastAt) };
    const path = objectPath(events, { namespace, name });
    const { signal } = stopped;
    try {
      await client.request({ verb: 'patch', resource: 'events', path, body, signal });
    } catch (error) {
      if (!(error instanceof KubeError) || error.code !== 'NotFound') throw error;
      await create(folded); // it has expired on the server
    }
  }

  return {
    publish(about, list) {
      for (const event of list) add(about, event);
    },
    async close() {
      closing = true;
      flushLater();
      const cancel = clock.after(flushMs, () => stopped.abort());
      await running;
      cancel();
    },
  };
}

function eventObject(name: string, { about, event, firstAt, lastAt, count }: Folded): unknown {
  const { namespace, uid } = about;
  const { apiVersion } = kafkaConsumerScalers;
  return {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { name, namespace },
    involvedObject: { apiVersion, kind: 'KafkaConsumerScaler', namespace, name: about.name, uid },
    type: event.type,
    reason: event.reason,
    message: cut(event.message),
    source: { component: 'lagscaler' },
    firstTimestamp: timestamp(firstAt),
    lastTimestamp: timestamp(lastAt),
    count,
  };
}

/** Seconds only: that is what metav1.Time of these fields holds (MicroTime is eventTime, traps C18). */
function timestamp(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}

/** As client-go: `name.hex`; within the 253 characters of a name. */
function eventName(scaler: string, unique: bigint): string {
  return `${scaler.slice(0, 230).replace(/[.-]+$/, '')}.${unique.toString(16)}`;
}

function cut(message: string): string {
  return message.length <= longestMessage ? message : `${message.slice(0, longestMessage - 3)}...`;
}
