import { globSync, readFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { readDeclaration } from './declaration.ts';

/** What deploy/ ships fits together with what samples/ ships. */

const root = resolve(import.meta.dirname, '../../..');
const read = (file: string) => readFileSync(join(root, file), 'utf8');
const files = globSync('deploy/demo-services/topics*/topics.yaml', { cwd: root });
const { maxReplicas } = parse(read('samples/user-approval-service.yaml')).spec;

test('there are three profiles of topics', () => {
  const folders = files.map((file) => basename(dirname(file)));
  expect(folders.sort()).toEqual(['topics', 'topics-compat', 'topics-scale280']);
  expect(maxReplicas).toBeGreaterThan(1);
});

test.for(files)('%s has a partition of user-approve for every replica, but for compat', (file) => {
  const topic = readDeclaration(read(file)).find(({ name }) => name === 'user-approve');
  const partitions = topic?.partitions ?? 0;
  // Too few are what compat is for.
  if (parse(read(file)).profile === 'compat') expect(partitions).toBeLessThan(maxReplicas);
  else expect(partitions).toBeGreaterThanOrEqual(maxReplicas);
});

test('a pod of the Job that is evicted does not fail the Job, whatever its exit code', () => {
  const { rules } = parse(read('deploy/demo-services/topics/job.yaml')).spec.podFailurePolicy;
  expect(rules).toEqual([
    { action: 'Ignore', onPodConditions: [{ type: 'DisruptionTarget' }] },
    { action: 'FailJob', onExitCodes: { operator: 'In', values: [1] } },
  ]);
});
