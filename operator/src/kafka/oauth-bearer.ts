import { type Connection, ResponseError, type SASLCustomAuthenticator } from '@platformatic/kafka';
import { KafkaError } from './kafka-error.ts';
import type { TokenSource } from './tokens.ts';

type SaslAuthenticate = Parameters<SASLCustomAuthenticator>[2];
type Answer = Awaited<ReturnType<SaslAuthenticate['async']>>;

/** The library re-authenticates by a timer, and Node's timers end at 24 days: beyond they fire at once (traps A3). */
const longestSessionMs = 86_400_000n;

/**
 * SASL/OAUTHBEARER (RFC 7628). Not the library's own: that takes a refusal for a success, and then
 * the broker's answers for those of an empty cluster (traps A1).
 */
export function oauthBearer(
  tokens: TokenSource,
  extensions: Readonly<Record<string, string>>,
): SASLCustomAuthenticator {
  return (_mechanism, connection, api, _username, _password, _token, callback) => {
    const message = (token: string) => firstMessage(token, extensions);
    exchange({ connection, api, tokens, message }).then(
      (response) => callback(null, response),
      (error: Error) => callback(error),
    );
  };
}

/** `n,,^Aauth=Bearer token^Akey=value^A^A`, with ^A for 0x01. */
export function firstMessage(token: string, extensions: Readonly<Record<string, string>>): Buffer {
  const pairs = [
    `auth=Bearer ${token}`,
    ...Object.entries(extensions).map(([k, v]) => `${k}=${v}`),
  ];
  return Buffer.from(`n,,\x01${pairs.map((pair) => `${pair}\x01`).join('')}\x01`);
}

interface Exchange {
  readonly connection: Connection;
  readonly api: SaslAuthenticate;
  readonly tokens: TokenSource;
  readonly message: (token: string) => Buffer;
}

/** @throws KafkaError when there is no token or it is refused; else what the library threw */
async function exchange(parts: Exchange): Promise<Answer> {
  const { connection, api, tokens, message } = parts;
  const token = await tokens.get();
  const response = await api.async(connection, message(token)).catch((error: unknown) => {
    throw isRefusal(error)
      ? refusal('SASL_AUTHENTICATION_FAILED', tokens.refused(token), error)
      : error;
  });
  if (response.authBytes.length === 0) return limited(response);
  // The broker waits for this one byte before it ends the exchange with an error.
  const verdict = await api.async(connection, Buffer.from([1])).catch((error: unknown) => error);
  throw refusal(statusOf(response.authBytes), tokens.refused(token), verdict);
}

const limited = (response: Answer): Answer =>
  response.sessionLifetimeMs > longestSessionMs
    ? { ...response, sessionLifetimeMs: longestSessionMs }
    : response;

const isRefusal = (error: unknown): boolean =>
  error instanceof ResponseError && error.findBy('apiId', 'SASL_AUTHENTICATION_FAILED') !== null;

const refusal = (status: string, remedy: string, cause: unknown): KafkaError =>
  new KafkaError('AuthenticationFailed', `the broker refused the token (${status}): ${remedy}`, {
    cause,
  });

/** `{"status":"invalid_token", …}`; anything that is not such a word stays out of our messages. */
function statusOf(challenge: Buffer): string {
  try {
    const { status } = JSON.parse(challenge.toString('utf8'));
    return /^[a-z_]{1,40}$/.test(status) ? status : 'refused';
  } catch {
    return 'refused';
  }
}
