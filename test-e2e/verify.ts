/** `make verify`: everything that can be checked without running lagscaler. */
import { globSync } from 'node:fs';
import { verifyManifests } from './manifests.ts';
import { run, runSteps } from './steps.ts';

const ok = await runSteps([
  {
    title: 'generated types are up to date',
    run: () => run('node', ['operator/scripts/generate-api.ts', '--check']),
  },
  { title: 'lint', run: () => run('biome', ['ci', '--error-on-warnings', '.']) },
  {
    title: 'the linter keeps the layers apart',
    run: () => run('node', ['test-e2e/verify-layers.ts']),
  },
  { title: 'types', run: () => run('tsc', ['--noEmit']) },
  { title: 'dead code', run: () => run('knip', []) },
  { title: 'every checker sees its files', run: async () => (checkersSeeFiles() ? 0 : 1) },
  { title: 'manifests', run: verifyManifests },
  {
    title: 'plain node starts the operator and refuses a bad configuration',
    run: () => run('node', ['test-e2e/verify-start.ts']),
  },
]);
process.exitCode = ok ? 0 : 1;

/** A checker that passes on zero files is worse than none. */
function checkersSeeFiles(): boolean {
  const files = globSync(
    ['operator/src/**/*.ts', 'demo-services/*/src/**/*.ts', 'test-e2e/**/*.ts'],
    {
      exclude: (path) => path.includes('node_modules'),
    },
  );
  console.log(`${files.length} source files`);
  return files.length > 50;
}
