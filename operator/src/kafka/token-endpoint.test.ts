import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import type { ClientCredentials } from '../controller/kafka-connection.ts';
import { grantRequest, tokenEndpoint } from './token-endpoint.ts';

const secret = 'hunter2:+/é';
const base: ClientCredentials = {
  from: 'tokenEndpoint',
  uri: 'https://idp.invalid/token',
  clientId: 'lag scaler',
  clientSecret: secret,
  clientAuthMethod: 'client_secret_basic',
  scopes: [],
  audience: undefined,
  ca: undefined,
};
const signal = new AbortController().signal;

type Respond = (response: ServerResponse, request: IncomingMessage) => void;

/** Where a token endpoint on this machine is reached. */
async function endpoint(respond: Respond): Promise<string> {
  const server = createServer((request, response) => respond(response, request));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/token?tenant=secret`;
}

const answering =
  (status: number, body: unknown): Respond =>
  (response) =>
    response.writeHead(status).end(typeof body === 'string' ? body : JSON.stringify(body));

const load = async (respond: Respond) =>
  tokenEndpoint({ ...base, uri: await endpoint(respond) }).load(signal);

test('id and secret go encoded into the header, scopes and audience only when there are some', () => {
  expect(grantRequest(base).body).toBe('grant_type=client_credentials');
  const { headers, body } = grantRequest({ ...base, scopes: ['a', 'b:c'], audience: 'kafka' });
  expect(body).toBe('grant_type=client_credentials&scope=a+b%3Ac&audience=kafka');
  const sent = Buffer.from(headers['authorization']?.slice('Basic '.length) ?? '', 'base64');
  expect(sent.toString()).toBe('lag%20scaler:hunter2%3A%2B%2F%C3%A9');
});

test('client_secret_post sends both in the body and no header', () => {
  const { headers, body } = grantRequest({ ...base, clientAuthMethod: 'client_secret_post' });
  expect(headers).toEqual({});
  expect(Object.fromEntries(new URLSearchParams(body))).toEqual({
    grant_type: 'client_credentials',
    client_id: 'lag scaler',
    client_secret: secret,
  });
});

test.for([
  ['as its answer says', { access_token: 'abc', expires_in: 300 }, 300],
  ['as text, which some send', { access_token: 'abc', expires_in: '300' }, 300],
  ['as the token itself says', { access_token: `e30.${claims(Date.now() / 1000 + 60)}.x` }, 60],
] as const)('the life of a token is known %s', async ([, body, seconds]) => {
  const { expiresAt = 0 } = await load(answering(200, body));
  expect(expiresAt - Date.now()).toBeGreaterThan((seconds - 10) * 1000);
  expect(expiresAt - Date.now()).toBeLessThanOrEqual(seconds * 1000);
});

test('an opaque token without a life has none', async () => {
  expect(await load(answering(200, { access_token: 'abc' }))).toEqual({
    value: 'abc',
    expiresAt: undefined,
  });
});

test.for([
  [
    'a wrong secret',
    answering(401, { error: 'invalid_client' }),
    'AuthenticationFailed',
    'invalid_client: check client id, secret',
  ],
  [
    'a wrong scope',
    answering(400, { error: 'invalid_scope' }),
    'AuthenticationFailed',
    'invalid_scope: correct scopes',
  ],
  [
    'a refusal without a word',
    answering(403, ''),
    'AuthenticationFailed',
    'it answered 403: check client id and secret',
  ],
  [
    'another address',
    answering(404, 'x'),
    'AuthenticationFailed',
    'it answered 404: check its address',
  ],
  [
    'a redirect',
    (r: ServerResponse) => r.writeHead(302, { location: '/login' }).end(),
    'AuthenticationFailed',
    'it answered 302: check its address',
  ],
  ['a page of HTML', answering(200, '<html>'), 'AuthenticationFailed', 'without an access_token'],
  [
    'a token with spaces',
    answering(200, { access_token: 'a b' }),
    'AuthenticationFailed',
    'is not a token',
  ],
  ['trouble of its own', answering(503, { error: 'x' }), 'KafkaUnreachable', 'it answered 503'],
  ['too many requests', answering(429, ''), 'KafkaUnreachable', 'it answered 429'],
  [
    'a connection that breaks',
    (_: ServerResponse, q: IncomingMessage) => q.destroy(),
    'KafkaUnreachable',
    'is it running',
  ],
  ['an endless answer', (r: ServerResponse) => r.end('x'.repeat(200_000)), 'KafkaUnreachable', ''],
] as const)(
  '%s is told with the endpoint and the remedy, not the secret',
  async ([, respond, reason, part]) => {
    const error = await load(respond).catch((e: unknown) => e);
    expect(error).toMatchObject({ reason, message: expect.stringContaining(part) });
    expect(error).toMatchObject({
      message: expect.stringMatching(/^token endpoint http:\/\/127\.0\.0\.1:\d+\/token: /),
    });
    expect(String(error)).not.toMatch(/hunter2|tenant/);
  },
);

test('the description that comes with a refusal stays out: it is free text', async () => {
  const body = { error: 'invalid_client', error_description: `no client ${secret}` };
  await expect(load(answering(401, body))).rejects.not.toThrow('hunter2');
});

test('a closed port is named by its code', async () => {
  const origin = tokenEndpoint({ ...base, uri: 'http://127.0.0.1:1/token' });
  await expect(origin.load(signal)).rejects.toMatchObject({
    reason: 'KafkaUnreachable',
    message: expect.stringContaining('ECONNREFUSED: is it running'),
  });
});

test.for(['http://idp.example.com/token', 'ftp://127.0.0.1/', 'idp', 'http://127.0.0.1.evil.com/'])(
  '%s would give the secret away',
  (uri) => expect(() => tokenEndpoint({ ...base, uri })).toThrow('write an https address'),
);

test('a CA that is not PEM is named, not shown', () => {
  const build = () => tokenEndpoint({ ...base, ca: 'hunter2' });
  expect(build).toThrow('clientCredentials: the CA is not PEM');
});

function claims(exp: number): string {
  return Buffer.from(JSON.stringify({ exp })).toString('base64url');
}
