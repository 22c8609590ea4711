import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { withOptions } from './demo-objects.ts';

const folder = resolve(import.meta.dirname, '../deploy/demo-services');
const read = (file: string) => readFileSync(join(folder, file), 'utf8');
const deployment = parse(read('user-service/deployment.yaml'));
const topics = {
  kind: 'ConfigMap',
  metadata: { name: 'topics' },
  data: { 'topics.yaml': read('topics/topics.yaml') },
};
const declared = (object: { data?: Readonly<Record<string, string>> }) =>
  parse(object.data?.['topics.yaml'] ?? '');

test('a Deployment gets its replicas, more variables and light mode, and keeps the rest', () => {
  const changed = withOptions(deployment, {
    replicas: { 'user-service': 0 },
    env: { 'user-service': { LOG_LEVEL: 'debug' } },
    light: ['user-service'],
  });
  const { template, selector } = deployment.spec;
  const [container] = template.spec.containers;
  expect(changed).toMatchObject({
    spec: {
      selector,
      replicas: 0,
      template: {
        metadata: {
          labels: template.metadata.labels,
          annotations: { ...template.metadata.annotations, 'lagscaler.dev/light': 'true' },
        },
        spec: {
          containers: [
            { ...container, env: [...container.env, { name: 'LOG_LEVEL', value: 'debug' }] },
          ],
        },
      },
    },
  });
});

test('one replica, and nothing else, unless asked', () => {
  const { template } = deployment.spec;
  expect(withOptions(deployment, {})).toMatchObject({ spec: { replicas: 1, template } });
});

test('the declared topics stay as they are unless asked', () => {
  expect(withOptions(topics, {})).toBe(topics);
});

test('other partitions take the declared maxReplicas away, which may exceed them', () => {
  const { topics: byName, ...rest } = declared(withOptions(topics, { topics: { partitions: 12 } }));
  expect(rest).toMatchObject({ partitions: 12, profile: 'default', replicationFactor: 3 });
  expect(byName['user-approve']).toEqual({});
  expect(Object.keys(byName)).toEqual(Object.keys(declared(topics).topics));
});

test('a profile and maxReplicas are declared when asked', () => {
  const changed = declared(withOptions(topics, { topics: { profile: 'compat', maxReplicas: 60 } }));
  expect(changed).toMatchObject({
    profile: 'compat',
    topics: { 'user-approve': { maxReplicas: 60 } },
  });
});

test('the declared maxReplicas are those of the sample', () => {
  const sample = parse(
    readFileSync(join(folder, '../../samples/user-approval-service.yaml'), 'utf8'),
  );
  const { maxReplicas } = declared(topics).topics['user-approve'];
  expect(sample.spec.maxReplicas).toBe(maxReplicas);
});
