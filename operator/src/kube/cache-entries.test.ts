import { expect, test } from 'vitest';
import { type Change, createCacheEntries } from './cache-entries.ts';
import { createFakeClock } from './testing.ts';

function setup() {
  const clock = createFakeClock();
  const changes: Change<string>[] = [];
  const entries = createCacheEntries<string>(clock, (change) => changes.push(change));
  const item = (resourceVersion: number | string, value: string) => ({
    key: 'shop/a',
    resourceVersion: String(resourceVersion),
    value,
  });
  entries.set(item(10, 'seen'));
  return { clock, changes, entries, item, value: () => entries.get('shop/a') };
}

test('our own write shows at once, and what the watch still has to say of before does not undo it', () => {
  const { entries, item, value } = setup();
  entries.overlay(item(20, 'written'));
  expect(value()).toBe('written');
  entries.set(item(15, 'older event'));
  entries.replace([item(19, 'older list')]);
  expect(value()).toBe('written');
  entries.set(item(20, 'echo'));
  expect(value()).toBe('echo');
  entries.set(item(18, 'no overlay any more: the watch is right, whatever it says'));
  expect(value()).toMatch('no overlay');
});

test('something newer than our write replaces it', () => {
  const { entries, item, value } = setup();
  entries.overlay(item(20, 'written'));
  entries.set(item(21, 'newer'));
  expect(value()).toBe('newer');
});

test('an answer that comes after the watch is dropped', () => {
  const { entries, item, value } = setup();
  entries.set(item(21, 'newer'));
  entries.overlay(item(20, 'written'));
  expect(value()).toBe('newer');
});

test('a write to something deleted meanwhile does not bring it back', () => {
  const { entries, item, value } = setup();
  entries.remove('shop/a');
  entries.overlay(item(20, 'written'));
  expect(value()).toBeUndefined();
});

test('after 30 s the watch is right even if its versions went backwards (etcd restored)', () => {
  const { clock, entries, item, value } = setup();
  entries.overlay(item(20, 'written'));
  clock.advance(30_000);
  entries.set(item(5, 'restored'));
  expect(value()).toBe('restored');
});

test('versions that are no numbers are never older', () => {
  const { entries, item, value } = setup();
  entries.overlay(item('opaque-1', 'written'));
  entries.set(item('opaque-0', 'event'));
  expect(value()).toBe('event');
});

test('an overlay tells of changes, its echo does not', () => {
  const { changes, entries, item } = setup();
  changes.length = 0;
  entries.overlay(item(20, 'written'));
  entries.set(item(20, 'written'));
  expect(changes).toEqual([{ key: 'shop/a', previous: 'seen', current: 'written' }]);
});

test('a handler sees the whole new list, never half of it', () => {
  const seen: unknown[] = [];
  const entries = createCacheEntries<string>(createFakeClock(), () =>
    seen.push([...entries.values()]),
  );
  entries.replace([
    { key: 'a', resourceVersion: '1', value: 'A' },
    { key: 'b', resourceVersion: '1', value: 'B' },
  ]);
  expect(seen).toEqual([
    ['A', 'B'],
    ['A', 'B'],
  ]);
});
