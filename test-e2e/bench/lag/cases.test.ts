import { expect, test } from 'vitest';
import { casesOf } from './cases.ts';

test('all cases are measured in order, the one with the most partitions last', () => {
  expect(casesOf(undefined, undefined).map(({ name }) => name)).toEqual([
    '1',
    '100',
    '1000',
    '10000',
    '10000-own',
  ]);
});

test('a client that a case has no use for takes the case with it', () => {
  const cases = casesOf('100,10000', 'kafkajs');
  expect(cases.map(({ name, clients }) => ({ name, clients }))).toEqual([
    { name: '100', clients: ['kafkajs'] },
  ]);
});

test.for([
  ['500', undefined, '--only: use some of 1, 100, 1000, 10000, 10000-own, not "500"'],
  ['100', 'keda', '--client: use some of lagscaler, kafkajs, not "keda"'],
] as const)('what is unknown is told with what is known: %s, %s', ([only, client, message]) => {
  expect(() => casesOf(only, client)).toThrow(message);
});
