import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { recordToConfirm } from './confirmation.ts';
import { offsets, stableGroup } from './fixtures.ts';
import { OffsetHistory } from './offset-history.ts';
import type { LagReading, OffsetReading, PartitionOffsets } from './types.ts';

const rules = { offsetResetPolicy: 'latest', neverCommitted: 'keepOne' } as const;
type Observed = Extract<OffsetReading, { kind: 'observed' }>;
type Partition = Partial<PartitionOffsets>;

const at = (seconds: number, ...partitions: readonly Partition[]): Observed => ({
  kind: 'observed',
  at: seconds * 1000,
  partitions: partitions.map((p, partition) => offsets({ partition, ...p })),
  group: undefined,
});
const moved = (committed: number | bigint, end: number | bigint): Partition => ({
  committed: BigInt(committed),
  end: BigInt(end),
});

/** The last of some readings of one group. */
function last(readings: readonly OffsetReading[], history = new OffsetHistory()) {
  const seen = readings.map((r) => history.observe(r, rules)).at(-1);
  if (seen?.kind !== 'observed') throw new Error('the last reading must be an observed one');
  return seen;
}
/** A reading every 5 s, of what `partition` says of the second. */
const every5s = (seconds: number, partition: (second: number) => Partition) =>
  Array.from({ length: seconds / 5 + 1 }, (_, i) => at(i * 5, partition(i * 5)));

describe('rates', () => {
  test('are unknown at first, not zero', () => {
    const { trend } = last([at(0, moved(5, 9))]);
    expect(trend).toMatchObject({
      arrivalRate: undefined,
      consumptionRate: undefined,
      maxTimeLag: undefined,
    });
  });

  test('are those of the time that has really passed, also over a gap', () => {
    const unread = { kind: 'unavailable', reason: 'KafkaUnreachable', message: 'down' } as const;
    const { trend } = last([at(0, moved(0, 0)), unread, unread, at(100, moved(200, 1_000))]);
    expect(trend).toMatchObject({ arrivalRate: 10, consumptionRate: 2 });
  });

  test('rise at once and fall slowly', () => {
    const burst = (second: number) => moved(0, second <= 300 ? second : 300 + 50 * (second - 300));
    const calm = (second: number) => moved(0, second <= 300 ? 50 * second : 15_000 + second);
    expect(last(every5s(345, burst)).trend.arrivalRate).toBeCloseTo(50);
    expect(last(every5s(345, calm)).trend.arrivalRate).toBeGreaterThan(40);
  });

  test('of consumption begin anew when members come or go', () => {
    const group = (members: number) => ({ ...stableGroup, members });
    const readings = every5s(120, (second) => moved(second < 60 ? 100 * second : 6_000, 10_000));
    const changed = readings.map((r) => ({ ...r, group: group(r.at < 60_000 ? 2 : 3) }));
    expect(last(changed).trend.consumptionRate).toBe(0);
    expect(last(readings).trend.consumptionRate).toBeGreaterThan(0);
  });

  test('beyond 2^53 are exact', () => {
    const far = 2n ** 62n;
    const { trend } = last([at(0, moved(far, far)), at(10, moved(far + 10n, far + 30n))]);
    expect(trend).toMatchObject({
      arrivalRate: 3,
      consumptionRate: 1,
      maxTimeLag: expect.anything(),
    });
  });
});

