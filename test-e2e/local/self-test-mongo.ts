import assert from 'node:assert/strict';
import { type Collection, MongoClient, MongoServerError } from 'mongodb';
import { until } from './process.ts';
import type { Stack } from './stack.ts';

interface Order {
  readonly uuid: string;
  readonly state?: string;
  readonly at?: Date;
  readonly n?: number;
  readonly outbox?: { readonly since: Date };
}

/** What the services ask of MongoDB, with the real driver. */
export const mongoChecks: readonly (readonly [string, (stack: Stack) => Promise<void>])[] = [
  ['MongoDB: unique, conditional and concurrent writes, queries, counts', servesServices],
  ['MongoDB keeps every acknowledged write over kill -9', keepsAcknowledged],
];

async function withOrders(
  stack: Stack,
  work: (orders: Collection<Order>) => Promise<void>,
): Promise<void> {
  const url = stack.mongoUrl('shop');
  const client = new MongoClient(url, { serverSelectionTimeoutMS: 10_000, socketTimeoutMS: 5_000 });
  try {
    const orders = client.db().collection<Order>('order');
    await orders.createIndex({ uuid: 1 }, { unique: true });
    await orders.createIndex({ 'outbox.since': 1 }, { sparse: true });
    await orders.createIndex({ state: 1, at: -1 });
    await work(orders);
  } finally {
    await client.close();
  }
}

function servesServices(stack: Stack): Promise<void> {
  return withOrders(stack, async (orders) => {
    await orders.deleteMany({});
    const count = 20;
    const each = Array.from({ length: count }, (_, i) => i);
    const at = (n: number) => new Date(1_000 * n);
    await orders.insertMany(each.map((n) => ({ uuid: `u${n}`, state: 'pending', n, at: at(n) })));
    assert.equal(await refusalOf(orders.insertOne({ uuid: 'u1' })), 11000);

    const decided = each.map(() =>
      orders.updateOne({ uuid: 'u1', state: 'pending' }, { $set: { state: 'done' } }),
    );
    const wins = (await Promise.all(decided)).filter(({ modifiedCount }) => modifiedCount === 1);
    assert.equal(wins.length, 1);

    const upserts = each.map((n) =>
      orders.findOneAndUpdate(
        { uuid: 'new' },
        { $setOnInsert: { n } },
        { upsert: true, returnDocument: 'after' },
      ),
    );
    const seen = new Set((await Promise.all(upserts)).map((order) => order?.n));
    assert.equal(seen.size, 1);

    const some = orders.find({ uuid: { $in: ['u3', 'u5', 'no'] } }).sort({ n: -1 });
    assert.deepEqual(
      (await some.toArray()).map(({ n }) => n),
      [5, 3],
    );
    const newest = orders.find({ state: 'pending' }).sort({ at: -1 }).limit(2);
    assert.deepEqual(
      (await newest.toArray()).map(({ n }) => n),
      [19, 18],
    );
    assert.equal(await orders.countDocuments({ state: 'pending', at: { $lt: at(3) } }), 2);

    const first = { uuid: { $in: ['u0', 'u1', 'u2'] } };
    await orders.updateMany(first, { $set: { outbox: { since: at(9) } } });
    await orders.updateOne({ uuid: 'u0' }, { $unset: { outbox: '' } });
    const unsent = orders.find({ 'outbox.since': { $lt: at(10) } }).sort({ uuid: 1 });
    assert.deepEqual(
      (await unsent.toArray()).map(({ uuid }) => uuid),
      ['u1', 'u2'],
    );

    const states = await orders
      .aggregate([{ $group: { _id: '$state', count: { $sum: 1 } } }, { $sort: { count: 1 } }])
      .toArray();
    assert.deepEqual(
      states.map(({ count }) => count),
      [1, 1, count - 1],
    );
  });
}

async function refusalOf(write: Promise<unknown>): Promise<unknown> {
  const error = await write.then(
    () => undefined,
    (cause: unknown) => cause,
  );
  assert.ok(error instanceof MongoServerError, String(error));
  return error.code;
}

/** Killed in the middle of writes, twice: with data in the journal only, and with saved data too. */
function keepsAcknowledged(stack: Stack): Promise<void> {
  return withOrders(stack, async (orders) => {
    await orders.deleteMany({});
    const written: string[] = [];
    for (const run of ['first', 'second']) {
      const writing = writeUntilItFails(orders, run, written);
      const enough = written.length + 200;
      await until(() => written.length >= enough, 30_000, 'too few writes to kill it among');
      await stack.mongo.kill();
      await writing;
      await stack.heal();
      const kept = new Set((await orders.find().toArray()).map(({ uuid }) => uuid));
      assert.deepEqual(
        written.filter((uuid) => !kept.has(uuid)),
        [],
      );
      // Not half a write either: what is not there can be written, what is there cannot.
      assert.equal(await refusalOf(orders.insertOne({ uuid: written[0] ?? '' })), 11000);
      assert.equal(
        await orders.countDocuments({ uuid: { $in: written }, state: 'new' }),
        written.length,
      );
    }
  });
}

/** Four writers side by side; each ends at its first failure. */
async function writeUntilItFails(
  orders: Collection<Order>,
  run: string,
  written: string[],
): Promise<void> {
  const writer = async (id: number) => {
    for (let n = 0; ; n++) {
      const uuid = `${run}-${id}-${n}`;
      await orders.insertOne({ uuid, state: 'inserted' });
      await orders.updateOne({ uuid, state: 'inserted' }, { $set: { state: 'new' } });
      written.push(uuid);
    }
  };
  await Promise.allSettled([writer(1), writer(2), writer(3), writer(4)]);
}
