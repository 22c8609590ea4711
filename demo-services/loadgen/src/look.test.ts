import { expect, test } from 'vitest';
import { look } from './look.ts';
import { createLedger } from './operation-ledger.ts';
import type { OperationState } from './operations-api.ts';

const completed = (uuid: string): OperationState => ({
  ...{ uuid, state: 'completed', error: undefined },
  user: { uuid: `user of ${uuid}`, approved: 'true' },
});

/** `ours` operations, all accepted and seen at 0 s; the service may have others besides. */
function createWorld(ours: number) {
  const ledger = createLedger(() => undefined);
  const stored: OperationState[] = [];
  const asked = { lists: 0, listed: 0, gets: 0 };
  const user = { uuid: undefined, approved: undefined };
  const add = (uuid: string) => stored.push({ uuid, state: 'pending', error: undefined, user });
  for (let index = 0; index < ours; index += 1) {
    add(`${index}`);
    const named = { uuid: `${index}`, name: 'hans', expected: 'completed' as const };
    ledger.accept({ ...named, dueAtMs: 0, answeredAtMs: 0 });
  }
  const api = {
    async list(limit: number, cursor?: string) {
      asked.lists += 1;
      const end = Number(cursor ?? stored.length);
      const items = stored.slice(Math.max(0, end - limit), end).reverse();
      asked.listed += items.length;
      return { items, next: end > limit ? `${end - limit}` : undefined };
    },
    async get(uuid: string) {
      asked.gets += 1;
      return stored.find((operation) => operation.uuid === uuid);
    },
  };
  let at = 0;
  const now = () => at;
  return {
    ...{ ledger, stored, asked, add },
    complete(...from: readonly [from: number, until: number]) {
      for (let index = from[0]; index < from[1]; index += 1) {
        stored[index] = completed(`${index}`);
      }
    },
    async looks(count: number) {
      Object.assign(asked, { lists: 0, listed: 0, gets: 0 });
      for (const last = at + count; at < last; ) {
        at += 1;
        await look({ ledger, api, now });
      }
      return ledger.balance();
    },
  };
}

test('nothing pending, nothing asked', async () => {
  const world = createWorld(0);
  await world.looks(1);
  expect(world.asked).toEqual({ lists: 0, listed: 0, gets: 0 });
});

test('a backlog of 2,400 costs five pages, and what ended in any order is seen', async () => {
  const world = createWorld(2_400);
  world.complete(100, 300);
  world.complete(2_000, 2_001);
  expect(await world.looks(1)).toMatchObject({ terminal: 201, notTerminal: 2_199 });
  expect(world.asked).toEqual({ lists: 5, listed: 2_400, gets: 0 });
});

test('one that got stuck 50,000 operations ago costs one more request', async () => {
  const world = createWorld(50_000);
  for (const { uuid, position } of world.ledger.pending()) {
    const settled = position !== 7 && position < 49_980;
    if (settled) world.ledger.see(completed(uuid), 0);
  }
  await world.looks(1);
  expect(world.ledger.pendingCount()).toBe(21);
  expect(world.asked).toEqual({ lists: 1, listed: 42, gets: 1 });
});

test('operations of others in the list hide nothing', async () => {
  const world = createWorld(150);
  world.complete(0, 150);
  for (let other = 0; other < 5_000; other += 1) world.add(`other ${other}`);
  expect(await world.looks(1)).toMatchObject({ terminal: 100 });
  expect(await world.looks(1)).toMatchObject({ terminal: 150, balanced: true });
});

test('those that the list does not show are asked for in turn', async () => {
  const world = createWorld(250);
  for (let other = 0; other < 5_000; other += 1) world.add(`other ${other}`);
  await world.looks(3);
  expect(world.ledger.pending().every(({ seenAtMs }) => seenAtMs > 0)).toBe(true);
});