describe('what was known is void', () => {
  test.for<[string, Partition, 'topicRecreated' | 'endWentBack']>([
    [
      'when the topic is created anew',
      { ...moved(0, 3_000), topicId: 'another' },
      'topicRecreated',
    ],
    ['when the end goes back', moved(0, 10), 'endWentBack'],
  ])('%s', ([, change, reset]) => {
    const history = new OffsetHistory();
    last(
      every5s(60, (s) => moved(s, 10 * s)),
      history,
    );
    const seen = last([at(65, change)], history);
    expect(seen.partitions[0]?.trend).toMatchObject({ reset, arrivalRate: undefined });
    const next = last([at(70, { ...change, end: (change.end ?? 0n) + 5n })], history);
    expect(next.partitions[0]?.trend).toMatchObject({ reset: undefined, arrivalRate: 1 });
  });

  test('of a partition that is new, and of no other', () => {
    const history = new OffsetHistory();
    last([at(0, moved(0, 0)), at(50, moved(0, 100))], history);
    const { partitions, trend } = last([at(100, moved(0, 200), moved(0, 7))], history);
    expect(partitions.map((p) => p.trend.arrivalRate)).toEqual([2, undefined]);
    expect(trend.arrivalRate).toBeUndefined();
  });

  test('when the clock is set back', () => {
    const history = new OffsetHistory();
    last([at(1_000, moved(0, 0)), at(1_050, moved(0, 100))], history);
    expect(last([at(500, moved(0, 110))], history).trend.arrivalRate).toBeUndefined();
  });
});

test('a reading that comes twice or late adds nothing', () => {
  const readings = every5s(100, (s) => moved(s, 3 * s));
  const twice = readings.flatMap((r) => [r, r, { ...r, at: r.at - 1 }]);
  expect(last([...twice, at(105, moved(105, 315))]).trend).toEqual(
    last([...readings, at(105, moved(105, 315))]).trend,
  );
});

describe('commits that end', () => {
  /** Commits for ten minutes, with these pauses by turns. */
  const commitsWith = (pauses: readonly number[]) => {
    const commits: number[] = [];
    for (let second = 0; second <= 600; second += pauses[commits.length % pauses.length] ?? 0)
      commits.push(second);
    return commits;
  };
  /** By the second after the last commit; polls every 5 s, and the group is 20 s behind. */
  const statusesAfter = (commits: readonly number[], others: readonly Partition[]) => {
    const end = commits.at(-1) ?? 0;
    const readings = every5s(end + 400, (second) => {
      const committedAt = commits.findLast((c) => c <= second) ?? 0;
      return moved(10 * Math.max(0, committedAt - 20), 10 * second);
    });
    const history = new OffsetHistory();
    const seen = readings.map((r) => {
      const grown = others.map(() => moved(r.at, r.at));
      const reading = at(r.at / 1000, ...r.partitions, ...grown);
      return [r.at / 1000 - end, last([reading], history).partitions[0]?.trend.status] as const;
    });
    return seen.filter(([second]) => second > 0);
  };

  test.for<[string, readonly number[], number]>([
    ['every 5 s: after more than 45 s', [5], 50],
    ['every 20 s: after more than 180 s', [20], 185],
    ['in bursts: after about as long as three of them', [5, 5, 60], 195],
  ])('%s it is a stop, whatever others do, and after ten repeats a stall', ([, pauses, second]) => {
    for (const others of [[], [{}]]) {
      const seen = statusesAfter(commitsWith(pauses), others);
      const stopAt = seen.findIndex(([, status]) => status === 'STOP');
      const stallAt = seen.findIndex(([, status]) => status === 'STALL');
      expect(seen[stopAt]?.[0]).toBe(second);
      expect(new Set(seen.slice(stopAt, stallAt).map(([, status]) => status)).size).toBe(1);
      expect(new Set(seen.slice(stallAt).map(([, status]) => status)).size).toBe(1);
    }
  });
});

describe('age', () => {
  test('of a group a minute behind is a minute', () => {
    const { trend } = last(every5s(300, (s) => moved(Math.max(0, 20 * (s - 60)), 20 * s)));
    expect(trend.maxTimeLag).toBeCloseTo(60, 0);
  });

  test('of a record older than the history is asked for, once in 30 s, and believed within reason', () => {
    const history = new OffsetHistory();
    const start = 10_000;
    const read = (second: number) => at(start + second, moved(0, 1_000 + 10 * second));
    const seen = last(
      Array.from({ length: 13 }, (_, i) => read(5 * i)),
      history,
    );
    expect(seen.partitions[0]?.trend.timeLag?.basis).toBe('extrapolated');
    const record = recordToConfirm(seen, undefined);
    expect(record).toMatchObject({ topic: 'orders', partition: 0, offset: 0n });
    expect(recordToConfirm(seen, seen.at - 29_000)).toBeUndefined();
    expect(recordToConfirm(seen, seen.at - 30_000)).toBeDefined();
    if (record) history.confirm(record, (start - 3_600) * 1000);
    expect(last([read(65)], history).trend.maxTimeLag).toBeCloseTo(3_665);
    // Written in the future, says its producer: it is not younger than the end that lies behind it.
    if (record) history.confirm(record, (start + 9_000) * 1000);
    expect(last([read(70)], history).trend.maxTimeLag).toBeCloseTo(70);
  });
});

