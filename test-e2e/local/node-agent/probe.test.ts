import { expect, test } from 'vitest';
import { initialProbeState, nextProbeState, probeSettings } from './probe.ts';

const verdictAfter = (outcomes: string, successThreshold: number, failureThreshold: number) => {
  let state = initialProbeState;
  for (const outcome of outcomes) {
    const what = outcome === '+' ? 'success' : 'failure';
    state = nextProbeState(state, what, { successThreshold, failureThreshold });
  }
  return state.verdict;
};

test.for([
  ['no run yet: unknown', '', 1, 3, 'unknown'],
  ['one success is enough by default', '+', 1, 3, 'success'],
  ['fewer failures than the threshold leave it unknown', '--', 1, 3, 'unknown'],
  ['the threshold of failures in a row is a failure', '---', 1, 3, 'failure'],
  ['fewer failures than the threshold leave it successful', '+--', 1, 3, 'success'],
  ['a success in between starts the count of failures anew', '+--+--', 1, 3, 'success'],
  ['it recovers with one success', '---+', 1, 3, 'success'],
  ['it recovers only after the threshold of successes', '---+', 2, 3, 'failure'],
  ['two successes in a row reach a threshold of two', '---++', 2, 3, 'success'],
  ['successes that are not in a row do not', '+-+', 2, 3, 'unknown'],
] as const)('%s', ([, outcomes, success, failure, expected]) => {
  expect(verdictAfter(outcomes, success, failure)).toBe(expected);
});

test('a probe without settings has the defaults of the API', () => {
  expect(probeSettings({})).toEqual({
    initialDelayMs: 0,
    periodMs: 10_000,
    timeoutMs: 1_000,
    successThreshold: 1,
    failureThreshold: 3,
  });
});
