import { expect, test } from 'vitest';
import { FaultError, parseFault } from './fault.ts';

test.for([
  ['poison@6h+3h', { kind: 'poison', value: undefined, from: 21_600, to: 32_400 }],
  ['cap:4000@14h+2h', { kind: 'cap', value: 4000, from: 50_400, to: 57_600 }],
  ['slow:0.25@1d2h3m4s+90s', { kind: 'slow', value: 0.25, from: 93_784, to: 93_874 }],
  ['gap@0s+20m', { kind: 'gap', value: undefined, from: 0, to: 1200 }],
] as const)('%s', ([text, fault]) => {
  expect(parseFault(text)).toEqual(fault);
});

test.for(['poison', 'flood@1h+1h', 'gap@1h', 'gap@1h+0s', 'gap@1h+', 'gap@+1h', 'gap@1x+1h', ''])(
  'refused with what to write: "%s"',
  (text) => {
    expect(() => parseFault(text)).toThrow(FaultError);
    expect(() => parseFault(text)).toThrow('such as poison@6h+3h');
  },
);
