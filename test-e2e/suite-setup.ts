import type { TestProject } from 'vitest/node';
import { openCluster } from './cluster.ts';
import { installOperator } from './install.ts';
import { stackDir } from './local/paths.ts';

/**
 * One cluster with the operator for all specs. The embedded stack gets a directory of its own, beside
 * one that `make stack-up` may have started, and ends with the run, passed or failed.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const named = process.env['CLUSTER'] || 'embedded';
  const dir = named === 'embedded' ? stackDir(`e2e-${process.pid}`) : '';
  const interrupt = new AbortController();
  process.once('SIGINT', () => interrupt.abort());
  const cluster = await openCluster(named, {
    log: console.log,
    signal: interrupt.signal,
    ...(dir && { dir }),
  });
  console.log(`end-to-end tests on ${cluster.description}`);
  project.provide('stackDir', dir);
  project.provide('external', cluster.external);
  project.provide('mongo', cluster.mongo);
  const end = () =>
    cluster.stack ? cluster.stack.stop({ purge: !process.env['KEEP'] }) : cluster.close();
  try {
    await installOperator(cluster);
  } catch (error) {
    await end();
    throw error;
  }
  return end;
}
