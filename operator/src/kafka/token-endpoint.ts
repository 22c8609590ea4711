import type { ClientCredentials } from '../controller/kafka-connection.ts';
import { type HttpAnswer, post } from './http-post.ts';
import { expiryOf } from './jwt.ts';
import { KafkaError } from './kafka-error.ts';
import { checkCertificates } from './tls.ts';
import { checkedToken, type Token, type TokenOrigin } from './tokens.ts';

/** Longer than a connection may take: a slow answer is used by the next poll. */
const timeoutMs = 10_000;

/**
 * The client credentials grant (RFC 6749, section 4.4).
 * @throws KafkaError InvalidSpec for an address that would give the secret away
 */
export function tokenEndpoint(client: ClientCredentials): TokenOrigin {
  const url = endpointUrl(client.uri);
  const { ca } = client;
  if (ca !== undefined) {
    checkCertificates('spec.kafka.sasl.oauthBearer.clientCredentials: the CA', ca);
  }
  const where = `token endpoint ${url.origin}${url.pathname}`; // a query may hold secrets
  return {
    timeoutMs,
    late: () => unreachable(where, 'no answer in time: is it overloaded or behind a firewall?'),
    remedy: `check what ${where} grants this client: issuer, audience, scopes, lifetime`,
    async load(signal) {
      const request = { url, ca, ...grantRequest(client), signal };
      const answer = await post(request).catch((error: unknown) => {
        throw unreachable(where, trouble(error), error);
      });
      return toToken(answer, where);
    },
  };
}

function endpointUrl(uri: string): URL {
  const url = URL.canParse(uri) ? new URL(uri) : undefined;
  const loopback = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(url?.hostname ?? '');
  if (url && (url.protocol === 'https:' || (url.protocol === 'http:' && loopback))) return url;
  const what =
    'spec.kafka.sasl.oauthBearer.clientCredentials.tokenEndpointUri: write an https address; http only for a loopback host';
  throw new KafkaError('InvalidSpec', what);
}

/** @returns header and body; scopes and audience only when there are some */
export function grantRequest(client: ClientCredentials) {
  const { clientId, clientSecret, clientAuthMethod, scopes, audience } = client;
  const body = new URLSearchParams({ grant_type: 'client_credentials' });
  if (scopes.length > 0) body.set('scope', scopes.join(' '));
  if (audience !== undefined) body.set('audience', audience);
  const headers: Record<string, string> = {};
  if (clientAuthMethod === 'client_secret_post') {
    body.set('client_id', clientId);
    body.set('client_secret', clientSecret);
  } else {
    // Encoded before they are joined by a colon (RFC 6749, section 2.3.1); a space as %20, which
    // endpoints that know no plus understand too.
    const account = [clientId, clientSecret].map(encodeURIComponent).join(':');
    headers['authorization'] = `Basic ${Buffer.from(account).toString('base64')}`;
  }
  return { headers, body: body.toString() };
}

function toToken({ status, body }: HttpAnswer, where: string): Token {
  const answer = parsed(body);
  if (status !== 200) throw refusal(status, textOf(answer['error']), where);
  const text = textOf(answer['access_token']);
  if (text === '')
    throw refused(where, 'it answered without an access_token: is this its address?');
  const value = checkedToken(text, where);
  const seconds = Number(answer['expires_in']);
  return { value, expiresAt: seconds > 0 ? Date.now() + seconds * 1000 : expiryOf(value) };
}

function parsed(body: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === 'object' && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

/** The codes of RFC 6749, section 5.2; the description beside them is free text and stays there. */
const remedies: ReadonlyMap<string, string> = new Map([
  ['invalid_client', 'check client id, secret and clientAuthMethod'],
  ['unauthorized_client', 'allow this client the grant client_credentials'],
  ['unsupported_grant_type', 'it does not offer the grant client_credentials'],
  ['invalid_scope', 'correct scopes'],
  ['invalid_target', 'correct audience'],
  ['invalid_grant', 'allow this client the grant client_credentials'],
  ['invalid_request', 'check scopes, audience and clientAuthMethod'],
  ['access_denied', 'allow this client the grant client_credentials'],
]);

function refusal(status: number, code: string, where: string): KafkaError {
  if (status >= 500 || status === 429) {
    return unreachable(where, `it answered ${status}: is it overloaded or down?`);
  }
  const remedy = remedies.get(code);
  if (remedy) return refused(where, `${code}: ${remedy}`);
  const usual =
    status === 401 || status === 403 ? 'check client id and secret' : 'check its address';
  return refused(where, `it answered ${status}: ${usual}`);
}

const refused = (where: string, what: string): KafkaError =>
  new KafkaError('AuthenticationFailed', `${where}: ${what}`);

const unreachable = (where: string, what: string, cause?: unknown): KafkaError =>
  // As of a broker that hangs up: every poll wants a token, but its cache backs off by itself.
  new KafkaError('KafkaUnreachable', `${where}: ${what}`, { cause, reaction: 'hangUp' });

/** What Node said by its code; its texts are not for people on call. */
function trouble(error: unknown): string {
  const code = String((error as { code?: unknown } | undefined)?.code ?? 'no answer');
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return `${code}: check the name, then DNS`;
  if (/CERT|SELF_SIGNED|^UNABLE_TO_/.test(code)) {
    return `${code}: its certificate is not trusted: name its authority in caSecretRef or caConfigMapRef`;
  }
  if (/^(EPROTO|ERR_SSL|ERR_TLS)/.test(code)) return `${code}: does this port speak TLS?`;
  return `${code}: is it running, does a network policy or firewall stand between?`;
}
