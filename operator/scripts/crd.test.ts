import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { type Field, fieldsOf, partOf, readCrd } from './crd.ts';

const spec = fieldsOf(partOf(readCrd(), 'spec'), 'spec');
const status = fieldsOf(partOf(readCrd(), 'status'), 'status');
const pathsOf = (fields: readonly Field[]) => fields.map((field) => field.path);

describe('the descriptions of the schema', () => {
  test('there are fields to look at', () => {
    expect(spec.length).toBeGreaterThan(40);
    expect(status.length).toBeGreaterThan(20);
  });

  test('every field has one, in sentences', () => {
    const silent = [...spec, ...status].filter((f) => !/[.?]$/.test(f.schema.description ?? ''));
    expect(pathsOf(silent)).toEqual([]);
  });

  test('each names the default the schema has', () => {
    const scalars = spec.filter(
      (f) => f.schema.default !== undefined && f.schema.type !== 'object',
    );
    const silent = scalars.filter((f) => !says(f, `Default "?${f.schema.default}"?\\.$`));
    expect(scalars.length).toBeGreaterThan(10);
    expect(pathsOf(silent)).toEqual([]);
  });

  test('each names the bounds the schema has', () => {
    const bounded = spec.filter((f) => f.schema.maximum !== undefined);
    const silent = bounded.filter((f) => !says(f, `${f.schema.minimum} to ${f.schema.maximum}\\b`));
    expect(bounded.length).toBeGreaterThan(5);
    expect(pathsOf(silent)).toEqual([]);
  });

  test('each names the values the schema allows', () => {
    const choices = spec.filter((f) => f.schema.enum !== undefined);
    const silent = choices.filter((f) => f.schema.enum?.some((value) => !says(f, value)));
    expect(choices.length).toBeGreaterThan(5);
    expect(pathsOf(silent)).toEqual([]);
  });

  test('a time in seconds says so in its name', () => {
    const times = spec.filter((f) => says(f, 'in seconds\\.'));
    expect(times.length).toBeGreaterThan(3);
    expect(pathsOf(times).filter((path) => !path.endsWith('Seconds'))).toEqual([]);
  });
});

/** Those of the samples: full.yaml, one for the other strategy, and one for each way to sign in. */
const samples: readonly unknown[] = readdirSync(new URL('../../samples/', import.meta.url))
  .filter((name) => /^(full|lag-per-replica|kafka-.*)\.yaml$/.test(name))
  .map((name) => parse(readFileSync(new URL(`../../samples/${name}`, import.meta.url), 'utf8')));

test('the samples show every field of the spec', () => {
  const isShown = (path: string) => samples.some((sample) => valueAt(sample, path) !== undefined);
  expect(pathsOf(spec).filter((path) => !isShown(path))).toEqual([]);
});

function says(field: Field, pattern: string): boolean {
  return new RegExp(pattern).test(field.schema.description ?? '');
}

/** The value at `spec.list[].field`, in the first item of each list. */
function valueAt(object: unknown, path: string): unknown {
  return path
    .split(/\.|(?=\[\])/)
    .map((key) => (key === '[]' ? '0' : key))
    .reduce((at, key) => (at as Record<string, unknown> | undefined)?.[key], object);
}
