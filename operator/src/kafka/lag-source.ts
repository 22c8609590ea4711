import type { OffsetReading, Unavailable } from '../autoscaler/types.ts';
import { type Clock, steady, systemClock } from '../controller/clock.ts';
import type { KafkaConnection, Key, LagSource } from '../controller/ports.ts';
import { parseServer, poolOptions, sessionKey } from './credentials.ts';
import type { GroupListing } from './group-listing.ts';
import { guardBrokers } from './guard.ts';
import { KafkaError, unavailable } from './kafka-error.ts';
import { type Lookup, Names } from './names.ts';
import { createTransport } from './platformatic.ts';
import { saslOf } from './sasl.ts';
import { Session } from './session.ts';
import type { Transport } from './transport.ts';

export interface LagSourceOptions {
  /** Shown in the brokers' logs and quotas. */
  readonly clientId?: string;
  /** Longest time of one read, whatever happens; 3,000. */
  readonly readTimeoutMs?: number;
  /** Longest time of one request; 2,000. Below readTimeoutMs, so that a retry still fits. */
  readonly requestTimeoutMs?: number;
  /** Longest time of TCP, TLS and SASL together, at each address of a host; 1,000. */
  readonly connectTimeoutMs?: number;
  /** Reads that begin within this time share their requests; 5. */
  readonly batchMs?: number;
  readonly clock?: Clock;
  /** Draws the jitter of back-offs, in [0, 1); Math.random. */
  readonly random?: () => number;
  /** Called once per read; must not throw. `incomplete`: some partitions are unknown. */
  readonly onRead?: (read: { readonly outcome: ReadOutcome; readonly seconds: number }) => void;
  /** Called once per request sent, with its name, e.g. `OffsetFetch`; must not throw. */
  readonly onRequest?: (api: string) => void;
  /** The addresses of a host; the system's resolver. */
  readonly lookup?: Lookup;
  /** The way to the brokers; tests pass a fake cluster. */
  readonly connect?: (connection: KafkaConnection) => Transport;
}

type ReadOutcome = 'observed' | 'incomplete' | 'unavailable';

interface Shared {
  readonly session: Session;
  readonly owners: Set<Key>;
  /** Under way. */
  reads: number;
  /** Called when none is under way any more. */
  onIdle: () => void;
}

/** What a person may want to know before any lag; the controller never does. */
export interface GroupLister {
  /** @throws KafkaError when the cluster cannot be reached */
  listGroups(owner: Key, connection: KafkaConnection): Promise<GroupListing>;
}

