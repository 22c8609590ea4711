import { describe, expect, test } from 'vitest';
import { ceilDiv, formatRatio, parseDecimal } from './fraction.ts';
import { InvalidSpecError } from './invalid-spec.ts';
import { applyPartitionList, parsePartitionList } from './partition-list.ts';

describe('partition list', () => {
  test.for([
    ['numbers and ranges', '0-2,9', [0, 1, 2, 9]],
    ['overlaps are merged and sorted', '7,2-5,0-3,7', [0, 1, 2, 3, 4, 5, 7]],
    ['white space is ignored', ' 1 - 3 , 5 ', [1, 2, 3, 5]],
    ['a range of one', '4-4', [4]],
    ['blank means all', ' ', undefined],
    ['null means all', null, undefined],
    ['absent means all', undefined, undefined],
  ] as const)('%s', ([, text, partitions]) => expect(parsePartitionList(text)).toEqual(partitions));

  test.for(['4-1', '1,,2', '1,', '-1', '1-2-3', 'a', '1-b', '1.5', '1 2', '1000000'])(
    'refuses %s and says which field and what to write',
    (text) => {
      expect(() => parsePartitionList(text)).toThrow(InvalidSpecError);
      expect(() => parsePartitionList(text)).toThrow(/^consumer\.partitions holds .*: write /);
    },
  );

  test('many overlapping large ranges cost no more than one', () =>
    expect(parsePartitionList('0-99999,'.repeat(100).slice(0, -1))).toHaveLength(100_000));

  test('what does not exist is left out', () => {
    expect(applyPartitionList([1, 9], [0, 1, 2])).toEqual([1]);
    expect(applyPartitionList(undefined, [0, 1, 2])).toEqual([0, 1, 2]);
  });
});

describe('exact decimals', () => {
  test.for([
    ['0.1', { numerator: 1n, denominator: 10n }],
    ['0', { numerator: 0n, denominator: 1n }],
    ['12.050', { numerator: 12_050n, denominator: 1000n }],
    ['0.1e3', undefined],
    ['-0.1', undefined],
    ['.5', undefined],
    ['', undefined],
  ] as const)('%s', ([text, fraction]) => expect(parseDecimal(text)).toEqual(fraction));

  test('ceil, not round', () => {
    expect(ceilDiv(10n, 10n)).toBe(1n);
    expect(ceilDiv(11n, 10n)).toBe(2n);
    expect(ceilDiv(0n, 10n)).toBe(0n);
  });

  test.for([
    [1650n, 50n, '33.0'],
    [105n, 100n, '1.05'],
    [1n, 3n, '0.33'],
    [299n, 100n, '3.0'],
    [0n, 7n, '0.00'],
  ] as const)('%s / %s is shown as %s', ([a, b, text]) => expect(formatRatio(a, b)).toBe(text));
});
