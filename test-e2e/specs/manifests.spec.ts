import { globSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { createNamespace } from '../install.ts';
import { suiteCluster } from '../suite.ts';

/** A current API server accepts everything in deploy/, by server-side dry-run with strict validation. */

const repository = resolve(import.meta.dirname, '../..');
const { cluster } = await suiteCluster();
// deploy/kind is dry-run only where nobody else's namespace `kafka` can be.
const folders = globSync('deploy/**/kustomization.yaml', { cwd: repository })
  .map(dirname)
  .filter((folder) => cluster.stack || folder !== 'deploy/kind')
  .sort();

afterAll(() => cluster.stack?.kubectl('delete', 'namespace', 'kafka', '--wait=false'));

test('there are manifests', () => {
  expect(folders).toContain('deploy/operator');
});

test.for(folders)('%s', async (folder) => {
  // A dry-run creates no namespace for the objects that come after it.
  if (folder === 'deploy/kind') await createNamespace(cluster, 'kafka');
  const arguments_ = ['apply', '--dry-run=server', '--validate=strict', '-k'];
  const applied = await cluster.kubectl([...arguments_, join(repository, folder)]);
  expect(applied.trim().split('\n')).not.toHaveLength(0);
  expect(applied).toMatch(/\(server dry run\)/);
});
