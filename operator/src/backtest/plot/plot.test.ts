import { expect, test } from 'vitest';
import type { Standing } from '../compare.ts';
import { constant } from '../controllers/constant.ts';
import { parseFault } from '../fault.ts';
import { defaultSetup } from '../setup.ts';
import { simulate } from '../simulate.ts';
import { frontierSvg } from './frontier.ts';
import { logTicks, showCount, showTime, ticksTo } from './scale.ts';
import { timelineSvg } from './timeline.ts';

const trace = { name: 'flat', startMs: 0, rates: new Float64Array(3600).fill(1000) };
const { metrics, log } = simulate(trace, defaultSetup, constant('static', 9));

/** Elements that are opened are closed, in order, and nothing was left to be escaped. */
function expectWellFormed(svg: string): void {
  const open: string[] = [];
  for (const [, end, name = '', empty] of svg.matchAll(/<(\/?)([a-z]+)(?:\s[^<>]*?)?(\/?)>/g)) {
    if (end) expect(open.pop()).toBe(name);
    else if (!empty) open.push(name);
  }
  expect(open).toEqual([]);
  expect(svg.replace(/<[^<>]*>/g, '').replace(/&(amp|lt|gt|quot);/g, '')).not.toMatch(/[<>&]/);
  expect(svg).not.toMatch(/NaN|Infinity|undefined/);
}

const standing = (change: Partial<Standing>, numbers: Partial<Standing['metrics']>): Standing => ({
  name: 'rule',
  family: 'KEDA',
  isOnFrontier: false,
  ...change,
  metrics: { ...metrics, ...numbers },
});

/** Where the circles of the chart are, without those of the list beside it. */
function circlesOf(svg: string): { x: number; y: number }[] {
  return [...svg.matchAll(/<circle cx="([\d.]+)" cy="([\d.]+)"/g)]
    .map(([, x, y]) => ({ x: Number(x), y: Number(y) }))
    .filter(({ x, y }) => x < 700 && y < 600);
}

test('the timeline shows the run, its faults and the objective', () => {
  const svg = timelineSvg({
    title: 'orders & <more>',
    log,
    seconds: 3600,
    objectiveSeconds: 60,
    faults: [parseFault('poison@10m+20m')],
  });
  expectWellFormed(svg);
  expect(svg).toContain('<title>orders &amp; &lt;more&gt;</title>');
  expect(svg).toContain('objective 60 s');
  expect(svg).toContain('>poison<');
  expect(svg.match(/<polyline/g)).toHaveLength(5);
});

test('a long run becomes no more points than a screen has, and keeps its peaks', () => {
  const long = simulate({ ...trace, rates: new Float64Array(100_000).fill(10) }, defaultSetup, {
    ...constant('spike', 9),
    intervalSeconds: 1,
    decide: ({ seconds }) => ({ replicas: seconds === 50_000 ? 24 : 9, reason: '' }),
  });
  const input = { title: '', seconds: 100_000, objectiveSeconds: 60, faults: [] };
  const svg = timelineSvg({ ...input, log: long.log });
  expect(svg.length).toBeLessThan(200_000);
  const flat = timelineSvg({ ...input, log });
  const highest = (text: string) =>
    Number(/>(\d+)<\/text>\n<polyline[^>]*>\n<polyline/.exec(text)?.[1]);
  expect(highest(svg)).toBeGreaterThan(highest(flat));
});

test('the frontier: later is higher, dearer is further right, 0 has a place below all decades', () => {
  const svg = frontierSvg({
    title: 'orders',
    standings: [
      standing({ name: 'late' }, { lateFraction: 0.1, replicaHours: 10 }),
      standing({ name: 'dear', isOnFrontier: true }, { lateFraction: 0, replicaHours: 40 }),
      standing({ name: 'nearly' }, { lateFraction: 1e-7, replicaHours: 20 }),
    ],
  });
  expectWellFormed(svg);
  const [late, nearly, dear] = circlesOf(svg);
  expect([late?.x, nearly?.x, dear?.x]).toEqual(
    circlesOf(svg)
      .map(({ x }) => x)
      .sort((a, b) => a - b),
  );
  expect(dear?.y).toBeGreaterThan((nearly?.y ?? 0) + 20);
  expect(nearly?.y).toBeGreaterThan(late?.y ?? 0);
});

test('every family has its shape and its line in the list, also a lone one without late records', () => {
  for (const family of [
    'lagscaler',
    'KEDA',
    'HPA on the rate',
    'Flink',
    'oracle',
    'others',
  ] as const) {
    const svg = frontierSvg({ title: '', standings: [standing({ family, name: 'it' }, {})] });
    expectWellFormed(svg);
    expect(svg).toContain('>it<');
  }
});

test('labels are short and ticks are round', () => {
  expect([45, 90, 5400, 86_400, 108_000].map(showTime)).toEqual([
    '45 s',
    '1.5 min',
    '1.5 h',
    '1 d',
    '1 d 6 h',
  ]);
  expect([7, 1234, 15_000, 2.5e6].map(showCount)).toEqual(['7', '1230', '15k', '2.5M']);
  expect(ticksTo(23)).toEqual([0, 5, 10, 15, 20, 25]);
  expect(ticksTo(0)).toHaveLength(2);
  expect(logTicks([90, 500])).toEqual([100, 150, 200, 300, 400, 500]);
  expect(logTicks([700, 1600])).toEqual([800, 1000, 1200, 1400, 1600]);
  expect(logTicks([1, 1000])).toEqual([1, 3, 10, 30, 100, 300, 1000]);
});
