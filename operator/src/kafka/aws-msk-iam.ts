import type { AwsSettings } from '../controller/kafka-connection.ts';
import { KafkaError } from './kafka-error.ts';
import type { Token, TokenOrigin } from './tokens.ts';

/** Credential chains try several places one after the other, each with time limits of its own. */
const timeoutMs = 20_000;

/** What the AWS SDK gives; the part that a signature needs. */
interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

/** Tokens for Amazon MSK: a presigned `kafka-cluster:Connect`, good for 15 minutes. */
export function awsMskIam(settings: AwsSettings): TokenOrigin {
  const where = `AWS credentials for region ${settings.region}`;
  return {
    timeoutMs,
    late: () =>
      new KafkaError(
        'KafkaUnreachable',
        `${where}: no answer in time: can the operator reach STS?`,
      ),
    remedy: `check that ${whoseOf(settings)} is allowed kafka-cluster:Connect, and that the region ${settings.region} is that of the cluster`,
    load: () =>
      sign(settings).catch((error: unknown) =>
        Promise.reject(toKafkaError(error, settings, where)),
      ),
  };
}

const whoseOf = ({ roleArn, keys }: AwsSettings): string =>
  roleArn ? `role ${roleArn}` : keys ? 'the owner of the access key' : "the operator's identity";

async function sign(settings: AwsSettings): Promise<Token> {
  // Tens of megabytes that only users of MSK should pay for: see docs/adr/0010.
  const { generateAuthTokenFromCredentialsProvider } = await import('aws-msk-iam-sasl-signer-js');
  const credentials = await credentialsOf(settings);
  const { token, expiryTime } = await generateAuthTokenFromCredentialsProvider({
    region: settings.region,
    awsCredentialsProvider: async () => credentials,
  });
  return { value: token, expiresAt: expiryTime };
}

/**
 * Without their expiration: of it the signer would make a fraction in X-Amz-Expires (traps A5). What they
 * sign is refused when they end all the same.
 */
async function credentialsOf({ region, roleArn, keys }: AwsSettings): Promise<Credentials> {
  const own = keys && withoutUndefined(keys);
  if (own && roleArn === undefined) return own;
  const { fromNodeProviderChain, fromTemporaryCredentials } = await import(
    '@aws-sdk/credential-providers'
  );
  const clientConfig = { region };
  const provider =
    roleArn === undefined
      ? fromNodeProviderChain({ clientConfig })
      : fromTemporaryCredentials({
          params: { RoleArn: roleArn, RoleSessionName: 'lagscaler' },
          clientConfig,
          ...(own && { masterCredentials: own }),
        });
  const { expiration: _, ...lasting } = await provider();
  return lasting;
}

function withoutUndefined({
  accessKeyId,
  secretAccessKey,
  sessionToken,
}: NonNullable<AwsSettings['keys']>): Credentials {
  return { accessKeyId, secretAccessKey, ...(sessionToken !== undefined && { sessionToken }) };
}

/** The SDK's errors by name and code; their texts may quote what was sent. */
function toKafkaError(error: unknown, settings: AwsSettings, where: string): KafkaError {
  const { name, code, $fault } = error as { name?: string; code?: string; $fault?: string };
  const what = code ?? name ?? 'unknown error';
  const unreachable = code !== undefined || $fault === 'server' || name === 'TimeoutError';
  return unreachable
    ? new KafkaError('KafkaUnreachable', `${where}: ${what}: can the operator reach STS?`, {
        cause: error,
      })
    : new KafkaError('AuthenticationFailed', `${where}: ${what}: ${remedyOf(settings)}`, {
        cause: error,
      });
}

function remedyOf({ roleArn, keys }: AwsSettings): string {
  const base = keys ? 'the keys in accessKeySecretRef' : "the operator's ServiceAccount";
  return roleArn ? `check that ${base} may assume ${roleArn}` : `check ${base}`;
}
