import { createPrivateKey, createPublicKey, type KeyObject, sign } from 'node:crypto';
import { once } from 'node:events';
import { createServer as createHttpServer, type RequestListener } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tokenSubject } from './local/kafka-config.ts';
import { keyIdOf, tokenAudience } from './local/kafka-oauth.ts';

export interface Client {
  readonly id: string;
  readonly secret: string;
}

/** What the next tokens say, and whether there are any. */
export interface Grants {
  subject: string;
  audience: string;
  lifeSeconds: number;
  /** HTTP status in the place of a token, or no answer at all. */
  failure: number | 'silence' | undefined;
}

export interface TokenEndpoint {
  readonly uri: string;
  readonly grants: Grants;
  /** The form of each request that was granted. */
  readonly granted: readonly Readonly<Record<string, string>>[];
  close(): Promise<void>;
}

interface EndpointOptions {
  /** PEM of the key that the brokers believe. */
  readonly issuerKey: string;
  readonly client: Client;
  /** PEM of its certificate and key; without it speaks http. */
  readonly tls?: { readonly cert: string; readonly key: string };
}

/** An authorization server on loopback, as far as the client credentials grant needs one. */
export async function startTokenEndpoint(options: EndpointOptions): Promise<TokenEndpoint> {
  const issuer = createPrivateKey(options.issuerKey);
  const grants: Grants = {
    subject: tokenSubject,
    audience: tokenAudience,
    lifeSeconds: 300,
    failure: undefined,
  };
  const granted: Record<string, string>[] = [];
  const respond: RequestListener = async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const form = Object.fromEntries(new URLSearchParams(Buffer.concat(chunks).toString()));
    const answer = (status: number, body: object) =>
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    if (grants.failure === 'silence') return;
    if (grants.failure !== undefined) return answer(grants.failure, { error: 'server_error' });
    if (!isKnown(request.headers.authorization, options.client))
      return answer(401, { error: 'invalid_client' });
    granted.push(form);
    const token = createToken(issuer, grants, form['scope']);
    return answer(200, {
      access_token: token,
      token_type: 'Bearer',
      expires_in: grants.lifeSeconds,
    });
  };
  const { tls } = options;
  const server = tls ? createHttpsServer(tls, respond) : createHttpServer(respond);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    uri: `${tls ? 'https' : 'http'}://127.0.0.1:${port}/oauth2/token`,
    grants,
    granted,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

function isKnown(authorization: string | undefined, { id, secret }: Client): boolean {
  const account = Buffer.from(authorization?.replace('Basic ', '') ?? '', 'base64').toString();
  return account === `${encodeURIComponent(id)}:${encodeURIComponent(secret)}`;
}

/** A JWT signed with RS256. */
export function createToken(
  issuer: KeyObject,
  { subject, audience, lifeSeconds }: Pick<Grants, 'subject' | 'audience' | 'lifeSeconds'>,
  scope?: string,
): string {
  const iat = Math.floor(Date.now() / 1000);
  const header = { alg: 'RS256', typ: 'JWT', kid: keyIdOf(createPublicKey(issuer)) };
  const claims = {
    sub: subject,
    aud: audience,
    iat,
    exp: iat + lifeSeconds,
    ...(scope && { scope }),
  };
  const text = [header, claims]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.');
  return `${text}.${sign('RSA-SHA256', Buffer.from(text), issuer).toString('base64url')}`;
}
