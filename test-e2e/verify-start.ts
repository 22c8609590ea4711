/**
 * Type stripping refuses what tests would run: every program starts with plain node, is given a bad
 * environment, and has to end with code 1 and one message that names every problem.
 */
import { spawnSync } from 'node:child_process';
import { globSync } from 'node:fs';

const kafka = { KAFKA_BOOTSTRAP_SERVERS: 'kafka', KAFKA_SASL_MECHANISM: 'TELEPATHY' };
const service = { ...kafka, HTTP_PORT: 'eighty', LOG_LEVEL: 'loud', SHUTDOWN_TIMEOUT_MS: 'soon' };
// Present, but only for tests.
const faulty = { FAULT_AT: 'nowhere:kill' };

/** What each program is given; it must name each of these variables. */
const bad: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'operator/src/main.ts': { HTTP_PORT: 'eighty', LOG_LEVEL: 'loud' },
  'demo-services/operation-service/src/main.ts': {
    ...{ ...service, ...faulty },
    MONGODB_CONNECTION_STRING: 'db',
  },
  'demo-services/user-service/src/main.ts': {
    ...{ ...service, ...faulty },
    MONGODB_CONNECTION_STRING: 'db',
    SAGA_TIMEOUT_MS: 'never',
  },
  'demo-services/user-approval-service/src/main.ts': {
    ...{ ...service, ...faulty },
    APPROVAL_RULE: 'coin',
    WORK_MS: 'long',
  },
  'demo-services/topics/src/main.ts': {
    ...kafka,
    LOG_LEVEL: 'loud',
    TOPICS_FILE: 'nowhere.yaml',
    TOPICS_TIMEOUT_MS: 'soon',
  },
  'demo-services/loadgen/src/main.ts': {
    LOAD_TARGET_URL: 'nowhere',
    LOAD_DURATION_SECONDS: 'long',
  },
};

const programs = globSync(['operator/src/main.ts', 'demo-services/*/src/main.ts']).sort();
const unknown = programs
  .filter((program) => !bad[program])
  .map((each) => `${each}: not tried here`);
const problems = [
  ...unknown,
  ...Object.entries(bad).flatMap(([program, env]) => tried(program, env)),
];
const command = triedCommand('operator/src/cli/main.ts', ['lag', '--sample', 'soon']);
for (const problem of [...problems, ...command]) console.error(problem);
console.log(`${Object.keys(bad).length} programs refuse a bad environment, 1 bad options`);
process.exitCode = problems.length + command.length === 0 ? 0 : 1;

function tried(program: string, env: Readonly<Record<string, string>>): string[] {
  const { status, stderr } = spawnSync(process.execPath, [program], {
    env: { PATH: process.env['PATH'], ...env },
    encoding: 'utf8',
    timeout: 60_000,
  });
  const unnamed = Object.keys(env).filter((name) => !stderr.includes(name));
  if (status === 1 && unnamed.length === 0) return [];
  return [`${program}: exit code ${status}, not named: ${unnamed.join(', ') || 'none'}\n${stderr}`];
}

/** A program for people: exit code 2, and each problem named. */
function triedCommand(program: string, args: readonly string[]): string[] {
  const options = { encoding: 'utf8', timeout: 60_000 } as const;
  const { status, stderr } = spawnSync(process.execPath, [program, ...args], options);
  const unnamed = ['--bootstrap', '--group', '--sample'].filter((flag) => !stderr.includes(flag));
  if (status === 2 && unnamed.length === 0) return [];
  return [`${program}: exit code ${status}, not named: ${unnamed.join(', ') || 'none'}\n${stderr}`];
}
