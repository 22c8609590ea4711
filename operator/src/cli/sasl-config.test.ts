import { describe, expect, test } from 'vitest';
import { parseClientConfig } from './client-config.ts';

const env: Record<string, string> = {};
const parse = (...lines: readonly string[]) =>
  parseClientConfig(
    'client.properties',
    ['security.protocol=SASL_PLAINTEXT', ...lines].join('\n'),
    {
      env,
      readFile: () => '',
    },
  ).sasl;
const refusal = (...lines: readonly string[]) => {
  try {
    return parse(...lines);
  } catch (error) {
    return (error as Error).message;
  }
};

const oauth = 'sasl.mechanism=OAUTHBEARER';
const url = 'sasl.oauthbearer.token.endpoint.url';
const module = 'org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule required';

describe('OAUTHBEARER', () => {
  const client = {
    from: 'tokenEndpoint',
    uri: 'https://idp/token',
    clientId: 'lag',
    clientSecret: 's3',
    clientAuthMethod: 'client_secret_basic',
    audience: undefined,
    ca: undefined,
  };

  test('with the credentials of a client, scopes and extensions in the login module', () => {
    const jaas = `sasl.jaas.config=${module} clientId="lag" clientSecret="s3" scope="a b" extension_logicalCluster="lkc-1";`;
    expect(parse(oauth, `${url}=https://idp/token`, jaas)).toEqual({
      mechanism: 'OAUTHBEARER',
      token: { ...client, scopes: ['a', 'b'] },
      extensions: { logicalCluster: 'lkc-1' },
    });
  });

  test('with the credentials in properties of their own, as Kafka 4.1 has them', () => {
    const properties = [
      'sasl.oauthbearer.client.credentials.client.id=lag',
      'sasl.oauthbearer.client.credentials.client.secret=s3',
      'sasl.oauthbearer.scope=a',
    ];
    expect(parse(oauth, `${url}=https://idp/token`, ...properties)).toEqual({
      mechanism: 'OAUTHBEARER',
      token: { ...client, scopes: ['a'] },
      extensions: {},
    });
  });

  test('with a token from a file', () => {
    expect(parse(oauth, `${url}=file:///var/run/token`)).toEqual({
      mechanism: 'OAUTHBEARER',
      token: { from: 'file', path: '/var/run/token' },
      extensions: {},
    });
  });

  test('says what is missing', () => {
    expect(refusal(oauth)).toContain(`${url}: set the address of the token endpoint`);
    expect(refusal(oauth, `${url}=https://idp/token`)).toContain(
      'sasl.jaas.config: set clientId and clientSecret in it',
    );
  });
});

test('AWS_MSK_IAM takes the region from the environment, and a role from the login module', () => {
  const jaas =
    'sasl.jaas.config=software.amazon.msk.auth.iam.IAMLoginModule required awsRoleArn="arn:aws:iam::1:role/lag";';
  expect(refusal('sasl.mechanism=AWS_MSK_IAM', jaas)).toContain('AWS_REGION');
  env['AWS_REGION'] = 'eu-west-1';
  expect(parse('sasl.mechanism=AWS_MSK_IAM', jaas)).toEqual({
    mechanism: 'AWS_MSK_IAM',
    region: 'eu-west-1',
    roleArn: 'arn:aws:iam::1:role/lag',
    keys: undefined,
  });
});

test('a password without a user is refused with the form to write, and not shown', () => {
  const said = refusal('sasl.mechanism=PLAIN', 'sasl.jaas.config=x required password="hunter2";');
  expect(said).toContain('sasl.jaas.config: set org.apache.kafka.common.security');
  expect(said).not.toContain('hunter2');
});
