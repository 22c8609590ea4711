import { expect, onTestFinished, test } from 'vitest';
import { poolOptions } from './credentials.ts';
import { Names } from './names.ts';
import { createTransport } from './platformatic.ts';
import { kafka28, kafka30, kafka41, speaking, startStub, type Versions } from './testing.ts';
import type { Address, Transport } from './transport.ts';

/** Brokers of one cluster in the middle of an upgrade. */

/** A client, and how often it asks for versions. */
function client(): { readonly transport: Transport; readonly asked: () => number } {
  const sent: string[] = [];
  const connection = { bootstrapServers: ['127.0.0.1:9092'], tls: undefined };
  const transport = createTransport({
    clientId: 'test',
    pool: poolOptions(connection, { connectMs: 500, requestMs: 500 }),
    names: new Names(),
    callTimeoutMs: 1_000,
    onRequest: (api) => sent.push(api),
  });
  onTestFinished(() => transport.close());
  return { transport, asked: () => sent.filter((api) => api === 'ApiVersions').length };
}

/** What the calls of a tick are sent as; the brokers never answer them. */
async function ask(transport: Transport, to: Address, seen: string[]): Promise<readonly string[]> {
  const query = { isolationLevel: 'read_uncommitted', position: 'end', topics: [] } as const;
  const calls = [
    transport.metadata(to, []),
    transport.findCoordinators(to, ['billing']),
    transport.fetchOffsets(to, [{ groupId: 'billing', topics: undefined }]),
    transport.listOffsets(to, query),
  ];
  void Promise.allSettled(calls);
  await expect.poll(() => new Set(seen).size).toBe(calls.length);
  return [...new Set(seen.splice(0))].sort(); // a connection that ends has its requests repeated
}

const newest = ['10/6', '2/9', '3/12', '9/9'];
const oldest = ['10/4', '2/7', '3/11', '9/8'];

test('each broker is spoken to in its own versions, asked for once per connection', async () => {
  const { transport, asked } = client();
  const brokers = await Promise.all(
    [kafka41, kafka30].map(async (versions) => {
      const seen: string[] = [];
      return { seen, ...(await startStub(speaking(versions, seen))) };
    }),
  );
  for (const _ of ['a tick', 'and another']) {
    const sent = await Promise.all(brokers.map((b) => ask(transport, b.address, b.seen)));
    expect(sent).toEqual([newest, oldest]);
  }
  expect(asked()).toBe(2);
});

test.for<[string, Versions, readonly string[], Versions, readonly string[]]>([
  ['newer', kafka30, oldest, kafka41, newest],
  ['older', kafka41, newest, kafka30, oldest],
])('a broker that comes back %s is asked anew', async ([, before, first, after, then]) => {
  const { transport } = client();
  const seen: string[] = [];
  const stub = await startStub(speaking(before, seen));
  expect(await ask(transport, stub.address, seen)).toEqual(first);
  await stub.close();
  await startStub(speaking(after, seen), stub.address.host, stub.address.port);
  expect(await ask(transport, stub.address, seen)).toEqual(then);
});

test('a broker that is too old is refused by name, and not asked again before it comes back', async () => {
  const { transport, asked } = client();
  const seen: string[] = [];
  const stub = await startStub(speaking(kafka28, seen));
  for (const _ of ['a tick', 'and another'])
    await expect(transport.metadata(stub.address, [])).rejects.toMatchObject({
      reason: 'UnsupportedBroker',
      message: expect.stringContaining(`${stub.server}: offers FindCoordinator versions: 0 to 3`),
    });
  expect(asked()).toBe(1);
  expect(seen).toEqual([]);
});

test('kinds of groups that a broker does not know are not asked for', async () => {
  const { transport } = client();
  const seen: string[] = [];
  const { address } = await startStub(speaking(kafka30, seen));
  const items = [{ groupId: 'billing', withAssignments: false }];
  for (const describe of [transport.describeConsumerGroups, transport.describeShareGroups])
    expect(await describe(address, items)).toMatchObject([{ groupId: 'billing', errorCode: 69 }]);
  expect(seen).toEqual([]);
});
