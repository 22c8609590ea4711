import { describe, expect, test } from 'vitest';
import { type Case, check, type Fields, loadFamilies, type Run } from '../vectors.ts';
import { kedaRuns, peerRuns, runTraceGenerator } from './case-runs.ts';

/** Runs the numeric vectors of traces, and those that hold the baselines to the rules of their peers. */

const families = loadFamilies();
const tolerance = 1e-6;

describe('trace-generator', () => {
  for (const one of casesOf('trace-generator')) run(one, runTraceGenerator, one.expected);
});

const ofPeers = families.flatMap(({ cases }) => cases).filter(({ subject }) => subject);
for (const [subject, rule] of Object.entries(peerRuns))
  describe(subject, () => {
    for (const one of ofPeers.filter((c) => c.subject === subject)) run(one, rule, one.expected);
  });

test('every peer of the vectors has its baseline', () => {
  expect(new Set(ofPeers.map(({ subject }) => subject))).toEqual(new Set(Object.keys(peerRuns)));
});

/** What KEDA and the HPA make of the same input as lagscaler, where the vectors tell. */
for (const [family, rule] of Object.entries(kedaRuns))
  describe(`${family}, as KEDA and the HPA have it`, () => {
    for (const one of casesOf(family)) {
      const expected = one.peer ?? (family === 'hpa-behavior' ? one.expected : undefined);
      if (expected && !isOfAnother(expected)) run(one, rule, expected);
    }
  });

/** Rows with a note are about older HPAs that compared in floating point. */
function isOfAnother(expected: Fields): boolean {
  return 'note' in expected || 'steps' in expected || 'peer' in expected;
}

function casesOf(name: string): readonly Case[] {
  return families.find(({ family }) => family === name)?.cases ?? [];
}

function run({ id, description, input }: Case, rule: Run, expected: Fields): void {
  test(`${id} ${description}`, () => check(rule(input, expected), expected, tolerance));
}
