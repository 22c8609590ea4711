import assert from 'node:assert/strict';
import { stringify } from 'yaml';
import { embeddedCluster } from '../clusters/embedded.ts';
import { until } from './process.ts';
import type { Stack } from './stack.ts';

/** What the node agent does beside running the pods of Deployments. */
export const podChecks: readonly (readonly [string, (stack: Stack) => Promise<void>])[] = [
  ['a node port leads to the ready pods of its Service', routesNodePort],
  ['a Job completes, or fails, as its pod does', endsJobs],
];

const container = (env: Readonly<Record<string, string>>) => ({
  name: 'sleep',
  image: 'lagscaler/sleep:dev',
  env: Object.entries(env).map(([name, value]) => ({ name, value })),
  ports: [{ name: 'http', containerPort: 8080 }],
  readinessProbe: { httpGet: { path: '/readyz', port: 'http' }, periodSeconds: 1 },
});

async function routesNodePort(stack: Stack): Promise<void> {
  const labels = { app: 'routed' };
  const template = { metadata: { labels }, spec: { containers: [container({})] } };
  const deployment = { replicas: 2, selector: { matchLabels: labels }, template };
  const ports = [{ port: 80, targetPort: 'http' }];
  await apply(stack, [
    { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'routed' }, spec: deployment },
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'routed' },
      spec: { type: 'NodePort', selector: labels, ports },
    },
  ]);
  const { url } = await embeddedCluster(stack).serviceUrl('default', 'routed');
  const answers = () =>
    fetch(`${url}/readyz`, { headers: { connection: 'close' } }).then(
      ({ status }) => status === 200,
      () => false,
    );
  await until(answers, 30_000, `${url} does not answer`);
  await stack.nodeAgent.kill(); // what listened is gone; the one that comes next listens again
  await stack.heal();
  await until(answers, 30_000, `${url} does not answer after the agent's restart`);
  await stack.kubectl('scale', 'deployment/routed', '--replicas=0');
  const refuses = async () => !(await answers());
  await until(refuses, 30_000, `${url} answers although there is no pod`);
  await stack.kubectl('delete', 'deployment/routed', 'service/routed');
}

async function endsJobs(stack: Stack): Promise<void> {
  const job = (name: string, restartPolicy: string, code: string) => {
    const spec = {
      restartPolicy,
      containers: [container({ EXIT_AFTER_MS: '1', EXIT_CODE: code })],
    };
    return {
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: { name },
      spec: { backoffLimit: 0, template: { spec } },
    };
  };
  const jobs = [
    job('done', 'OnFailure', '0'),
    job('done-too', 'Never', '0'),
    job('failed', 'Never', '1'),
  ];
  await apply(stack, jobs);
  await stack.kubectl(
    'wait',
    'job/done',
    'job/done-too',
    '--for=condition=Complete',
    '--timeout=50s',
  );
  await stack.kubectl('wait', 'job/failed', '--for=condition=Failed', '--timeout=50s');
  const phases = [
    'get',
    'pods',
    '-l=batch.kubernetes.io/job-name',
    '-o=jsonpath={.items[*].status.phase}',
  ];
  assert.deepEqual((await stack.kubectl(...phases)).split(' ').sort(), [
    'Failed',
    'Succeeded',
    'Succeeded',
  ]);
  await stack.kubectl('delete', 'job', 'done', 'done-too', 'failed');
}

async function apply(stack: Stack, objects: readonly object[]): Promise<void> {
  await stack.apply(objects.map((object) => stringify(object)).join('---\n'));
}
