import { createHash, X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { type ConnectionOptions, createSecureContext } from 'node:tls';
import type { ConnectionOptions as PoolOptions } from '@platformatic/kafka';
import type { KafkaConnection } from '../controller/ports.ts';
import { KafkaError } from './kafka-error.ts';
import type { Address } from './transport.ts';

/** Names a session: equal for equal servers and credentials, and does not give the secret away. */
export function sessionKey({ bootstrapServers, tls, sasl }: KafkaConnection): string {
  const identity = [
    [...bootstrapServers].sort(),
    tls && [tls.ca, tls.cert, tls.key, tls.serverName, tls.insecureSkipVerify],
    sasl && [sasl.mechanism, sasl.username, sasl.password],
  ];
  return createHash('sha256').update(JSON.stringify(identity)).digest('base64url');
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
  { bootstrapServers, tls, sasl }: KafkaConnection,
  timeouts: { readonly connectMs: number; readonly requestMs: number },
): PoolOptions {
  const names = bootstrapServers.map((s) => parseServer(s).host);
  return {
    connectTimeout: timeouts.connectMs,
    requestTimeout: timeouts.requestMs,
    // A request waiting in the library's queue has no timeout yet: let all of them through.
    maxInflights: 64,
    ...(sasl && { sasl: { ...sasl } }),
    ...(tls && {
      tls: tlsOptions(tls),
      // SNI may not be an IP address.
      ...(tls.serverName !== undefined && { tlsServerName: tls.serverName }),
      ...(tls.serverName === undefined && names.every((n) => !isIP(n)) && { tlsServerName: true }),
    }),
  };
}

function tlsOptions(tls: NonNullable<KafkaConnection['tls']>): ConnectionOptions {
  const { ca, cert, key, insecureSkipVerify } = tls;
  // Checked here because Node ignores a CA it cannot parse, and because the pool never answers again
  // for a connection that could not even be constructed.
  if ((cert === undefined) !== (key === undefined)) {
    const what = 'spec.kafka.tls: certSecretRef and keySecretRef go together: set both or none';
    throw new KafkaError('InvalidSpec', what);
  }
  if (ca !== undefined) check('ca', () => new X509Certificate(ca));
  if (cert !== undefined) check('cert', () => new X509Certificate(cert));
  if (key !== undefined) {
    check('key', () => createSecureContext(present({ cert, key })));
  }
  return { ...present({ ca, cert, key }), rejectUnauthorized: !insecureSkipVerify };
}

function present(fields: Record<'cert' | 'key', string | undefined> & { ca?: string | undefined }) {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

function check(name: 'ca' | 'cert' | 'key', parse: () => unknown): void {
  try {
    parse();
  } catch {
    // No cause: OpenSSL errors may quote what they were given.
    const what = name === 'key' ? 'a PEM private key that fits the certificate' : 'PEM';
    throw new KafkaError(
      'InvalidSpec',
      `spec.kafka.tls.${name}SecretRef: the value is not ${what}`,
    );
  }
}
