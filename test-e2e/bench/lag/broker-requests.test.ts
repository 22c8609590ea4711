import { expect, test } from 'vitest';
import { parseCounts, servedBetween } from './broker-requests.ts';

test('versions of one kind are summed, and what brokers ask of each other is left out', () => {
  const counts = parseCounts([
    '1 OffsetFetch 10',
    '1 OffsetFetch 5',
    '2 OffsetFetch 1',
    '2 Fetch 900',
    '2 BrokerHeartbeat 80',
  ]);
  expect([...counts]).toEqual([
    ['1 OffsetFetch', 15],
    ['2 OffsetFetch', 1],
  ]);
});

test('a kind that was never asked for before counts from zero', () => {
  const before = parseCounts(['1 OffsetFetch 10', '2 Metadata 3']);
  const after = parseCounts(['1 OffsetFetch 14', '1 ListOffsets 2', '2 Metadata 3']);
  expect([...servedBetween(before, after)]).toEqual([
    ['1', 6],
    ['2', 0],
  ]);
});
