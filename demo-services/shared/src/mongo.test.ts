import { createServer, type Server } from 'node:net';
import {
  type BulkWriteResult,
  MongoBulkWriteError,
  MongoInvalidArgumentError,
  MongoNetworkError,
  MongoServerError,
  MongoServerSelectionError,
} from 'mongodb';
import { stdSerializers } from 'pino';
import { expect, test } from 'vitest';
import { type Env, EnvReader } from './env-reader.ts';
import { FakeMongoServer } from './fake-mongo-server.ts';
import { createLog } from './log.ts';
import {
  createMongo,
  isDuplicateKey,
  isTransientMongoError,
  readMongoConnection,
} from './mongo.ts';

function read(env: Env) {
  const reader = new EnvReader(env);
  const connection = readMongoConnection(reader, 'operation_service');
  reader.check();
  return connection;
}

test.for([
  ['the database in the path', 'mongodb://u:p@a:27017,b:27017/orders?retryWrites=false', 'orders'],
  ['the default without a path', 'mongodb://a:27017', 'operation_service'],
  ['the default with options only', 'mongodb://a/?authSource=admin', 'operation_service'],
  ['a database name in percent signs', 'mongodb://a/my%2Ddata', 'my-data'],
])('%s is used', ([, url, database]) => {
  expect(read({ MONGODB_CONNECTION_STRING: url })).toEqual({ url, database });
});

test.for([
  ['a missing string', undefined, 'is missing: set it to'],
  ['another scheme', 'https://u:secret@host/db', 'is no connection string'],
  ['no host', 'mongodb:///db', 'is no connection string'],
  ['a port that is no number', 'mongodb://u:secret@host:port/db', 'is refused by the driver'],
  ['an unknown option', 'mongodb://u:secret@host/db?secret=1', 'is refused by the driver'],
  ['a colon in the password', 'mongodb://u:sec:secret@host/db', 'is refused by the driver'],
  ['a database name with a dot', 'mongodb://u:secret@host/a.b', 'names a database'],
] as const)('%s is refused, without a word of the string', ([, url, problem]) => {
  const reading = () => read({ MONGODB_CONNECTION_STRING: url });
  expect(reading).toThrow(problem);
  expect(reading).not.toThrow('secret');
});

function bulkError(writeConcernError?: object) {
  const getWriteConcernError = () => writeConcernError;
  const result = { getWriteConcernError } as unknown as BulkWriteResult;
  return new MongoBulkWriteError({ message: 'x', code: 11000, writeErrors: [] }, result);
}

test.for([
  ['an unreachable server', true, new MongoServerSelectionError('x', {} as never)],
  ['a broken connection', true, new MongoNetworkError('x')],
  ['a server that is not primary', true, new MongoServerError({ message: 'x', code: 10107 })],
  ['a refused login', true, new MongoServerError({ message: 'x', code: 18 })],
  ['a duplicate key', false, new MongoServerError({ message: 'x', code: 11000 })],
  ['a document nested too deep', false, new MongoServerError({ message: 'x', code: 15 })],
  ['a document that is no BSON', false, new MongoServerError({ message: 'x', code: 22 })],
  ['a document that is too large', false, new MongoServerError({ message: 'x', code: 10334 })],
  ['one write of many refused', false, bulkError()],
  ['one refused, the others not yet durable', true, bulkError({ code: 64, errmsg: 'timeout' })],
  ['a call that is wrong in itself', false, new MongoInvalidArgumentError('x')],
  ['an error of our own', false, new TypeError('x')],
  ['what is no error', false, 'x'],
] as const)('%s: transient is %s', ([, transient, error]) => {
  expect(isTransientMongoError(error)).toBe(transient);
});

test('a duplicate key is told by its code', () => {
  expect(isDuplicateKey(new MongoServerError({ message: 'x', code: 11000 }))).toBe(true);
  expect(isDuplicateKey(new MongoServerError({ message: 'x', code: 2 }))).toBe(false);
});

async function listening(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

test.for([
  ['is silent', () => undefined],
  ['hangs up', (socket: { destroy(): void }) => socket.destroy()],
] as const)(
  'a server that %s is not ready in time, a call fails, and no text has the password',
  async ([, onConnection]) => {
    const server = createServer(onConnection);
    const port = await listening(server);
    const lines: string[] = [];
    const log = createLog('info', {});
    const keep = (fields: { err?: Error } | string, ...more: string[]) => {
      const err = typeof fields === 'object' ? fields.err : undefined;
      lines.push(JSON.stringify([fields, err && stdSerializers.err(err), ...more]));
    };
    Object.assign(log, { info: keep, warn: keep });
    const url = `mongodb://bob:secret@127.0.0.1:${port}/db`;
    const mongo = createMongo({ url, database: 'db' }, 'test', log);
    const from = performance.now();
    expect(await mongo.notReady()).toBe('waiting for MongoDB');
    expect(performance.now() - from).toBeLessThan(4_000);
    const error = await mongo.db
      .collection('c')
      .insertOne({})
      .catch((caught: unknown) => caught);
    expect(isTransientMongoError(error)).toBe(true);
    const shown = `${lines.join()} ${JSON.stringify(stdSerializers.err(error as Error))}`;
    expect(shown).not.toContain('secret');
    await mongo.close();
    server.close();
  },
);

test('a server that comes up only later, and one that comes back, are used again', async () => {
  const port = await freePort();
  const url = `mongodb://127.0.0.1:${port}/`;
  const mongo = createMongo({ url, database: 'db' }, 'test', createLog('silent', {}));
  expect(await mongo.notReady()).toBe('waiting for MongoDB');

  for (const _round of ['comes up', 'comes back']) {
    const server = new FakeMongoServer();
    await server.listen(port);
    await expect.poll(() => mongo.notReady(), { timeout: 10_000 }).toBeUndefined();
    await mongo.db.collection('c').insertOne({ a: 1 });
    expect(server.commands).toContain('insert');
    await server.close();
    expect(await mongo.notReady()).toBe('waiting for MongoDB');
  }
  await mongo.close();
});

async function freePort(): Promise<number> {
  const server = createServer();
  const port = await listening(server);
  await new Promise((resolve) => server.close(resolve));
  return port;
}
