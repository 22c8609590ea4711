import { describe, expect, test } from 'vitest';
import { calm } from './fixtures.ts';
import { noticesOf, stalledNotice } from './notices.ts';
import type { Situation } from './situation.ts';
import { initialState } from './state.ts';

const told = (change: Partial<Situation>) =>
  noticesOf({ ...calm, ...change }).map(({ type, reason, message }) => [type, reason, message]);
const stuck = (...keys: readonly string[]) => ({
  stalled: new Map(keys.map((key) => [key, 42n])),
  suspected: new Set<string>(),
});
const owners = [
  {
    memberId: 'm',
    clientId: 'consumer-1',
    host: '/10.1.2.3',
    groupInstanceId: undefined,
    partitions: [{ topic: 'orders', partitions: [2, 3] }],
  },
];

test('a calm group has nothing to tell', () => expect(told({})).toEqual([]));

describe('a partition that stands still', () => {
  test('is named with offset and owner', () => {
    expect(stalledNotice(stuck('orders/3'), owners)).toEqual({
      type: 'PartitionStalled',
      reason: 'PartitionStalled',
      message:
        'topic orders, partition 3 at offset 42 (consumer-1 on /10.1.2.3): not committed for over a minute while others are: look at the record there, and at its consumer',
    });
  });

  test('of many, three are', () => {
    const { message } = stalledNotice(stuck('a/1', 'a/2', 'a/3', 'a/4', 'a/5'), undefined) ?? {};
    expect(message).toContain(
      'partition 1 at offset 42; topic a, partition 2 at offset 42; topic a, partition 3 at offset 42 and 2 more:',
    );
  });

  test('is none when none does', () => {
    expect(stalledNotice(stuck(), owners)).toBeUndefined();
  });
});

describe('a hot partition', () => {
  const hot = (arrivalRate: number, lag: number) => ({
    load: { ...calm.load, hot: [{ key: 'orders/3', arrivalRate, lag }] },
  });

  test.for([
    [
      'says how long its lag takes at best',
      hot(900, 5000),
      'has 5000 records of lag and gets 900/s, one consumer can read 1000/s: that takes 50 s at best',
    ],
    [
      'or that it grows',
      hot(1500, 5000),
      'gets 1500/s, one consumer can read 1000/s: its lag grows',
    ],
  ] as const)('%s', ([, change, words]) => {
    const [[type, reason, message] = []] = told(change);
    expect([type, reason]).toEqual(['ScalingLimited', 'HotPartition']);
    expect(message).toContain(words);
  });
});

test.for<readonly [string, Partial<Situation>, string, string, string]>([
  [
    'a scale-up that did not help',
    {
      state: {
        ...initialState,
        freeze: { until: calm.now + 1, step: 0, revertTo: undefined, consumption: undefined },
      },
    },
    'IneffectiveScaleUp',
    'IneffectiveScaleUp',
    'more replicas did not read more',
  ],
  [
    'members that stay away',
    { membersMissing: '4 pods are ready, but the group has 3 members' },
    'MembersMissing',
    'MembersMissing',
    '4 pods are ready',
  ],
  [
    'a rise that is too steep',
    {
      state: {
        ...initialState,
        ramps: { points: [], steep: { at: calm.now, from: 100, to: 900, worstAge: 71.3 } },
      },
    },
    'ScalingLimited',
    'ObjectiveUnattainable',
    'the load rose from 100/s to 900/s faster than replicas can start: records become about 71 s old, the objective is 60 s',
  ],
])('%s', ([, change, type, reason, words]) => {
  const [first, ...others] = noticesOf({ ...calm, ...change });
  expect(first).toMatchObject({ type, reason });
  expect(first?.message).toContain(words);
  expect(others).toEqual([]);
});
