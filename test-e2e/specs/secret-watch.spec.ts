import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parse, parseAllDocuments, stringify } from 'yaml';
import { systemClock } from '../../operator/src/controller/clock.ts';
import type { KeyRef } from '../../operator/src/controller/ports.ts';
import { createKubeClient, type KubeClient } from '../../operator/src/kube/client.ts';
import { createSecretReader } from '../../operator/src/kube/secrets.ts';
import { applyObject, createNamespace } from '../install.ts';
import { suiteCluster } from '../suite.ts';
import { until } from '../until.ts';

/** Secrets and ConfigMaps of a real API server, with the least Role that docs/kafka-access.md shows. */

const never = new AbortController().signal;
const namespace = `secrets-${Date.now().toString(36)}`;
const { cluster } = await suiteCluster();
const requests: string[] = [];
let client: KubeClient;

beforeAll(async () => {
  await createNamespace(cluster, namespace);
  for (const object of documentedRole()) await applyObject(cluster, object);
  await cluster.kubectl(['create', 'serviceaccount', 'lagscaler', '-n', namespace]);
  const token = await cluster.kubectl(['create', 'token', 'lagscaler', '-n', namespace]);
  client = createKubeClient({
    kubeconfig: kubeconfigWith(token.trim()),
    onRequest: ({ verb, resource, outcome }) => requests.push(`${verb} ${resource} ${outcome}`),
  });
});
afterAll(async () => {
  await client.close();
  await cluster.kubectl(['delete', 'namespace', namespace, '--wait=false']);
});

const ref = (name: string, key: string, kind: KeyRef['kind'] = 'Secret'): KeyRef => ({
  kind,
  namespace,
  name,
  key,
});
const put = (kind: KeyRef['kind'], name: string, data: Readonly<Record<string, string>>) =>
  applyObject(cluster, {
    apiVersion: 'v1',
    kind,
    metadata: { name, namespace },
    [kind === 'Secret' ? 'stringData' : 'data']: data,
  });

test('what the Role names is followed from before it exists to after it is gone, and nothing else', async () => {
  const secrets = createSecretReader({ client, clock: systemClock });
  const password = ref('my-user', 'password');
  const ca = ref('my-cluster-cluster-ca-cert', 'ca.crt', 'ConfigMap');
  const read = (...refs: KeyRef[]) =>
    secrets.read('shop/orders', refs, never).then(
      (values) => values.join(),
      (error) => error.code as string,
    );
  const untilRead = (expected: string, ...refs: KeyRef[]) =>
    until(`${expected} is read`, async () => (await read(...refs)) === expected);
  try {
    await untilRead('NotFound', password, ca); // a Role takes a moment
    await put('Secret', password.name, { password: 'one' });
    await put('ConfigMap', ca.name, { 'ca.crt': 'CA' });
    await untilRead('one,CA', password, ca);
    await put('Secret', password.name, { password: 'two' });
    await untilRead('two,CA', password, ca);
    const asked = requests.length;
    for (let poll = 0; poll < 100; poll++) expect(await read(password, ca)).toBe('two,CA');
    expect(requests.length).toBe(asked);
    await cluster.kubectl(['delete', 'secret', password.name, '-n', namespace]);
    await untilRead('NotFound', password, ca);
    expect(await read(ref('other', 'password'))).toBe('Forbidden');
  } finally {
    await secrets.close();
  }
  expect(requests).toContain('watch secrets 200');
  expect(requests.filter((request) => request.startsWith('list'))).toEqual([]);
});

/** Role and RoleBinding of the documentation, for this namespace and its own ServiceAccount. */
function documentedRole(): object[] {
  const text = readFileSync(new URL('../../docs/kafka-access.md', import.meta.url), 'utf8');
  const [, yaml = ''] = /```yaml\n(apiVersion: rbac.*?)```/s.exec(text) ?? [];
  const here = yaml.replaceAll('namespace: lagscaler-system', `namespace: ${namespace}`);
  return parseAllDocuments(here).map((document) => {
    const object: { metadata: object } = document.toJS();
    return { ...object, metadata: { ...object.metadata, namespace } };
  });
}

/** The cluster of this run, with this token in the place of the admin's credentials. */
function kubeconfigWith(token: string): string {
  const admin: { users: { name: string }[] } = parse(readFileSync(cluster.kubeconfig, 'utf8'));
  const users = admin.users.map(({ name }) => ({ name, user: { token } }));
  const path = join(mkdtempSync(join(tmpdir(), 'lagscaler-secrets-')), 'kubeconfig');
  writeFileSync(path, stringify({ ...admin, users }), { mode: 0o600 });
  return path;
}
