import { globSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { specSchema } from './spec-schema.gen.ts';
import { complete } from './spec-schema.ts';

const minimal = {
  scaleTargetRef: { name: 'orders' },
  maxReplicas: 10,
  kafka: { bootstrapServers: ['kafka:9092'] },
  consumer: { group: 'orders' },
  sizing: { lagPerReplica: { value: 100 } },
};
const problemsOf = (change: object) =>
  complete({ ...minimal, ...change }, specSchema, 'spec').problems;

test('a minimal spec gets the defaults of the schema, at every depth', () => {
  const { value, problems } = complete(minimal, specSchema, 'spec');
  expect(problems).toEqual([]);
  expect(value).toMatchObject({
    minReplicas: 1,
    scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'orders' },
    consumer: { offsetResetPolicy: 'latest', threadsPerReplica: 1 },
    activation: { lag: 0, cooldownSeconds: 300 },
    sizing: { lagPerReplica: { value: 100, tolerance: '0.1' } },
    paused: false,
  });
  expect(value).not.toHaveProperty('behavior');
});

test.for(globSync(new URL('../../../samples/*.yaml', import.meta.url).pathname))(
  'a sample is right: %s',
  (file) => {
    const { spec } = parse(readFileSync(file, 'utf8')) as { spec: unknown };
    expect(complete(spec, specSchema, 'spec').problems).toEqual([]);
  },
);

test.for([
  ['a field that is missing', { maxReplicas: undefined }, 'spec.maxReplicas is required'],
  [
    'a number in quotes',
    { maxReplicas: '10' },
    'spec.maxReplicas must be an integer, not a string',
  ],
  ['too small', { maxReplicas: 0 }, 'spec.maxReplicas must be at least 1, not 0'],
  [
    'too large',
    { pollingIntervalSeconds: 4000 },
    'spec.pollingIntervalSeconds must be at most 3600',
  ],
  ['no such choice', { mode: 'Off' }, 'spec.mode must be one of Active, Recommend, not Off'],
  ['no such field', { replicas: 3 }, 'spec.replicas is no field of this version'],
  ['empty', { consumer: null }, 'spec.consumer must be an object, not empty'],
  [
    'an item of a list',
    { behavior: { scaleUp: { policies: [{ type: 'Pods', value: 0, periodSeconds: 15 }] } } },
    'spec.behavior.scaleUp.policies[0].value must be at least 1, not 0',
  ],
] as const)('found: %s', ([, change, problem]) => {
  expect(problemsOf(change)).toEqual([expect.stringContaining(problem)]);
});
