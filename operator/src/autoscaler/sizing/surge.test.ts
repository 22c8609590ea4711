import { expect, test } from 'vitest';
import { noSurge, type Surge, surgeAfter } from './surge.ts';
import { defaultTuning } from './tuning.ts';

interface Stretch {
  readonly seconds: number;
  readonly rate: number;
}

/** Looks every 5 s at two partitions with so many arrivals a second; returns what was found each time. */
function watch(stretches: readonly Stretch[], tuning = defaultTuning): readonly Surge[] {
  const found: Surge[] = [];
  let [t, end] = [0, 0];
  for (const { seconds, rate } of stretches)
    for (const stop = t + seconds; t < stop; t += 5, end += rate * 5) {
      const offsets = [BigInt(end), 0n].map((offset) => ({ end: offset }));
      found.push(surgeAfter(found.at(-1) ?? noSurge, offsets, t * 1000, tuning));
    }
  return found;
}
const ratesAt = (found: readonly Surge[], ...times: readonly number[]) =>
  times.map((t) => found[t / 5]?.rate);
const calm = { seconds: 900, rate: 1000 };

test('a step is seen after the time of its window, and until the other rates have seen it', () => {
  const found = watch([calm, { seconds: 120, rate: 5000 }]);
  expect(ratesAt(found, 900, 905, 910, 965)).toEqual([undefined, 3000, 5000, 5000]);
  expect(ratesAt(found, 975, 980)).toEqual([undefined, undefined]);
});

test.for([
  ['half as much again', [calm, { seconds: 60, rate: 1500 }]],
  ['what is calm', [calm]],
  [
    'what came within the last hour',
    [calm, { seconds: 60, rate: 5000 }, { seconds: 3000, rate: 1000 }, { seconds: 60, rate: 5000 }],
  ],
  [
    'what comes within minutes after the start',
    [
      { seconds: 240, rate: 1000 },
      { seconds: 60, rate: 5000 },
    ],
  ],
] as const)('%s is no surge', ([, stretches]) => {
  const last = stretches.at(-1)?.seconds ?? 0;
  const rates = watch(stretches)
    .slice(-last / 5)
    .map(({ rate }) => rate);
  expect(new Set(rates)).toEqual(new Set([undefined]));
});

test('a producer that sends once a minute does not look like one', () => {
  const minute = [
    { seconds: 10, rate: 6000 },
    { seconds: 50, rate: 0 },
  ];
  const found = watch(Array.from({ length: 30 }, () => minute).flat());
  expect(found.slice(72).every(({ rate }) => rate === undefined)).toBe(true);
});

test('what cannot be compared says nothing', () => {
  const [before = noSurge] = watch([calm]).slice(-1);
  const at = (seconds: number) => (900 + seconds) * 1000;
  const look = (surge: Surge, ends: readonly (bigint | undefined)[], t: number) =>
    surgeAfter(
      surge,
      ends.map((end) => ({ end })),
      at(t),
      defaultTuning,
    );
  expect(look(before, [undefined, 0n], 10).rate).toBeUndefined(); // unknown
  expect(look(before, [9_000_000n, 0n, 0n], 10).rate).toBeUndefined(); // one partition more
  expect(look(before, [0n, 0n], 10).rate).toBeUndefined(); // the topic began anew
  expect(look(before, [9_000_000n, 0n], -900).rate).toBeUndefined(); // the clock was set back
});

test('what is remembered stays small', () => {
  const [last] = watch([{ seconds: 20_000, rate: 1000 }]).slice(-1);
  expect(last?.peaks.length).toBeLessThanOrEqual(13);
  expect(last?.recent.length).toBeLessThanOrEqual(12);
  expect(last?.ends.length).toBeLessThanOrEqual(3);
});
