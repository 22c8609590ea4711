import { expect, test } from 'vitest';
import { parseTraceCsv, TraceError, toTraceCsv } from './csv.ts';
import { oracleReplicaHours, ratesBetween, traceOf } from './trace.ts';

const csv = (...rows: string[]) => ['seconds,recordsPerSecond', ...rows].join('\n');

test('a trace is linear between its rows and ends with the last one', () => {
  const points = parseTraceCsv(csv('0,10', '4,30', '6,0', ''));
  expect([...ratesBetween(points)]).toEqual([10, 15, 20, 25, 30, 15]);
});

test('rows need no common distance, and may lie between two seconds', () => {
  const points = parseTraceCsv(csv('0,0', '1.5,3', '3.5,5'));
  expect([...ratesBetween(points)]).toEqual([0, 2, 3.5]);
});

test('a byte order mark, Windows line ends, spaces and exponents are read', () => {
  expect(parseTraceCsv('\uFEFFseconds, recordsPerSecond\r\n0, 1e3\r\n60 ,2.5\r\n')).toEqual([
    { seconds: 0, recordsPerSecond: 1000 },
    { seconds: 60, recordsPerSecond: 2.5 },
  ]);
});

test('a first row in epoch seconds says when the trace was', () => {
  const at = (seconds: number) => ({ seconds, recordsPerSecond: 1 });
  expect(traceOf('', [at(1_790_000_000), at(1_790_000_060)])).toMatchObject({
    startMs: 1_790_000_000_000,
  });
  expect(traceOf('', [at(100), at(160)]).rates).toHaveLength(60);
});

test.for([
  ['no header', '0,1\n1,2', 'line 1: the header must be "seconds,recordsPerSecond", not "0,1"'],
  ['no rows', csv(), 'line 1: a trace needs at least two rows after the header'],
  ['a negative rate', csv('0,1', '1,-2'), 'line 3, column 2 (recordsPerSecond): "-2" is not'],
  ['a word', csv('zero,1'), 'line 2, column 1 (seconds): "zero" is not a number'],
  ['an empty cell', csv('0,'), 'line 2, column 2 (recordsPerSecond): "" is not a number'],
  ['a hexadecimal number', csv('0x10,1'), 'line 2, column 1 (seconds): "0x10" is not a number'],
  ['infinity', csv('0,1e999'), 'line 2, column 2 (recordsPerSecond): "1e999" is not a number'],
  ['a third column', csv('0,1', '1,2,3'), 'line 3: has 3 columns: write two'],
  ['time that stands still', csv('0,1', '', '0,2'), 'line 4, column 1 (seconds): 0 does not come'],
] as const)('refused with its place: %s', ([, text, message]) => {
  expect(() => parseTraceCsv(text)).toThrow(TraceError);
  expect(() => parseTraceCsv(text)).toThrow(message);
});

test('the oracle has the replicas that each second needs, and never none', () => {
  const trace = { name: '', startMs: 0, rates: Float64Array.of(0, 1000, 1001, 2500) };
  expect(oracleReplicaHours(trace, 1000)).toBe((1 + 1 + 2 + 3) / 3600);
});

test('a trace that was written reads back as it was, without rows that add nothing', () => {
  const points = parseTraceCsv(csv('0,10', '100,10', '200,60', '201,5', '300,5'));
  const written = toTraceCsv(traceOf('', points));
  expect(written.split('\n').length).toBeLessThan(10);
  const again = traceOf('', parseTraceCsv(written));
  expect(again.rates).toHaveLength(300);
  expect(again.startMs).toBe(traceOf('', points).startMs);
  for (const [second, rate] of traceOf('', points).rates.entries())
    expect(again.rates[second]).toBeCloseTo(rate, 6);
});
