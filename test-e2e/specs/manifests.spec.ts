import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { createNamespace } from '../install.ts';
import { lintRepository } from '../manifests/repository.ts';
import {
  applicableSources,
  kustomizations,
  manifestsIn,
  repository,
} from '../manifests/sources.ts';
import { suiteCluster } from '../suite.ts';

/** What is shipped is fit to be applied to a current API server; removed.test.ts is the rest of D10. */

const { cluster } = await suiteCluster();
// deploy/kind is dry-run only where nobody else's namespaces of these names can be.
const folders = kustomizations().filter((folder) => cluster.stack || folder !== 'deploy/kind');
const sources = applicableSources();
const dryRun = ['apply', '--dry-run=server', '--validate=strict'];

const namespaces = ['kafka', 'mongodb'];

afterAll(() => cluster.stack?.kubectl('delete', 'namespace', ...namespaces, '--wait=false'));

test('D7: probes, preStop, grace period, non-root, pinned images, no literal secret, in all manifests', async () => {
  const build = (folder: string) => cluster.kubectl(['kustomize', join(repository, folder)]);
  const { objects, problems } = await lintRepository(build);
  expect(problems).toEqual([]);
  expect(objects).toBeGreaterThan(30);
});

test('D10: there are manifests in deploy/, samples and documentation', () => {
  expect(folders).toContain('deploy/operator');
  const names = sources.map(({ name }) => name);
  expect(names).toContain('samples/user-service.yaml');
  expect(names).toContain('README.md, YAML block 1');
});

test.for(folders)('D10: %s passes a dry-run on the API server', async (folder) => {
  // A dry-run creates no namespace for the objects that come after it.
  if (folder === 'deploy/kind') for (const name of namespaces) await createNamespace(cluster, name);
  const built = await cluster.kubectl(['kustomize', join(repository, folder)]);
  // The node ports that kind maps lie outside the range of this stack.
  const manifests = built.replaceAll(/^ *nodePort: .*\n/gm, '');
  const applied = await cluster.kubectl([...dryRun, '-f', '-'], manifests);
  expect(applied).toMatch(/\(server dry run\)/);
});

test.for(sources.map(({ name }) => name))('D10: %s passes too', async (name) => {
  for (const source of sources.filter((each) => each.name === name)) {
    for (const manifest of manifestsIn(source)) {
      const applied = await cluster.kubectl([...dryRun, '-f', '-'], stringify(manifest));
      expect(applied).toMatch(/\(server dry run\)/);
    }
  }
});

test('D10: the API server refuses what it does not know any more', async () => {
  const old = { apiVersion: 'autoscaling/v2beta1', kind: 'HorizontalPodAutoscaler' };
  const hpa = stringify({ ...old, metadata: { name: 'old' } });
  await expect(cluster.kubectl([...dryRun, '-f', '-'], hpa)).rejects.toThrow('no matches for kind');
});
