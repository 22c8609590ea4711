/** `make test`: verify, unit, end to end; ends with one line that counts the tests. */
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run, runSteps } from './steps.ts';

const results = mkdtempSync(join(tmpdir(), 'lagscaler-tests-'));
const projects = ['unit', 'e2e'];

const ok = await runSteps([
  { title: 'verify', run: () => run('npm', ['run', '--silent', 'verify']) },
  { title: 'the embedded stack', run: () => run('node', ['test-e2e/local/self-test.ts']) },
  ...projects.map((project) => ({
    title: `${project} tests`,
    run: () =>
      run('vitest', [
        'run',
        '--project',
        project,
        '--reporter=default',
        '--reporter=json',
        `--outputFile.json=${fileOf(project)}`,
      ]),
  })),
]);

const counts = projects.map(countsOf);
const sum = (pick: (c: Counts) => number) => counts.reduce((total, c) => total + pick(c), 0);
const failed = sum((c) => c.numFailedTests) || sum((c) => c.numFailedTestSuites) || (ok ? 0 : 1);
console.log(
  `${sum((c) => c.numPassedTests)} passed, ${failed} failed, ${sum((c) => c.numPendingTests)} skipped`,
);
process.exitCode = failed === 0 ? 0 : 1;

interface Counts {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numFailedTestSuites: number;
  readonly numPendingTests: number;
}

/** A project that left no result did not run: that is one failed suite, never zero tests in silence. */
function countsOf(project: string): Counts {
  try {
    return JSON.parse(readFileSync(fileOf(project), 'utf8'));
  } catch {
    return { numPassedTests: 0, numFailedTests: 0, numFailedTestSuites: 1, numPendingTests: 0 };
  }
}

function fileOf(project: string): string {
  return join(results, `${project}.json`);
}
