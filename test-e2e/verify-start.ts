/** Type stripping refuses what tests would run: start the real entry point with plain node. */
import { spawnSync } from 'node:child_process';

const { status, stderr } = spawnSync(process.execPath, ['operator/src/main.ts'], {
  env: { PATH: process.env['PATH'], HTTP_PORT: 'eighty', LOG_LEVEL: 'loud' },
  encoding: 'utf8',
  timeout: 60_000,
});
const problems = ['HTTP_PORT', 'LOG_LEVEL'].filter((name) => !stderr.includes(name));
if (status !== 1 || problems.length > 0) {
  console.error(`expected exit code 1 and both variables named, got ${status}:\n${stderr}`);
  process.exitCode = 1;
}
