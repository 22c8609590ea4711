import { type Db, MongoClient } from 'mongodb';
import type { EnvReader } from './env-reader.ts';
import type { Logger } from './log.ts';
import { untilDone } from './retry.ts';
import { orAborted } from './time.ts';

export { fromBson, toBson } from './bson.ts';
export { isDuplicateKey, isTransientMongoError, isUndurable } from './mongo-errors.ts';

export interface MongoConnection {
  /** Holds the password: never print it. */
  readonly url: string;
  readonly database: string;
}

export interface Mongo {
  readonly db: Db;
  /** Undefined when the server answers, else why not; takes 2 s at most. */
  notReady(): Promise<string | undefined>;
  close(): Promise<void>;
}

const variable = 'MONGODB_CONNECTION_STRING';
const urlShape = /^mongodb(?:\+srv)?:\/\/[^/?]+(?:\/([^?]*))?(?:\?.*)?$/s;
const databaseShape = /^[^/\\. "$*<>:|?\0]{1,63}$/;

const serverSelectionMs = 2_000;
const connectMs = 3_000;
/** A server that is silent for so long in the middle of a call has its connection closed. */
const silenceMs = 5_000;
const pingMs = 1_500;

/**
 * MONGODB_CONNECTION_STRING; the database is the one in its path, else the default. Problems never
 * repeat the connection string.
 */
export function readMongoConnection(env: EnvReader, defaultDatabase: string): MongoConnection {
  const url = env.secret(variable)?.trim() ?? '';
  const path = urlShape.exec(url)?.[1];
  const database = path === undefined || path === '' ? defaultDatabase : decoded(path);
  if (url === '') {
    env.problem(`${variable} is missing: set it to mongodb://user:password@host:27017/database`);
  } else if (!urlShape.test(url)) {
    env.problem(`${variable} is no connection string: write it as mongodb://host:27017/database`);
  } else if (!databaseShape.test(database)) {
    env.problem(`${variable} names a database that cannot exist: correct the path of the URL`);
  } else {
    checkOptions(env, url);
  }
  return { url, database };
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

/** The driver's own look at it: hosts, user, options. */
function checkOptions(env: EnvReader, url: string): void {
  try {
    new MongoClient(url);
  } catch (error) {
    // Its text may repeat parts of the string, so the name must do.
    const kind = error instanceof Error ? error.name : 'error';
    env.problem(`${variable} is refused by the driver (${kind}): check hosts, user and options`);
  }
}

/**
 * A client that connects by itself, at the start and after every outage. Every call ends in time: 2 s to
 * find a server, 3 s to connect, 5 s of silence in the middle of a call.
 * @param appName shown by the server
 */
export function createMongo(connection: MongoConnection, appName: string, log: Logger): Mongo {
  const client = new MongoClient(connection.url, {
    appName,
    serverSelectionTimeoutMS: serverSelectionMs,
    connectTimeoutMS: connectMs,
    socketTimeoutMS: silenceMs,
    waitQueueTimeoutMS: silenceMs,
    heartbeatFrequencyMS: 2_000,
    maxPoolSize: 32,
    // A write acknowledged sooner may be gone after a crash, and its message is already sent.
    writeConcern: { w: 'majority', journal: true },
  });
  let reachable: boolean | undefined;
  client.on('serverHeartbeatSucceeded', () => {
    if (reachable !== true) log.info('MongoDB answers');
    reachable = true;
  });
  client.on('serverHeartbeatFailed', () => {
    if (reachable !== false) log.warn('MongoDB does not answer');
    reachable = false;
  });
  const closing = new AbortController();
  // The driver connects by itself only once: when the server is away at that moment, its client is
  // closed for good, and nothing but another connect() revives it.
  const connected = untilDone(() => client.connect(), {
    isTransient: () => true,
    onRetry: () => undefined,
    signal: closing.signal,
    log,
    what: 'connect to MongoDB',
  }).catch(() => undefined);
  const db = client.db(connection.database);
  return {
    db,
    async notReady() {
      try {
        await orAborted(db.command({ ping: 1 }), AbortSignal.timeout(pingMs));
        return undefined;
      } catch {
        return 'waiting for MongoDB';
      }
    },
    async close() {
      closing.abort();
      await connected;
      await client.close();
    },
  };
}
