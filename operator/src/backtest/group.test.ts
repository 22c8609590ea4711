import { expect, test } from 'vitest';
import { Group, type GroupOptions } from './group.ts';

/** Pods start after exactly 10 s, unless the test says otherwise. */
function groupOf(change: Partial<GroupOptions> = {}): Group {
  return new Group({
    partitions: 6,
    threadsPerReplica: 1,
    rebalance: { protocol: 'eager', pauseSeconds: 4 },
    startSeconds: [10, 10],
    initialReplicas: 2,
    random: () => 0,
    ...change,
  });
}

function run(group: Group, from: number, to: number): void {
  for (let second = from; second <= to; second++) group.advance(second);
}

const loadsOf = (group: Group) =>
  Array.from({ length: group.consumers }, (_, c) => group.consumerOf.filter((o) => o === c).length);
const pausedAt = (group: Group, second: number) =>
  [...group.resumesAt].filter((resumes) => second < resumes).length;

test('a settled group owns everything and pauses nothing', () => {
  const group = groupOf();
  expect([...group.consumerOf]).toEqual([0, 1, 0, 1, 0, 1]);
  expect(group).toMatchObject({
    pods: { count: 2, ready: 2 },
    rebalances: 0,
    pausedPartitionSeconds: 0,
  });
});

test('a new pod costs from the write on, but is a member only when it has started', () => {
  const group = groupOf();
  group.pods.scaleTo(3, 100);
  run(group, 100, 109);
  expect(group).toMatchObject({ pods: { count: 3, staying: 3, ready: 2 }, consumers: 2 });
  group.advance(110);
  expect(group).toMatchObject({
    pods: { ready: 3 },
    consumers: 3,
    rebalances: 1,
    movedPartitions: 2,
  });
  expect(loadsOf(group)).toEqual([2, 2, 2]);
});

test('eager: everything pauses; cooperative and kip848: only what moves', () => {
  const pauses = (['eager', 'cooperative', 'kip848'] as const).map((protocol) => {
    const group = groupOf({ rebalance: { protocol, pauseSeconds: 4 } });
    group.pods.scaleTo(3, 0);
    run(group, 0, 10);
    expect(group.isRebalancing(13)).toBe(true);
    expect(pausedAt(group, 14)).toBe(0);
    return [pausedAt(group, 13), group.pausedPartitionSeconds];
  });
  expect(pauses).toEqual([
    [6, 24],
    [2, 8],
    [2, 8],
  ]);
});

test('pods that join one after the other cost a rebalance each, in the same second one', () => {
  const starts = [0, 0, 0.5];
  const group = groupOf({ startSeconds: [10, 20], random: () => starts.pop() ?? 0 });
  starts.push(0.5, 0, 0);
  group.pods.scaleTo(5, 0);
  run(group, 0, 20);
  expect(group.rebalances).toBe(2);
});

test('a pause that a second rebalance prolongs is counted once', () => {
  const starts = [0.2, 0];
  const group = groupOf({
    initialReplicas: 0,
    startSeconds: [10, 20],
    random: () => starts.shift() ?? 0,
  });
  group.pods.scaleTo(2, 0);
  run(group, 0, 30); // joins at 10 and 12, so everything rests from 10 to 16
  expect(group.pausedPartitionSeconds).toBe(6 * 6);
});

test('a pod leaves after 3 seconds, and its partitions go to the others', () => {
  const group = groupOf({ initialReplicas: 3 });
  group.pods.scaleTo(2, 50);
  run(group, 50, 52);
  expect(group).toMatchObject({ pods: { count: 3, staying: 2, ready: 2 }, consumers: 3 });
  group.advance(53);
  expect(group).toMatchObject({ pods: { count: 2 }, consumers: 2, rebalances: 1 });
  expect(loadsOf(group)).toEqual([3, 3]);
});

test('pods that are no members yet go first and without a rebalance, then the youngest', () => {
  const group = groupOf();
  group.pods.scaleTo(3, 0);
  run(group, 0, 10);
  const owners = [...group.consumerOf];
  group.pods.scaleTo(4, 20);
  group.pods.scaleTo(3, 25);
  run(group, 20, 40);
  expect(group).toMatchObject({ pods: { count: 3 }, rebalances: 1 });
  expect([...group.consumerOf]).toEqual(owners);
  group.pods.scaleTo(2, 40);
  run(group, 40, 43);
  expect(owners.filter((owner, p) => owner !== 2 && owner !== group.consumerOf[p])).toEqual([]);
});

test('each thread of a replica is a member', () => {
  const group = groupOf({ threadsPerReplica: 2 });
  expect([group.consumers, loadsOf(group)]).toEqual([4, [2, 2, 1, 1]]);
  expect(group.capacity(100)).toBe((50 * 6) / 2);
});

test('the capacity is that of the most loaded consumer, and nothing without one', () => {
  expect(groupOf({ initialReplicas: 4 }).capacity(100)).toBe(300);
  expect(groupOf({ initialReplicas: 5 }).capacity(100)).toBe(300);
  expect(groupOf({ initialReplicas: 0 }).capacity(100)).toBe(0);
});

test('a rollout replaces one pod after the other, the new one first', () => {
  const group = groupOf();
  group.pods.startRollout(0);
  const seen: string[] = [];
  for (let second = 0; second <= 40; second++) {
    group.advance(second);
    const state = `${group.pods.count} pods, ${group.consumers} members`;
    if (seen.at(-1) !== state) seen.push(state);
  }
  expect(seen).toEqual([
    '3 pods, 2 members', // the first new pod starts
    '3 pods, 3 members', // an old one leaves
    '3 pods, 2 members', // the second new one starts
    '3 pods, 3 members',
    '2 pods, 2 members',
  ]);
  expect(group.pods.isRollingOut).toBe(false);
});

test('blocked pods join when the block is over', () => {
  const group = groupOf();
  group.pods.joinsBlockedUntil = 100;
  group.pods.scaleTo(3, 0);
  run(group, 0, 109);
  expect(group.consumers).toBe(2);
  group.advance(110);
  expect(group.consumers).toBe(3);
});
