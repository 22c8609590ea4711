import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { findRemoved } from './removed.ts';
import { repository, textFiles } from './sources.ts';

/** D10: nothing that was removed is left, and the search would find it. */

// This search itself, and tests that need an old version of an API.
const spared = [
  'test-e2e/manifests/removed.ts',
  'test-e2e/manifests/removed.test.ts',
  'test-e2e/specs/manifests.spec.ts',
  'operator/src/kube/scale-target.test.ts',
];

test('D10: no removed API version, chart repository, Mixer, Heapster or ZooKeeper flag is left', () => {
  const files = textFiles();
  const searched = files.filter((file) => !spared.includes(file));
  const found = searched.flatMap((file) =>
    findRemoved(readFileSync(join(repository, file), 'utf8')).map((each) => `${file}: ${each}`),
  );
  expect(found).toEqual([]);
  // A search that sees nothing finds nothing.
  expect(searched.length).toBeGreaterThan(300);
  for (const file of ['Makefile', 'README.md', 'deploy/kind/kafka.yaml', 'operator/Dockerfile']) {
    expect(files).toContain(file);
  }
});

test.for(spared)('D10: %s would be found', (file) => {
  expect(findRemoved(readFileSync(join(repository, file), 'utf8'))).not.toEqual([]);
});

test.for([
  'apiVersion: autoscaling/v2beta1',
  "{ apiVersion: 'extensions/v1beta1', kind: 'Ingress' }",
  '"apiVersion": "policy/v1beta1",',
  'apiVersion = "batch/v1beta1"',
  'apiVersion: config.istio.io/v1alpha2',
  'helm repo add stable https://kubernetes-charts.storage.googleapis.com',
  'url: https://kubernetes-charts-incubator.storage.googleapis.com/',
  'helm repo add stable https://charts.helm.sh/stable',
  '--set mixer.telemetry.enabled=true',
  'kubectl -n istio-system logs deploy/istio-telemetry',
  'disablePolicyChecks: false',
  '- --source=kubernetes.summary_api:http://heapster.kube-system',
  'image: k8s.gcr.io/heapster:v1.5.4',
  '- --heapster-namespace=kube-system',
  'kafka-topics.sh --create --zookeeper zk:2181',
  'zookeeper.connect=zk:2181',
  '- {name: KAFKA_ZOOKEEPER_CONNECT, value: zk}',
])('D10: "%s" is found', (line) => {
  expect(findRemoved(`first\n${line}\nlast`)).toEqual([expect.stringMatching(/^line 2 has /)]);
});

test.for([
  'apiVersion: kustomize.config.k8s.io/v1beta1',
  'apiVersion: autoscaling/v2',
  'apiVersion: external.metrics.k8s.io/v1beta1',
  'The original read its metrics from Istio Mixer, and Heapster was gone by then; Kafka had ZooKeeper.',
])('D10: "%s" is not', (line) => {
  expect(findRemoved(line)).toEqual([]);
});
