import { expect, test } from 'vitest';
import { createSlots } from './slots.ts';
import { UnavailableError } from './store.ts';

function begin(slots: ReturnType<typeof createSlots>, begun: string[], name: string) {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const done = slots(() => {
    begun.push(name);
    return promise;
  });
  return { done, resolve, reject };
}

test('so many at once, the others in their order, whatever becomes of those before', async () => {
  const slots = createSlots({ atOnce: 2, waiting: 2 });
  const begun: string[] = [];
  const [a, b, c, d] = [
    begin(slots, begun, 'a'),
    begin(slots, begun, 'b'),
    begin(slots, begun, 'c'),
    begin(slots, begun, 'd'),
  ];
  await expect(slots(async () => 'e')).rejects.toThrow(UnavailableError);
  expect(begun).toEqual(['a', 'b']);
  b.reject(new Error('lost'));
  await expect(b.done).rejects.toThrow('lost');
  expect(begun).toEqual(['a', 'b', 'c']);
  for (const { resolve } of [a, c, d]) resolve();
  await Promise.all([a.done, c.done, d.done]);
  expect(begun).toEqual(['a', 'b', 'c', 'd']);
  expect(await slots(async () => 'later')).toBe('later');
});