describe('whatever comes', () => {
  const offset = fc.oneof(fc.bigInt(0n, 60n), fc.bigInt(0n, 2n ** 63n - 1n));
  const partition = fc.record({
    topicId: fc.constantFrom('a', 'b'),
    committed: fc.oneof(offset, fc.constant('none' as const), fc.constant('unknown' as const)),
    end: fc.option(offset, { nil: undefined }),
    logStart: fc.option(offset, { nil: undefined }),
  });
  const observed = fc
    .tuple(fc.integer({ min: -50, max: 500_000 }), fc.array(partition, { maxLength: 4 }))
    .map(([second, partitions]): OffsetReading => at(second, ...partitions));
  const unread = fc.constant<OffsetReading>({
    kind: 'unavailable',
    reason: 'KafkaUnreachable',
    message: 'down',
  });
  const readings = fc.array(fc.oneof({ weight: 6, arbitrary: observed }, unread), {
    maxLength: 60,
  });

  /** Every number of a reading that somebody may show or decide by. */
  const numbersOf = (reading: LagReading): readonly number[] =>
    reading.kind === 'unavailable'
      ? []
      : [reading.trend, ...reading.partitions.map((p) => p.trend)]
          .flatMap((trend) => [
            trend.arrivalRate,
            trend.consumptionRate,
            ...('timeLag' in trend
              ? [trend.timeLag?.seconds]
              : [trend.maxTimeLag, trend.meanTimeLag]),
          ])
          .flatMap((n) => n ?? []);

  test('numbers are finite and never negative, and nothing throws', () =>
    fc.assert(
      fc.property(readings, (all) => {
        const history = new OffsetHistory();
        for (const reading of all) {
          for (const number of numbersOf(history.observe(reading, rules))) {
            expect(number).toBeGreaterThanOrEqual(0);
            expect(number).toBeLessThan(Number.POSITIVE_INFINITY);
          }
        }
      }),
    ));

  test('the same readings give the same, and what was given stays as it was', () =>
    fc.assert(
      fc.property(readings, (all) => {
        const [one, two] = [new OffsetHistory(), new OffsetHistory()];
        const given = all.map((reading) => one.observe(reading, rules));
        const copies = given.map((reading) => structuredClone(reading));
        expect(all.map((reading) => two.observe(reading, rules))).toEqual(given);
        expect(given).toEqual(copies);
      }),
    ));

  test.for([4_500, 4_510, 4_600])(
    'polls every %i ms fill the tiers as far as they go, for a day',
    (pollMs) => {
      const history = new OffsetHistory();
      for (let ms = 0; ms < 86_400_000; ms += pollMs)
        history.observe(at(ms / 1000, moved(ms, 2 * ms)), rules);
      expect(history.size).toBeLessThan(100);
    },
  );

  test('memory is bounded: a day of polls every second keeps as many points as an hour', () => {
    const history = new OffsetHistory();
    const poll = (second: number) =>
      history.observe(at(second, moved(second * 7, second * 9)), rules);
    for (let second = 0; second < 3_600; second += 1) poll(second);
    const hour = history.size;
    for (let second = 3_600; second < 90_000; second += 1) poll(second);
    expect(history.size).toBeLessThan(hour + 20);
    expect(history.size).toBeLessThan(100);
  });
});
