import { expect, test } from 'vitest';
import { ConfigError, loadConfig } from './config.ts';

test('an empty environment is a valid configuration', () => {
  expect(loadConfig({})).toMatchObject({
    logLevel: 'info',
    http: { host: '0.0.0.0', port: 8080 },
    namespaces: [],
    leaderElection: { enabled: true, leaseName: 'lagscaler' },
    kubeconfig: undefined,
    identity: { tokenDirectory: undefined, awsNamespaces: [] },
  });
});

test('every problem is named at once, with what to write instead', () => {
  const env = {
    LOG_LEVEL: 'loud',
    HTTP_PORT: '99999',
    KAFKA_READ_TIMEOUT_MS: '5s',
    WATCH_NAMESPACES: 'a,B_',
    KAFKA_TOKEN_DIRECTORY: 'tokens',
    KAFKA_AWS_NAMESPACES: 'shop,**',
  };
  const problems = problemsOf(env).split('\n');
  expect(problems).toHaveLength(6);
  expect(problems).toContain('LOG_LEVEL: set one of trace, debug, info, warn, error, not "loud"');
  expect(problems).toContain('HTTP_PORT: set a whole number from 1 to 65535, not "99999"');
});

test('who may use the identity of the operator is up to who runs it', () => {
  const env = { KAFKA_TOKEN_DIRECTORY: '/tokens', KAFKA_AWS_NAMESPACES: 'shop, *' };
  expect(loadConfig(env).identity).toEqual({
    tokenDirectory: '/tokens',
    awsNamespaces: ['shop', '*'],
  });
});

test.for([
  [
    'namespaces are trimmed and repeated ones merged',
    { WATCH_NAMESPACES: ' shop, billing,shop ,' },
    ['shop', 'billing'],
  ],
  ['a blank list means all namespaces', { WATCH_NAMESPACES: '  ' }, []],
] as const)('%s', ([, env, namespaces]) => {
  expect(loadConfig(env).namespaces).toEqual(namespaces);
});

function problemsOf(env: Record<string, string>): string {
  try {
    loadConfig(env);
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  throw new Error('expected a ConfigError');
}
