import { describe, expect, test } from 'vitest';
import { basePolicy, offsets } from './fixtures.ts';
import { groupLag, type LagRules, partitionLag } from './lag.ts';
import { hasStoodStill, recordsArrived, trackStill } from './still.ts';
import type { PartitionOffsets } from './types.ts';

const latest: LagRules = { offsetResetPolicy: 'latest', neverCommitted: 'keepOne' };
const earliest: LagRules = { offsetResetPolicy: 'earliest', neverCommitted: 'keepOne' };
const at = (logStart: bigint | undefined, committed: PartitionOffsets['committed'], end?: bigint) =>
  offsets({ logStart, committed, end });

describe('lag of one partition', () => {
  test.for([
    ['the difference', latest, at(0n, 100n, 150n), 50n, []],
    ['offsets beyond 2^53 stay exact', latest, at(0n, 2n ** 60n, 2n ** 60n + 1n), 1n, []],
    ['removed by retention is not lag', latest, at(5n, 2n, 9n), 4n, ['committedBelowLogStart']],
    [
      'a log that starts after its end has none',
      latest,
      at(12n, 2n, 9n),
      0n,
      ['committedBelowLogStart'],
    ],
    ['without a log start it is an upper bound', latest, at(undefined, 2n, 9n), 7n, ['upperBound']],
    [
      'a commit ahead of the end is not negative',
      latest,
      at(0n, 12n, 9n),
      0n,
      ['committedBeyondEnd'],
    ],
    ['no end is unknown', latest, at(0n, 2n), undefined, ['endMissing']],
    [
      'no answer about the commit is unknown',
      latest,
      at(0n, 'unknown', 9n),
      undefined,
      ['committedUnknown'],
    ],
    [
      'never committed, latest: nothing, whatever the end',
      latest,
      at(0n, 'none'),
      0n,
      ['neverCommitted'],
    ],
    [
      'never committed, earliest: what is retained',
      earliest,
      at(4n, 'none', 9n),
      5n,
      ['neverCommitted'],
    ],
    [
      'never committed, earliest, without an end',
      earliest,
      at(4n, 'none'),
      undefined,
      ['endMissing'],
    ],
    [
      'never committed, ignored',
      { ...earliest, neverCommitted: 'ignore' },
      at(4n, 'none', 9n),
      0n,
      ['neverCommitted'],
    ],
  ] as const)('%s', ([, rules, partition, lag, flags]) =>
    expect(partitionLag(partition, rules)).toEqual({ lag, flags }),
  );

  test('a commit beyond the end for two ticks counts as never committed', () => {
    expect(partitionLag(at(3n, 12n, 9n), earliest, 2)).toEqual({
      lag: 6n,
      flags: ['neverCommitted'],
    });
  });
});

describe('lag of a group', () => {
  const group = (...partitions: PartitionOffsets[]) =>
    groupLag(partitions, basePolicy, new Map(), 0);

  test('an empty list is no answer, not "no lag"', () =>
    expect(group()).toEqual({
      lag: undefined,
      lowerBound: undefined,
      partitions: 0,
      unknownPartitions: 0,
      complete: false,
      active: undefined,
      scaleInAllowed: false,
      keepAlive: false,
      flags: [],
    }));

  test('what is known of an incomplete reading is a lower bound, and may prove activity', () =>
    expect(group(at(0n, 100n, 150n), at(0n, 100n))).toMatchObject({
      lag: undefined,
      lowerBound: 50n,
      unknownPartitions: 1,
      active: true,
      scaleInAllowed: false,
    }));

  test.for([
    ['never committed and without an end it is unknown, whatever the policy', latest, false],
    ['the partitions that are ignored need no end', { ...latest, neverCommitted: 'ignore' }, true],
  ] as const)('%s', ([, rules, complete]) => {
    const partitions = [at(0n, 'none'), at(0n, 100n, 100n)];
    const found = groupLag(partitions, { ...basePolicy, ...rules }, new Map(), 0);
    expect(found).toMatchObject({ complete, unknownPartitions: complete ? 0 : 1 });
    expect(found.scaleInAllowed).toBe(complete);
  });

  test('an upper bound is a lag like any other, and marked', () =>
    expect(group(at(undefined, 100n, 150n))).toMatchObject({
      lag: 50n,
      complete: true,
      scaleInAllowed: true,
      flags: ['upperBound'],
    }));

  test('an upper bound is no part of a lower bound', () =>
    expect(group(at(undefined, 100n, 150n), at(0n, 100n))).toMatchObject({ lowerBound: 0n }));

  test('one commit is enough: uncommitted partitions keep nothing alive', () =>
    expect(group(at(0n, 'none', 0n), at(0n, 0n, 0n)).keepAlive).toBe(false));

  test('activation is strict', () => {
    const policy = { ...basePolicy, activation: { ...basePolicy.activation, lag: 50n } };
    expect(groupLag([at(0n, 100n, 150n)], policy, new Map(), 0).active).toBe(false);
    expect(groupLag([at(0n, 100n, 151n)], policy, new Map(), 0).active).toBe(true);
  });
});

describe('partitions that stand still', () => {
  const first = trackStill([at(0n, 5n, 9n)], new Map(), 1000);

  test('keep their time while neither offset moves', () => {
    const later = trackStill([at(0n, 5n, 9n)], first, 90_000);
    expect(hasStoodStill(later.get('orders/0'), 61_000, 0)).toBe(true);
    expect(hasStoodStill(later.get('orders/0'), 60_999, 0)).toBe(false); // a minute at least
    expect(hasStoodStill(later.get('orders/0'), 300_999, 300_000)).toBe(false);
  });

  test.for([
    ['a commit', at(0n, 6n, 9n)],
    ['a record', at(0n, 5n, 10n)],
  ] as const)('%s starts the time anew', ([, moved]) =>
    expect(trackStill([moved], first, 90_000).get('orders/0')?.since).toBe(90_000),
  );

  test('an unknown offset proves neither, and is remembered by nobody', () => {
    expect(trackStill([at(0n, 5n)], first, 90_000).get('orders/0')?.since).toBe(1000);
    expect(trackStill([at(0n, 'unknown', 9n)], new Map(), 1000).size).toBe(0);
    expect(hasStoodStill(undefined, 90_000, 0)).toBe(false);
  });

  test('a commit beyond the end is counted tick by tick', () => {
    const beyond = trackStill([at(0n, 12n, 9n)], first, 2000);
    const again = trackStill([at(0n, 12n, 9n)], beyond, 3000);
    expect(again.get('orders/0')?.beyondEndTicks).toBe(2);
    expect(trackStill([at(0n, 9n, 9n)], again, 4000).get('orders/0')?.beyondEndTicks).toBe(0);
  });

  test('only a moved end says that records arrived', () => {
    expect(recordsArrived(first, trackStill([at(0n, 9n, 9n)], first, 2000))).toBe(false);
    expect(recordsArrived(first, trackStill([at(0n, 9n, 10n)], first, 2000))).toBe(true);
    const added = offsets({ partition: 1 });
    expect(recordsArrived(first, trackStill([at(0n, 5n, 9n), added], first, 2000))).toBe(false);
  });

  test('without an earlier reading nobody can say that nothing arrived', () =>
    expect(recordsArrived(new Map(), first)).toBe(true));
});
