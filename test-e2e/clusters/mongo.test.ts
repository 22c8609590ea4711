import { expect, test } from 'vitest';
import { type MongoServer, mongoUrls, parseConnectionString } from './mongo.ts';

const open: MongoServer = {
  address: 'mongodb://127.0.0.1:1',
  podAddress: 'mongodb://pods:2',
  options: '',
  users: undefined,
};
const checked: MongoServer = {
  ...open,
  options: 'tls=true',
  users: { operation_service: { username: 'o', password: 'a/b' } },
};

test.for<[string, MongoServer, string, string]>([
  [
    'no credentials',
    open,
    'mongodb://127.0.0.1:1/operation_service',
    'mongodb://pods:2/operation_service',
  ],
  [
    'options',
    { ...open, options: 'tls=true' },
    'mongodb://127.0.0.1:1/operation_service?tls=true',
    'mongodb://pods:2/operation_service?tls=true',
  ],
  [
    'a user of the database alone',
    checked,
    'mongodb://o:a%2Fb@127.0.0.1:1/operation_service?tls=true&authSource=operation_service',
    'mongodb://o:a%2Fb@pods:2/operation_service?tls=true&authSource=operation_service',
  ],
])('the addresses of a database: %s', ([, server, host, pod]) => {
  const urls = mongoUrls(server, 'missing');
  expect(urls.hostMongoUrl('operation_service')).toBe(host);
  expect(urls.mongoUrl('operation_service')).toBe(pod);
});

test('credentials are checked where there are users', () => {
  expect(mongoUrls(open, '').mongoChecksCredentials).toBe(false);
  expect(mongoUrls(checked, '').mongoChecksCredentials).toBe(true);
});

test('a database without a user is refused with the list of those that have one', () => {
  expect(() => mongoUrls(checked, '').mongoUrl('other')).toThrow(/other.*operation_service/);
});

test('without a server nothing is wrong until an address is asked for', () => {
  const urls = mongoUrls(undefined, 'set MONGODB_CONNECTION_STRING');
  expect(urls.mongoChecksCredentials).toBe(false);
  expect(() => urls.hostMongoUrl('operation_service')).toThrow('set MONGODB_CONNECTION_STRING');
});

test.for([
  ['mongodb://h:1', 'mongodb', 'h:1', ''],
  [
    'mongodb://root:p%40w@h:1,i:2/admin?authSource=x&replicaSet=rs&authMechanism=PLAIN',
    'mongodb',
    'h:1,i:2',
    'replicaSet=rs',
  ],
  [
    'mongodb+srv://root:pw@cluster.example/?retryWrites=true&tls=true',
    'mongodb+srv',
    'cluster.example',
    'retryWrites=true&tls=true',
  ],
] as const)('the parts of %s', ([text, scheme, hosts, options]) => {
  expect(parseConnectionString(text)).toEqual({ scheme, hosts, options });
});

test('what is no connection string is refused without showing it', () => {
  const parse = () => parseConnectionString('http://root:secret@h:1');
  expect(parse).toThrow('MONGODB_CONNECTION_STRING');
  expect(parse).not.toThrow('secret');
});
