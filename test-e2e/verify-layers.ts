/** The linter keeps the layers apart: plant one violation for each rule and see that it is found. */
import { spawnSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';

const planted = [
  ['operator/src/autoscaler/planted-violation.ts', "import express from 'express';\nexpress();"],
  [
    'operator/src/autoscaler/planted-violation.ts',
    "import { log } from '../telemetry/log.ts';\nlog();",
  ],
  ['operator/src/autoscaler/planted-violation.ts', 'export const now = () => Date.now();'],
  ['operator/src/autoscaler/planted-violation.ts', "export const say = () => console.log('x');"],
  [
    'operator/src/autoscaler/sizing/planted-violation.ts',
    "import { log } from '../../telemetry/log.ts';\nlog();",
  ],
  ['operator/src/autoscaler/sizing/planted-violation.ts', 'export const now = () => Date.now();'],
  ['operator/src/backtest/planted-violation.ts', "import 'node:fs';"],
  ['operator/src/backtest/planted-violation.ts', "import '../cli/main.ts';"],
  ['operator/src/backtest/planted-violation.ts', 'export const dice = () => crypto.randomUUID();'],
  ['operator/src/backtest/controllers/planted-violation.ts', "import '../../config.ts';"],
  ['operator/src/controller/planted-violation.ts', "import '@kubernetes/client-node';"],
  ['operator/src/controller/planted-violation.ts', "import '@platformatic/kafka';"],
  ['operator/src/kafka/planted-violation.ts', "import '@kubernetes/client-node';"],
  ['operator/src/kube/planted-violation.ts', "import '@platformatic/kafka';"],
  ['operator/src/kube/planted-violation.ts', "import '../kafka/lag-source.ts';"],
  ['operator/src/controller/planted-violation.ts', "export const home = process.env['HOME'];"],
  ['demo-services/shared/src/planted-violation.ts', "import '../../../operator/src/main.ts';"],
] as const;

const missed = planted.filter(([path, source]) => !isRefused(path, source));
for (const [path, source] of missed) console.error(`not refused in ${path}: ${source}`);
console.log(`${planted.length - missed.length} of ${planted.length} planted violations found`);
process.exitCode = missed.length === 0 ? 0 : 1;

/** The text stands in a file of its own for as long as the linter looks. */
function isRefused(path: string, source: string): boolean {
  writeFileSync(path, `${source}\n`);
  try {
    const linter = ['lint', '--colors=off', '--error-on-warnings', path];
    const { stdout, stderr } = spawnSync('biome', linter, { encoding: 'utf8' });
    return /noRestrictedImports|noRestrictedGlobals|noConsole|noProcessEnv/.test(stdout + stderr);
  } finally {
    rmSync(path);
  }
}
