import { expect, test } from 'vitest';
import {
  noGroupTrend,
  noTrend,
  observation,
  offsets,
  stableGroup,
  unavailable,
} from './fixtures.ts';
import { initialMemory } from './memory.ts';
import { readySince, whyStopped } from './stopped.ts';
import type { GroupDescription, GroupTrend, LagReading, TargetScale } from './types.ts';

const now = 1_000_000;
const longAgo = now - 75_000;
const justNow = now - 74_999;
const deserted: GroupDescription = { ...stableGroup, state: 'Empty', members: 0 };
const silent: GroupTrend = { ...noGroupTrend, stopped: true };

const readingOf = (
  group: GroupDescription | undefined,
  trend: GroupTrend,
  stillSince = longAgo,
): LagReading => ({
  kind: 'observed',
  at: now,
  partitions: [{ ...offsets(), trend: { ...noTrend, stillSince } }],
  group,
  trend,
});

test.for<[string, number | undefined, LagReading, RegExp | undefined]>([
  ['nobody commits', longAgo, readingOf(stableGroup, silent), /no partition was committed/],
  ['nobody commits, and nobody knows the group', longAgo, readingOf(undefined, silent), /no part/],
  ['nobody is a member', longAgo, readingOf(deserted, noGroupTrend), /no member/],
  ['neither', longAgo, readingOf(stableGroup, noGroupTrend), undefined],
  ['nobody commits, without a ready pod', undefined, readingOf(stableGroup, silent), undefined],
  ['nobody is a member, without a ready pod', undefined, readingOf(deserted, silent), undefined],
  ['nobody commits, but pods have just started', justNow, readingOf(deserted, silent), undefined],
  [
    'the last member has just left',
    longAgo,
    readingOf(deserted, { ...noGroupTrend, membershipChangedAt: justNow }),
    undefined,
  ],
  [
    'the last member left long ago',
    longAgo,
    readingOf(deserted, { ...noGroupTrend, membershipChangedAt: longAgo }),
    /no member/,
  ],
  [
    'nobody is a member where nobody ever joins',
    longAgo,
    readingOf({ ...deserted, kind: 'simple' }, noGroupTrend),
    undefined,
  ],
  [
    'nobody is a member, yet commits move',
    longAgo,
    readingOf(deserted, noGroupTrend, justNow),
    undefined,
  ],
  ['the group cannot be read', longAgo, unavailable, undefined],
])('%s', ([, since, seen, expected]) => {
  const why = whyStopped(seen, since, now);
  if (expected) expect(why).toMatch(expected);
  else expect(why).toBeUndefined();
});

test.for<[string, Partial<TargetScale>, number | undefined, number | undefined]>([
  ['the first ready pod begins the time', { readyReplicas: 1 }, undefined, now],
  ['others do not begin it anew', { readyReplicas: 3 }, longAgo, longAgo],
  ['without one it is over', { readyReplicas: 0, statusReplicas: 3 }, longAgo, undefined],
  ['a kind that does not say: pods', { readyReplicas: undefined }, undefined, now],
  ['and without pods', { readyReplicas: undefined, statusReplicas: 0 }, longAgo, undefined],
])('ready since: %s', ([, change, before, expected]) => {
  const { target } = observation(2, unavailable);
  const memory = { ...initialMemory({ now, replicas: 2 }), readySince: before };
  expect(readySince({ ...target, ...change }, memory, now)).toBe(expected);
});
