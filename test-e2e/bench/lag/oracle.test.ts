import { expect, test } from 'vitest';
import { groupName, range, topicName } from './layout.ts';
import { parseGroups, truthFor } from './oracle.ts';
import type { Value } from './worker-protocol.ts';

const printed = `
Consumer group 'shop' has no active members.

GROUP  TOPIC   PARTITION  CURRENT-OFFSET  LOG-END-OFFSET  LAG  CONSUMER-ID HOST CLIENT-ID
shop   orders  0          5               25              20   -           -    -

GROUP  TOPIC   PARTITION  CURRENT-OFFSET  LOG-END-OFFSET  LAG  CONSUMER-ID HOST CLIENT-ID
store  orders  10         -               7               -    c-1         /h   c
`;

test('the tool is read as printed, one table for each group, dashes as no answer', () => {
  expect(parseGroups(printed)).toEqual([
    { group: 'shop', topic: 'orders', partition: 0, committed: '5', end: '25', lag: '20' },
    {
      group: 'store',
      topic: 'orders',
      partition: 10,
      committed: undefined,
      end: '7',
      lag: undefined,
    },
  ]);
});

/** What the tool says of a group that has committed ten partitions of a topic. */
const told = (group: number, topic: number): Value[] =>
  range(0, 10).map((partition) => ({
    group: groupName(group),
    topic: topicName(topic),
    partition,
    committed: '1',
    end: '2',
    lag: '1',
  }));
const all = [...told(999, 999), ...told(1000, 0), ...told(1000, 1000)];

test.for([
  ['shared', topicName(0)],
  ['own', topicName(1000)],
] as const)('of a group with two topics only that of the layout %s counts', ([layout, topic]) => {
  const others = range(0, 999).flatMap((group) => told(group, group));
  const truth = truthFor([...others, ...all], layout, 1001);
  const ofLast = truth.filter(({ group }) => group === groupName(1000));
  expect(new Set(ofLast.map((value) => value.topic))).toEqual(new Set([topic]));
});

test('an oracle that left something out is no oracle', () => {
  expect(() => truthFor(told(0, 0).slice(1), 'own', 1)).toThrow('told 9 of 10 partitions');
});
