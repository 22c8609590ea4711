import { createLog } from '@lagscaler/demo-shared/log.ts';
import type { IndexDescription } from 'mongodb';
import { expect, test, vi } from 'vitest';
import { createIndexCheck } from './indexes.ts';
import type { Operations } from './mongo-store.ts';

/** A collection as it looks from here: its indexes are there when the test says that they are built. */
function createCollection() {
  const collection = {
    names: ['_id_'],
    looks: 0,
    builds: 0,
    built: (): void => undefined,
    refuse: (_error: Error): void => undefined,
    async indexes() {
      collection.looks += 1;
      return collection.names.map((name) => ({ name }));
    },
    createIndexes(missing: readonly IndexDescription[]) {
      collection.builds += 1;
      return new Promise<string[]>((resolve, reject) => {
        collection.refuse = reject;
        collection.built = () => {
          collection.names.push(...missing.map(({ name }) => String(name)));
          resolve(collection.names);
        };
      });
    },
  };
  const timing = { answerMs: 10, freshMs: 1 };
  const operations = collection as unknown as Operations;
  return { collection, check: createIndexCheck(operations, createLog('silent', {}), timing) };
}

test('a long build is waited for by many probes, and begun once', async () => {
  const { collection, check } = createCollection();
  expect(await check()).toBe('waiting for the indexes of collection operation');
  await vi.waitUntil(async () => {
    expect(await check()).toBe('waiting for the indexes of collection operation');
    return collection.looks > 4;
  });
  expect(collection.builds).toBe(1);
  collection.built();
  await vi.waitUntil(async () => (await check()) === undefined);
  expect(collection.builds).toBe(1);
});

test('a build that failed is begun again', async () => {
  const { collection, check } = createCollection();
  await check();
  collection.refuse(new Error('connection lost'));
  await vi.waitUntil(async () => (await check()) !== undefined && collection.builds === 2);
});
