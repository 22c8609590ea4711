import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';

/** The numeric vectors of operator/cases, for tests. CASES_DIR names another directory of them. */

// biome-ignore lint/suspicious/noExplicitAny: vectors are JSON whose fields differ per family
export type Fields = Record<string, any>;
export interface Case {
  readonly id: string;
  readonly description: string;
  /** Whose rule it is, where it is none of ours. */
  readonly subject?: string;
  /** What KEDA or the HPA makes of the same input. */
  readonly peer?: Fields;
  readonly input: Fields;
  readonly expected: Fields;
}
interface Family {
  readonly family: string;
  readonly cases: readonly Case[];
}
/** @returns all a family can say of the input; only what `expected` lists is compared */
export type Run = (input: Fields, expected: Fields) => Fields;

// biome-ignore lint/style/noProcessEnv: for tests only
const casesDir = process.env['CASES_DIR'] ?? join(import.meta.dirname, '../cases');

export function loadFamilies(): Family[] {
  const files = readdirSync(casesDir).filter((file) => file.endsWith('.json'));
  return files.map((file) => JSON.parse(readFileSync(join(casesDir, file), 'utf8')));
}

/** Every case of the families that have a function. */
export function testVectors(runs: Readonly<Record<string, Run>>): void {
  const families = loadFamilies().filter(({ family }) => runs[family]);
  test('there are vectors to run', () => {
    expect(families.length).toBeGreaterThan(0);
  });
  for (const { family, cases } of families)
    describe(family, () => {
      for (const vector of cases) testVector(vector, runs[family]);
    });
}

function testVector({ id, description, subject, input, expected }: Case, run: Run | undefined) {
  const foreign = subject ?? (input['targetType'] === 'Value' ? 'total target' : undefined);
  if (foreign) test.skip(`${id} ${description} (skipped: ${foreign} is no rule of ours)`, () => {});
  else test(`${id} ${description}`, () => check(run?.(input, expected) ?? {}, expected));
}

/** Whole numbers are compared exactly, others with this relative tolerance. */
export function check(actual: Fields, expected: Fields, tolerance = 1e-3): void {
  const compared = Object.keys(expected).map((key) => [key, plain(actual[key])]);
  expect(Object.fromEntries(compared)).toEqual(tolerant(expected, tolerance));
}

/** As JSON has it: unknown is null, 64-bit numbers are strings. */
function plain(value: unknown): unknown {
  if (value === undefined) return null;
  return typeof value === 'bigint' ? value.toString() : value;
}

function tolerant(expected: unknown, tolerance: number): unknown {
  if (typeof expected === 'number')
    return { asymmetricMatch: about(expected, tolerance), expected };
  if (Array.isArray(expected)) return expected.map((value) => tolerant(value, tolerance));
  if (typeof expected !== 'object' || expected === null) return expected;
  const entries = Object.entries(expected).map(([key, v]) => [key, tolerant(v, tolerance)]);
  return Object.fromEntries(entries);
}

function about(expected: number, tolerance: number): (actual: unknown) => boolean {
  return (actual) => {
    if (typeof actual !== 'number') return false;
    if (Number.isInteger(expected) && Number.isInteger(actual)) return actual === expected;
    return Math.abs(actual - expected) <= Math.abs(expected) * tolerance;
  };
}
