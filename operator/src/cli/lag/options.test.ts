import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { parseLagOptions } from './options.ts';

const folder = mkdtempSync(join(tmpdir(), 'lagscaler-options-'));
afterAll(() => rmSync(folder, { recursive: true }));

function fileOf(...lines: readonly string[]): string {
  const path = join(folder, 'client.properties');
  writeFileSync(path, lines.join('\n'));
  return path;
}

const minimal = ['--bootstrap', 'kafka:9092', '--group', 'billing'];
const problemsOf = (...argv: readonly string[]) => {
  try {
    parseLagOptions(argv, {});
    return [];
  } catch (error) {
    return (error as Error).message.split('\n');
  }
};

test('defaults', () => {
  expect(parseLagOptions(minimal, {})).toEqual({
    connection: { bootstrapServers: ['kafka:9092'], tls: undefined, sasl: undefined },
    groups: ['billing'],
    topics: [],
    isolationLevel: 'read_uncommitted',
    output: 'table',
    sampleMs: 2_000,
    timeoutMs: 10_000,
  });
});

test('everything', () => {
  const argv = [
    '--bootstrap',
    'a:1, b:2',
    '--bootstrap',
    '[::1]:3',
    '--all',
    '--topic',
    't',
    '--topic',
    'u',
  ];
  const more = ['-o', 'json', '--isolation', 'read_committed', '--sample', '0.5', '--timeout', '1'];
  expect(parseLagOptions([...argv, ...more], {})).toMatchObject({
    connection: { bootstrapServers: ['a:1', 'b:2', '[::1]:3'] },
    groups: undefined,
    topics: ['t', 'u'],
    isolationLevel: 'read_committed',
    output: 'json',
    sampleMs: 500,
    timeoutMs: 1_000,
  });
});

test('groups come in order and once', () => {
  const groups = ['b', 'a', 'b'].flatMap((group) => ['--group', group]);
  expect(parseLagOptions(['--bootstrap', 'a:1', ...groups], {})?.groups).toEqual(['a', 'b']);
});

test('the help asks for nothing', () => {
  expect(parseLagOptions(['--help'], {})).toBeUndefined();
  expect(parseLagOptions(['-h'], {})).toBeUndefined();
});

describe('the file of --config', () => {
  test('may name the brokers, and the command line wins', () => {
    const config = ['--config', fileOf('bootstrap.servers=x:1,y:2'), '--all'];
    const servers = (...argv: readonly string[]) =>
      parseLagOptions([...config, ...argv], {})?.connection.bootstrapServers;
    expect(servers()).toEqual(['x:1', 'y:2']);
    expect(servers('--bootstrap', 'z:3')).toEqual(['z:3']);
  });

  test('brings the credentials, also from the environment', () => {
    const password = `$\{env:PASSWORD}`;
    const config = fileOf(
      'security.protocol=SASL_PLAINTEXT',
      'sasl.mechanism=PLAIN',
      `sasl.jaas.config=Plain required username="u" password="${password}";`,
    );
    const options = parseLagOptions([...minimal, '--config', config], { PASSWORD: 'secret' });
    expect(options?.connection.sasl).toEqual({
      mechanism: 'PLAIN',
      username: 'u',
      password: 'secret',
    });
  });
});

describe('refused with a word of what to write', () => {
  test.for<[string, readonly string[], string]>([
    [
      'neither a group nor all',
      ['--bootstrap', 'a:1'],
      'name a group with --group, once for each, or ask for --all',
    ],
    [
      'a group and all',
      [...minimal, '--all'],
      'name a group with --group, once for each, or ask for --all',
    ],
    ['no brokers', ['--all'], 'name the brokers with --bootstrap host:port[,host:port…]'],
    [
      'a broker without a port',
      ['--all', '--bootstrap', 'a'],
      '--bootstrap: "a" is not host:port, e.g. kafka:9092 or [::1]:9092',
    ],
    ['an unknown format', [...minimal, '-o', 'xml'], '--output: one of table, json, not "xml"'],
    [
      'an unknown isolation level',
      [...minimal, '--isolation', 'x'],
      '--isolation: one of read_uncommitted, read_committed, not "x"',
    ],
    [
      'a time that is none',
      [...minimal, '--sample', '1m'],
      '--sample: seconds from 0 to 3600, not "1m"',
    ],
    [
      'a time out of range',
      [...minimal, '--timeout', '0'],
      '--timeout: seconds from 1 to 300, not "0"',
    ],
  ])('%s', ([, argv, message]) => expect(problemsOf(...argv)).toEqual([message]));

  test('an unknown option, by name', () => {
    expect(problemsOf('--gruop', 'x').join()).toContain('--gruop');
  });

  test('a file that is not there, and everything else at once', () => {
    const problems = problemsOf('--config', join(folder, 'none'), '--sample', 'x');
    expect(problems).toHaveLength(4);
    expect(problems.join()).toContain(join(folder, 'none'));
  });
});
