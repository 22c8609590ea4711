import type { Clock } from '../controller/clock.ts';
import { type ObjectRef, SecretError, type SecretReader } from '../controller/ports.ts';
import type { KubeClient } from './client.ts';
import { isTransient, KubeError } from './errors.ts';
import { keyOf, objectPath } from './resource.ts';
import { createTtlCache } from './ttl-cache.ts';

export interface SecretReaderOptions {
  readonly client: KubeClient;
  readonly clock: Clock;
  /** How long a Secret is served without asking again. Default 30 s. */
  readonly ttlMs?: number;
}

export interface CachingSecretReader extends SecretReader {
  close(): void;
}

/** Values by key, base64 as they came: decoded only for who reads them. */
type SecretData = Readonly<Record<string, string>>;

/** Only GETs of the Secrets that scalers name: no list, no watch, least to be allowed. */
export function createSecretReader(options: SecretReaderOptions): CachingSecretReader {
  const { client, clock, ttlMs = 30_000 } = options;
  const secrets = createTtlCache<SecretData>({
    clock,
    ttlMs,
    staleMs: 600_000,
    failureMs: 5000,
    // An API server that restarts must not cut the session to Kafka.
    mayServeStale: (error) => error instanceof KubeError && isTransient(error),
    async load(key, signal) {
      const [namespace = '', name = ''] = key.split('/');
      const path = objectPath({ apiVersion: 'v1', plural: 'secrets' }, { namespace, name });
      const request = { verb: 'get', resource: 'secrets', path, signal } as const;
      return (await client.request<{ data?: SecretData }>(request)).data ?? {};
    },
  });

  return {
    async read(ref, key, signal) {
      const data = await secrets.get(keyOf(ref), signal).catch((error: unknown) => {
        throw error instanceof KubeError ? toSecretError(error, ref) : error;
      });
      const value = Object.hasOwn(data, key) ? data[key] : undefined;
      if (value === undefined) throw keyNotFound(ref, key);
      return Buffer.from(value, 'base64').toString('utf8');
    },
    forget: (ref) => secrets.forget(keyOf(ref)),
    close: () => secrets.close(),
  };
}

function toSecretError(error: KubeError, ref: ObjectRef): SecretError {
  const name = `Secret ${keyOf(ref)}`;
  if (error.code === 'NotFound') {
    const message = `${name} does not exist: create it or correct the secretRef in spec.kafka`;
    return new SecretError('NotFound', message, { cause: error });
  }
  if (error.code === 'Forbidden' || error.code === 'Unauthorized') {
    const message = `lagscaler may not get ${name}: allow it in the role of its ServiceAccount (${error.message})`;
    return new SecretError('Forbidden', message, { cause: error });
  }
  return new SecretError('Unavailable', `${name}: ${error.message}`, { cause: error });
}

function keyNotFound(ref: ObjectRef, key: string): SecretError {
  const message = `Secret ${keyOf(ref)} has no key ${key}: add it or correct the key in spec.kafka`;
  return new SecretError('KeyNotFound', message);
}