/** Reads lag with one session per distinct bootstrap servers and credentials. */
export function createLagSource(options: LagSourceOptions = {}): LagSource & GroupLister {
  const { clock = systemClock, random = Math.random } = options;
  const names = new Names(options.lookup);
  const connect = options.connect ?? ((connection) => connectTo(connection, options, names));
  const sessions = new Map<string, Shared>();
  const keyOfOwner = new Map<Key, string>();
  const closing = new Set<Promise<void>>();
  const keys = new WeakMap<KafkaConnection, string>();
  const closed = Promise.withResolvers<void>();
  let isClosed = false;

  const keyOf = (connection: KafkaConnection): string => {
    const key = keys.get(connection) ?? sessionKey(connection);
    keys.set(connection, key);
    return key;
  };

  /** Reads under way end normally, unless everything is being closed. */
  const end = (shared: Shared): void => {
    const quiet = Promise.race([idle(shared), closed.promise]);
    // A session that cannot say goodbye to its brokers is gone all the same.
    const done = quiet.then(() => shared.session.close()).catch(() => undefined);
    closing.add(done);
    void done.then(() => closing.delete(done));
  };

  const release = (owner: Key): void => {
    const key = keyOfOwner.get(owner);
    if (key === undefined) return;
    keyOfOwner.delete(owner);
    const shared = sessions.get(key);
    shared?.owners.delete(owner);
    if (!shared || shared.owners.size > 0) return;
    sessions.delete(key);
    end(shared);
  };

  /** @throws KafkaError InvalidSpec */
  const open = (connection: KafkaConnection): Shared => ({
    session: new Session({
      seeds: connection.bootstrapServers.map(parseServer),
      transport: guardBrokers(connect(connection), steady(clock), random),
      clock,
      random,
      readTimeoutMs: options.readTimeoutMs ?? 3_000,
      batchMs: options.batchMs ?? 5,
      graceMs: 100,
    }),
    owners: new Set(),
    reads: 0,
    onIdle: () => undefined,
  });

  const sharedBy = (owner: Key, connection: KafkaConnection): Shared => {
    const key = keyOf(connection);
    if (keyOfOwner.get(owner) !== key) release(owner); // other servers, or a rotated credential
    const shared = sessions.get(key) ?? open(connection);
    sessions.set(key, shared);
    shared.owners.add(owner);
    keyOfOwner.set(owner, key);
    return shared;
  };

  /** Of the cluster, or why there can be none. */
  const sessionFor = (owner: Key, connection: KafkaConnection): Shared | Unavailable => {
    try {
      if (isClosed) throw new KafkaError('LagUnknown', 'the lag source is closed');
      return sharedBy(owner, connection);
    } catch (error) {
      return unavailable(error);
    }
  };

  const told = (reading: OffsetReading, startedAt: number): OffsetReading => {
    const seconds = (clock.monotonic() - startedAt) / 1000;
    options.onRead?.({ outcome: outcomeOf(reading), seconds });
    return reading;
  };

  return {
    async read(owner, request, signal) {
      const startedAt = clock.monotonic();
      const shared = sessionFor(owner, request.connection);
      if ('kind' in shared) return told(shared, startedAt);
      shared.reads += 1;
      const reading = await shared.session.read(request, signal); // never rejects
      shared.reads -= 1;
      if (shared.reads === 0) shared.onIdle();
      return told(reading, startedAt);
    },
    async timestampOf(owner, { connection, ...position }, signal) {
      const isOwner = keyOfOwner.get(owner) === keyOf(connection);
      const shared = isOwner ? sessions.get(keyOf(connection)) : undefined;
      return await shared?.session.timestampOf(position, signal);
    },
    listGroups: async (owner, connection) => sharedBy(owner, connection).session.listGroups(),
    release,
    async close() {
      isClosed = true;
      closed.resolve();
      for (const owner of [...keyOfOwner.keys()]) release(owner);
      await Promise.all(closing);
    },
  };
}

/** @throws KafkaError InvalidSpec */
function connectTo(
  connection: KafkaConnection,
  options: LagSourceOptions,
  names: Names,
): Transport {
  const connectMs = options.connectTimeoutMs ?? 1_000;
  const requestMs = options.requestTimeoutMs ?? 2_000;
  const pool = poolOptions(connection, { connectMs, requestMs });
  const { clock = systemClock, random = Math.random } = options;
  const sasl = connection.sasl && saslOf(connection.sasl, clock, random);
  return createTransport({
    clientId: options.clientId ?? 'lagscaler',
    pool: { ...pool, ...(sasl && { sasl: sasl.options }) },
    tokens: sasl?.tokens,
    names,
    callTimeoutMs: connectMs + requestMs + 250,
    onRequest: options.onRequest ?? (() => undefined),
  });
}

/** Resolves when no read is under way: the session takes no more. */
function idle(shared: Shared): Promise<void> | undefined {
  if (shared.reads === 0) return undefined;
  return new Promise((resolve) => {
    shared.onIdle = resolve;
  });
}

function outcomeOf(reading: OffsetReading): ReadOutcome {
  if (reading.kind === 'unavailable') return 'unavailable';
  const complete = reading.partitions.every(
    (p) => p.committed !== 'unknown' && p.end !== undefined && p.logStart !== undefined,
  );
  return complete ? 'observed' : 'incomplete';
}
