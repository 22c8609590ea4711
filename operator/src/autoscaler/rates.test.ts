import { expect, test } from 'vitest';
import { formatRate } from './rates.ts';

test.for([
  [0, '0.0'],
  [1 / 300, '0.0033'], // one record in the slow window
  [0.05, '0.050'],
  [0.25, '0.25'],
  [0.996, '1.0'],
  [4, '4.0'],
  [12_345.67, '12345.7'],
] as const)('a rate of %f records/s is %s', ([rate, text]) => expect(formatRate(rate)).toBe(text));
