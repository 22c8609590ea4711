import { createHash, createHmac } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, onTestFinished, test, vi } from 'vitest';
import type { AwsSettings } from '../controller/kafka-connection.ts';
import { awsMskIam } from './aws-msk-iam.ts';

/** Not run against AWS: signatures are compared with the algorithm that AWS publishes. */

const at = new Date('2026-03-01T12:34:56Z');
const signal = new AbortController().signal;
const keys = {
  accessKeyId: 'AKIDEXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY',
  sessionToken: undefined,
};
const roleArn = 'arn:aws:iam::123456789012:role/kafka-reader';
const settings: AwsSettings = {
  mechanism: 'AWS_MSK_IAM',
  region: 'eu-west-1',
  roleArn: undefined,
  keys,
};

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllEnvs();
});

async function signed(change: Partial<AwsSettings> = {}): Promise<URL> {
  vi.useFakeTimers({ toFake: ['Date'], now: at });
  const { value } = await awsMskIam({ ...settings, ...change }).load(signal);
  expect(value).toMatch(/^[\w-]+$/); // base64url without padding
  return new URL(Buffer.from(value, 'base64url').toString());
}

/** SigV4 for a presigned GET as AWS documents it, for everything in the URL but the signature and User-Agent. */
function signatureOf(url: URL, secretAccessKey: string): string {
  const scope = url.searchParams.get('X-Amz-Credential')?.split('/').slice(1) ?? [];
  const encoded = (text: string) =>
    encodeURIComponent(text).replaceAll(
      /[!'()*]/g,
      (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`,
    );
  const query = [...url.searchParams]
    .filter(([name]) => name !== 'X-Amz-Signature' && name !== 'User-Agent')
    .map(([name, value]) => `${encoded(name)}=${encoded(value)}`)
    .sort()
    .join('&');
  const hash = (text: string) => createHash('sha256').update(text).digest('hex');
  const request = ['GET', '/', query, `host:${url.host}`, '', 'host', hash('')].join('\n');
  const date = url.searchParams.get('X-Amz-Date');
  const text = ['AWS4-HMAC-SHA256', date, scope.join('/'), hash(request)].join('\n');
  const hmac = (key: string | Buffer, data: string) =>
    createHmac('sha256', key).update(data).digest();
  const key = scope.reduce<string | Buffer>(hmac, `AWS4${secretAccessKey}`);
  return hmac(key, text).toString('hex');
}

/** STS on this machine, which gives `keys` of its own; what it was asked, in order. */
async function startSts(status = 200) {
  const asked: URLSearchParams[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const form = new URLSearchParams(Buffer.concat(chunks).toString());
    asked.push(form);
    const action = form.get('Action');
    const credentials = `<Credentials><AccessKeyId>ASIAROLE</AccessKeyId><SecretAccessKey>role-secret</SecretAccessKey>
      <SessionToken>role/session=</SessionToken><Expiration>2026-03-01T12:40:00Z</Expiration></Credentials>`;
    const denied =
      '<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>wJalr</Message></Error></ErrorResponse>';
    const granted = `<${action}Response><${action}Result>${credentials}</${action}Result></${action}Response>`;
    response
      .writeHead(status, { 'content-type': 'text/xml' })
      .end(status === 200 ? granted : denied);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  vi.stubEnv('AWS_ENDPOINT_URL_STS', `http://127.0.0.1:${port}`);
  return asked;
}

test('a token is the presigned request to connect, good for 15 minutes', async () => {
  const url = await signed();
  expect(url.origin).toBe('https://kafka.eu-west-1.amazonaws.com');
  const {
    'X-Amz-Signature': signature,
    'User-Agent': _,
    ...rest
  } = Object.fromEntries(url.searchParams);
  expect(rest).toEqual({
    Action: 'kafka-cluster:Connect',
    'X-Amz-Algorithm': 'AWS4-HMAC-SHA256',
    'X-Amz-Credential': 'AKIDEXAMPLE/20260301/eu-west-1/kafka-cluster/aws4_request',
    'X-Amz-Date': '20260301T123456Z',
    'X-Amz-Expires': '900',
    'X-Amz-SignedHeaders': 'host',
  });
  expect(signature).toBe(signatureOf(url, keys.secretAccessKey));
});

test('the token tells its end', async () => {
  vi.useFakeTimers({ toFake: ['Date'], now: at });
  const { expiresAt } = await awsMskIam(settings).load(signal);
  expect(expiresAt).toBe(at.getTime() + 900_000);
});

test.for<[string, Partial<AwsSettings>, string]>([
  ['another region', { region: 'us-gov-east-1' }, keys.secretAccessKey],
  ['a session token', { keys: { ...keys, sessionToken: 'FwoG/+=' } }, keys.secretAccessKey],
  ['another key', { keys: { ...keys, secretAccessKey: 'other' } }, 'other'],
])('%s is in the signature', async ([, change, secretAccessKey]) => {
  const url = await signed(change);
  expect(url.searchParams.get('X-Amz-Signature')).toBe(signatureOf(url, secretAccessKey));
  expect(url.searchParams.get('X-Amz-Security-Token')).toBe(change.keys?.sessionToken ?? null);
});

test('a role is assumed with the access key, and its keys sign', async () => {
  const asked = await startSts();
  const url = await signed({ roleArn });
  expect(asked.map((form) => [form.get('Action'), form.get('RoleArn')])).toEqual([
    ['AssumeRole', roleArn],
  ]);
  expect(url.searchParams.get('X-Amz-Security-Token')).toBe('role/session=');
  // A whole number, although the keys of the role end sooner.
  expect(url.searchParams.get('X-Amz-Expires')).toBe('900');
  expect(url.searchParams.get('X-Amz-Signature')).toBe(signatureOf(url, 'role-secret'));
});

test('without keys the identity is that of the operator, here from its environment', async () => {
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'AKIDENV');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'from-env');
  const url = await signed({ keys: undefined });
  expect(url.searchParams.get('X-Amz-Credential')).toMatch(/^AKIDENV\//);
  expect(url.searchParams.get('X-Amz-Signature')).toBe(signatureOf(url, 'from-env'));
});

test('a ServiceAccount with a role exchanges its token for the keys of the role', async () => {
  const asked = await startSts();
  vi.stubEnv('AWS_ROLE_ARN', roleArn);
  vi.stubEnv('AWS_WEB_IDENTITY_TOKEN_FILE', import.meta.filename); // any text will do
  vi.stubEnv('AWS_ACCESS_KEY_ID', '');
  const url = await signed({ keys: undefined });
  expect(asked.map((form) => [form.get('Action'), form.get('RoleArn')])).toEqual([
    ['AssumeRoleWithWebIdentity', roleArn],
  ]);
  expect(url.searchParams.get('X-Amz-Signature')).toBe(signatureOf(url, 'role-secret'));
});

test.for([
  [
    'a role that may not be assumed',
    403,
    'AuthenticationFailed',
    'AccessDenied: check that the keys in accessKeySecretRef may assume',
  ],
  ['an STS in trouble', 500, 'KafkaUnreachable', 'can the operator reach STS?'],
] as const)('%s is told without the key', { timeout: 30_000 }, async ([, status, reason, part]) => {
  await startSts(status);
  const error = await signed({ roleArn }).catch((e: unknown) => e);
  expect(error).toMatchObject({ reason, message: expect.stringContaining(part) });
  expect(String(error)).toContain('AWS credentials for region eu-west-1: ');
  expect(String(error)).not.toMatch(/wJalr|role-secret/);
});

test('an STS that cannot be reached', { timeout: 30_000 }, async () => {
  vi.stubEnv('AWS_ENDPOINT_URL_STS', 'http://127.0.0.1:1');
  await expect(signed({ roleArn })).rejects.toMatchObject({
    reason: 'KafkaUnreachable',
    message: expect.stringContaining('ECONNREFUSED: can the operator reach STS?'),
  });
});
