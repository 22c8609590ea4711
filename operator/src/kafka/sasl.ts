import type { ConnectionOptions } from '@platformatic/kafka';
import type { Clock } from '../controller/clock.ts';
import type { AwsSettings, OAuthSettings, SaslSettings } from '../controller/kafka-connection.ts';
import { awsMskIam } from './aws-msk-iam.ts';
import { oauthBearer } from './oauth-bearer.ts';
import { tokenEndpoint } from './token-endpoint.ts';
import { createTokenFile } from './token-file.ts';
import { createTokenCache, type TokenSource } from './tokens.ts';

export interface Sasl {
  readonly options: NonNullable<ConnectionOptions['sasl']>;
  /** Undefined for passwords. Lives as long as the connections that use it. */
  readonly tokens: TokenSource | undefined;
}

/**
 * @param random in [0, 1): the jitter of back-offs
 * @throws KafkaError InvalidSpec
 */
export function saslOf(settings: SaslSettings, clock: Clock, random: () => number): Sasl {
  if ('password' in settings) return { options: { ...settings }, tokens: undefined };
  const tokens = tokensOf(settings, clock, random);
  const extensions = settings.mechanism === 'OAUTHBEARER' ? settings.extensions : {};
  const authenticate = oauthBearer(tokens, extensions);
  return { options: { mechanism: 'OAUTHBEARER', authenticate }, tokens };
}

function tokensOf(
  settings: OAuthSettings | AwsSettings,
  clock: Clock,
  random: () => number,
): TokenSource {
  if (settings.mechanism === 'AWS_MSK_IAM')
    return createTokenCache(awsMskIam(settings), clock, random);
  const { token } = settings;
  return token.from === 'file'
    ? createTokenFile(token.path, clock)
    : createTokenCache(tokenEndpoint(token), clock, random);
}
