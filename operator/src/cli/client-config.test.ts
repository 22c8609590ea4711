import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { parseClientConfig } from './client-config.ts';

const files: Record<string, string> = {};
const env = { PASSWORD: 'from env', SERVERS: 'a:1' };
const parse = (...lines: readonly string[]) =>
  parseClientConfig('client.properties', lines.join('\n'), {
    env,
    readFile(path) {
      const content = files[path];
      if (content === undefined) throw new Error('ENOENT');
      return content;
    },
  });

const ofEnv = (name: string) => `$\{env:${name}}`;

/** What is said about each problem. */
function problemsOf(...lines: readonly string[]): readonly string[] {
  try {
    parse(...lines);
    return [];
  } catch (error) {
    return (error as Error).message.split('\n');
  }
}

const jaas = (password: string) =>
  `sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required username="bob" password="${password}";`;
const pem = (what: string, body: string) =>
  `-----BEGIN ${what}-----\n${body}\n-----END ${what}-----`;
const ca = pem('CERTIFICATE', 'ca');
const cert = pem('CERTIFICATE', 'cert');
const issuer = pem('CERTIFICATE', 'issuer');
const key = pem('PRIVATE KEY', 'key');

test('without anything the connection is plain', () => {
  expect(parse()).toEqual({ bootstrapServers: undefined, tls: undefined, sasl: undefined });
});

test('bootstrap servers are taken, and what is not about the connection is left alone', () => {
  expect(parse('bootstrap.servers=a:1,b:2', 'group.id=x', 'fetch.min.bytes=1')).toMatchObject({
    bootstrapServers: 'a:1,b:2',
  });
});

test('a mechanism, a user and a password', () => {
  const config = parse(
    'security.protocol=SASL_PLAINTEXT',
    'sasl.mechanism=SCRAM-SHA-512',
    jaas('s'),
  );
  expect(config).toMatchObject({
    tls: undefined,
    sasl: { mechanism: 'SCRAM-SHA-512', username: 'bob', password: 's' },
  });
});

describe('certificates', () => {
  test('come from files: the key store holds the key and its chain', () => {
    Object.assign(files, { '/ca.pem': ca, '/me.pem': `${key}\n${cert}\n${issuer}\n` });
    const { tls } = parse(
      'security.protocol=SSL',
      'ssl.truststore.type=PEM',
      'ssl.truststore.location=/ca.pem',
      'ssl.keystore.type=PEM',
      'ssl.keystore.location=/me.pem',
    );
    expect(tls).toEqual({
      ca,
      cert: `${cert}\n${issuer}`,
      key,
      serverName: undefined,
      insecureSkipVerify: false,
    });
  });

  test('may stand in the file itself', () => {
    const inline = (text: string) => text.replaceAll('\n', '\\n');
    const { tls } = parse(
      'security.protocol=SSL',
      'ssl.truststore.type=PEM',
      `ssl.truststore.certificates=${inline(ca)}`,
      'ssl.keystore.type=PEM',
      `ssl.keystore.key=${inline(key)}`,
      `ssl.keystore.certificate.chain=${inline(cert)}`,
    );
    expect(tls).toMatchObject({ ca, cert, key });
  });

  test('an encrypted key is decrypted', () => {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const encrypted = privateKey.export({
      type: 'pkcs8',
      format: 'pem',
      cipher: 'aes-256-cbc',
      passphrase: 'open',
    });
    const tlsWith = (password: string) => [
      'security.protocol=SSL',
      `ssl.keystore.key=${String(encrypted).replaceAll('\n', '\\n')}`,
      `ssl.key.password=${password}`,
    ];
    expect(parse(...tlsWith('open')).tls?.key).toBe(
      privateKey.export({ type: 'pkcs8', format: 'pem' }),
    );
    expect(problemsOf(...tlsWith('wrong'))).toEqual([
      'client.properties: ssl.key.password: the private key cannot be decrypted with it',
    ]);
  });
});

test('values come from the environment where the file says so', () => {
  const config = parse(
    `bootstrap.servers=${ofEnv('SERVERS')}`,
    'security.protocol=SASL_PLAINTEXT',
    'sasl.mechanism=PLAIN',
    `sasl.jaas.config=x required username=alice password="${ofEnv('PASSWORD')}";`,
  );
  expect(config).toMatchObject({ bootstrapServers: 'a:1', sasl: { password: 'from env' } });
  expect(problemsOf(`bootstrap.servers=${ofEnv('MISSING')}`)).toEqual([
    'client.properties: bootstrap.servers: the environment variable MISSING is not set',
  ]);
});

test('every problem is told at once, by the name of its property', () => {
  const problems = problemsOf(
    'security.protocol=SASL_SSL',
    'ssl.truststore.location=/store.jks',
    'ssl.endpoint.identification.algorithm=',
    'sasl.mechanism=GSSAPI',
    'sasl.jaas.config=x required username="u" password="hunter2"',
  );
  expect(problems).toEqual([
    'client.properties: ssl.truststore.type: only PEM can be read: convert the store with keytool and openssl, and set PEM',
    'client.properties: ssl.endpoint.identification.algorithm: only https is supported: connect by a name that is in the certificate',
    'client.properties: ssl.truststore.location: the file /store.jks cannot be read',
    'client.properties: sasl.mechanism: set one of PLAIN, SCRAM-SHA-256, SCRAM-SHA-512, OAUTHBEARER, AWS_MSK_IAM',
  ]);
  expect(problems.join()).not.toContain('hunter2');
});

test('a protocol that does not exist', () => {
  expect(problemsOf('security.protocol=TLS')).toEqual([
    'client.properties: security.protocol: set one of PLAINTEXT, SSL, SASL_PLAINTEXT, SASL_SSL',
  ]);
});
