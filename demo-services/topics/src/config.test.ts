import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { ConfigError, type Env } from '@lagscaler/demo-shared/env-reader.ts';
import { afterAll, expect, test } from 'vitest';
import { loadConfig } from './config.ts';

const shipped = resolve(import.meta.dirname, '../../../deploy/demo-services/topics/topics.yaml');
const dir = mkdtempSync(join(tmpdir(), 'topics-'));
afterAll(() => rmSync(dir, { recursive: true }));

test('the shipped declaration has the four topics and their dead-letter topics', () => {
  const env = { KAFKA_BOOTSTRAP_SERVERS: 'kafka:9092', TOPICS_FILE: shipped };
  const { declared, timeoutMs } = loadConfig(env);
  const names = ['user-create', 'user-approve', 'user-approve-response', 'user-create-response'];
  const expected = names.flatMap((name) => [
    { name, partitions: 60, replicationFactor: 3 },
    { name: `${name}.dlq`, partitions: 3, replicationFactor: 3 },
  ]);
  expect(declared).toEqual(expected);
  expect(timeoutMs).toBe(120_000);
});

test('every problem of the environment and of the declaration is in one error', () => {
  const file = join(dir, 'topics.yaml');
  writeFileSync(file, 'partitions: 0\ntopics: {a: {max: 1}}');
  const env = { TOPICS_FILE: file, TOPICS_TIMEOUT_MS: 'soon', LOG_LEVEL: 'loud' };
  expect(problemsOf(env)).toEqual([
    expect.stringContaining('KAFKA_BOOTSTRAP_SERVERS is missing'),
    expect.stringContaining('partitions is 0'),
    expect.stringContaining('topics.a.max is not known'),
    expect.stringContaining('TOPICS_TIMEOUT_MS is "soon"'),
    expect.stringContaining('LOG_LEVEL is "loud"'),
  ]);
});

test.for<[string, Env, string]>([
  ['no file', {}, 'TOPICS_FILE is missing'],
  ['a file that is not there', { TOPICS_FILE: join(dir, 'none') }, 'cannot be read: ENOENT'],
])('%s is told', ([, env, problem]) => {
  expect(problemsOf(env).join('\n')).toContain(problem);
});

function problemsOf(env: Env): readonly string[] {
  try {
    loadConfig(env);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  throw new Error('accepted');
}
