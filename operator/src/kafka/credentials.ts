import { createHmac, randomBytes } from 'node:crypto';
import { isIP } from 'node:net';
import type { ConnectionOptions as PoolOptions } from '@platformatic/kafka';
import type { KafkaConnection } from '../controller/kafka-connection.ts';
import { KafkaError } from './kafka-error.ts';
import { tlsOptions } from './tls.ts';
import type { Address } from './transport.ts';

/** Of this process alone: a key that leaks can be compared with nothing. */
const processKey = randomBytes(32);

/** Names a session: equal for equal servers and credentials, and does not give the secret away. */
export function sessionKey({ bootstrapServers, tls, sasl }: KafkaConnection): string {
  const identity = JSON.stringify(
    [[...bootstrapServers].sort(), tls ?? null, sasl ?? null],
    inOrder,
  );
  return createHmac('sha256', processKey).update(identity).digest('base64url');
}

/** Equal objects as equal text, whatever the order of their fields: new fields count by themselves. */
function inOrder(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
}

/**
 * `host:port` or `[ipv6]:port`.
 * @throws KafkaError InvalidSpec
 */
export function parseServer(text: string): Address {
  const match = /^(?:\[([^\]]+)\]|([^:\s]+)):(\d{1,5})$/.exec(text);
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3]);
  if (host === undefined || port < 1 || port > 65_535) {
    const what = `spec.kafka.bootstrapServers: "${text}" is not host:port, e.g. kafka:9092`;
    throw new KafkaError('InvalidSpec', what);
  }
  return { host, port };
}

/** @throws KafkaError InvalidSpec when a certificate or key is not PEM, naming the field */
export function poolOptions(
  { bootstrapServers, tls }: Pick<KafkaConnection, 'bootstrapServers' | 'tls'>,
  timeouts: { readonly connectMs: number; readonly requestMs: number },
): PoolOptions {
  const names = bootstrapServers.map((s) => parseServer(s).host);
  return {
    connectTimeout: timeouts.connectMs,
    requestTimeout: timeouts.requestMs,
    // A request waiting in the library's queue has no timeout yet: let all of them through.
    maxInflights: 64,
    ...(tls && {
      tls: tlsOptions(tls),
      // SNI may not be an IP address.
      ...(tls.serverName !== undefined && { tlsServerName: tls.serverName }),
      ...(tls.serverName === undefined && names.every((n) => !isIP(n)) && { tlsServerName: true }),
    }),
  };
}
