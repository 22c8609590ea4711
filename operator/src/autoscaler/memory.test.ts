import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Reason } from '../api/conditions.ts';
import { decide } from './decide.ts';
import { basePolicy, observation, partitionsWithLag, reading } from './fixtures.ts';
import {
  adopt,
  afterWrite,
  forgetOldEvents,
  fromThePast,
  initialMemory,
  remember,
} from './memory.ts';
import { objective } from './sizing/fixtures.ts';
import type { TimedReplicas } from './types.ts';

const hour = 3_600_000;

test('a flat run of recommendations is one entry', () => {
  const first = remember([], 0, 5);
  expect(remember(remember(first, 1, 5), 2, 5)).toEqual([{ at: 2, replicas: 5 }]);
});

test('recommendations of an hour ago are forgotten, as no window is longer', () => {
  expect(remember([{ at: 0, replicas: 9 }], hour - 1, 5)).toHaveLength(2);
  expect(remember([{ at: 0, replicas: 9 }], hour, 5)).toHaveLength(1);
});

test('what is dropped can never be the minimum or maximum of a window', () =>
  fc.assert(
    fc.property(
      fc.array(fc.record({ gap: fc.nat(100), replicas: fc.nat(9) }), {
        minLength: 1,
        maxLength: 30,
      }),
      fc.nat(3000),
      (ticks, windowMs) => {
        let now = 0;
        let kept: readonly TimedReplicas[] = [];
        const all: TimedReplicas[] = [];
        for (const { gap, replicas } of ticks) {
          now += gap;
          all.push({ at: now, replicas });
          kept = remember(kept, now, replicas);
        }
        const inside = (entries: readonly TimedReplicas[]) =>
          entries.filter((e) => now - e.at < windowMs).map((e) => e.replicas);
        expect(Math.max(...inside(kept))).toBe(Math.max(...inside(all)));
        expect(Math.min(...inside(kept))).toBe(Math.min(...inside(all)));
      },
    ),
  ));

test('only an accepted write is a change of ours', () => {
  const decision = decide(observation(1, reading(partitionsWithLag(40, 100))));
  expect(decision.action).toBe('scale');
  expect(afterWrite(decision, 7, false)).toBe(decision.memory);
  expect(afterWrite(decision, 7, true)).toMatchObject({
    replicas: 10,
    scaleEvents: [{ at: 7, change: 9 }],
  });
  const held = decide(observation(1, reading(partitionsWithLag(40, 10))));
  expect(afterWrite(held, 7, true)).toBe(held.memory);
});

test('adopted replicas are no change of ours, restart the windows and count as activity', () => {
  const memory = initialMemory({ now: 0, replicas: 3, scaleEvents: [{ at: 0, change: 2 }] });
  expect(adopt(memory, 9, 7)).toEqual({
    ...memory,
    replicas: 7,
    lastActiveAt: 9,
    recommendations: [{ at: 9, replicas: 7 }],
  });
});

test('changes are kept for the longest period a policy may have', () => {
  const events = [{ at: 0, change: 1 }];
  expect(forgetOldEvents(events, 1_799_999)).toEqual(events);
  expect(forgetOldEvents(events, 1_800_000)).toEqual([]);
});

describe('a clock that was set back', () => {
  const late = { ...initialMemory({ now: 5 * hour, replicas: 5 }), incompleteSince: 5 * hour };
  const memory = { ...late, scaleEvents: [{ at: 5 * hour, change: 2 }] };

  test('leaves nothing in the future', () => {
    expect(fromThePast(memory, hour)).toMatchObject({
      recommendations: [{ at: hour, replicas: 5 }],
      scaleEvents: [{ at: hour, change: 2 }],
      lastActiveAt: hour,
      incompleteSince: hour,
    });
  });

  test('otherwise nothing is touched', () => {
    expect(fromThePast(memory, 5 * hour)).toEqual(memory);
  });
});

describe('after a write of the strategy timeLag', () => {
  const policy = { ...basePolicy, sizing: { kind: 'timeLag', ...objective } } as const;
  const lag = reading(partitionsWithLag(24, 0));
  const decision = decide(observation(4, lag, { now: hour, policy }));
  const written = (to: number, step?: 'Override', reason: Reason = 'LoadAboveCapacity') => {
    const steps = [{ step: step ?? ('Recommend' as const), from: 4, to, reason, message: '' }];
    return afterWrite({ ...decision, desiredReplicas: to, steps }, hour, true);
  };

  test('the windows fill anew', () => {
    expect(written(8).recommendations).toEqual([{ at: hour, replicas: 8 }]);
  });

  test('a scale-up is to be judged, and its pods are timed', () => {
    expect(written(8).sizing).toMatchObject({
      effect: { at: hour, from: 4, to: 8 },
      start: { since: hour },
    });
  });

  test('one that a person asked for is not judged', () => {
    expect(written(8, 'Override').sizing?.effect).toBeUndefined();
  });

  test('of two in a row the whole is judged', () => {
    const first = written(8);
    const again = decide(observation(8, lag, { now: hour + 5000, policy, memory: first }));
    const memory = afterWrite({ ...again, desiredReplicas: 12 }, hour + 5000, true);
    expect(memory.sizing?.effect).toMatchObject({ at: hour + 5000, from: 4, to: 12 });
  });

  test('a try with one less is remembered as one', () => {
    expect(written(3, undefined, 'CapacityUnknown').sizing?.canary.triedAt).toBe(hour);
    expect(written(3, undefined, 'LoadBelowCapacity').sizing?.canary.triedAt).toBeUndefined();
  });

  test('what was not accepted changes nothing', () => {
    expect(afterWrite({ ...decision, desiredReplicas: 8 }, hour, false)).toBe(decision.memory);
  });
});
