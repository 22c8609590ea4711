import { createPrivateKey } from 'node:crypto';
import type { KafkaConnection, TlsSettings } from '../controller/kafka-connection.ts';
import { parseProperties } from './properties.ts';
import { type ConfigSources, PropertyReader } from './property-reader.ts';
import { saslOf } from './sasl-config.ts';
import { UsageError } from './usage-error.ts';

export interface ClientConfig {
  /** Undefined unless the file has `bootstrap.servers`. */
  readonly bootstrapServers: string | undefined;
  readonly tls: KafkaConnection['tls'];
  readonly sasl: KafkaConnection['sasl'];
}

const protocols = ['PLAINTEXT', 'SSL', 'SASL_PLAINTEXT', 'SASL_SSL'];

/**
 * The client properties of Kafka's own tools, for PEM certificates and the mechanisms of KafkaConnection.
 * Properties that say nothing about the connection are ignored, as Kafka's tools do.
 * @param name of the file, for messages
 * @throws UsageError naming every property at fault; no message holds a value
 */
export function parseClientConfig(
  name: string,
  text: string,
  sources: ConfigSources,
): ClientConfig {
  const problems: string[] = [];
  const read = new PropertyReader(parseProperties(text), sources, problems);
  const protocol = read.text('security.protocol') ?? 'PLAINTEXT';
  if (!protocols.includes(protocol)) {
    problems.push(`security.protocol: set one of ${protocols.join(', ')}`);
  }
  const config = {
    bootstrapServers: read.text('bootstrap.servers'),
    tls: protocol.endsWith('SSL') ? tlsOf(read) : undefined,
    sasl: protocol.startsWith('SASL_') ? saslOf(read) : undefined,
  };
  if (problems.length === 0) return config;
  throw new UsageError(problems.map((problem) => `${name}: ${problem}`).join('\n'));
}

function tlsOf(read: PropertyReader): TlsSettings {
  for (const store of ['ssl.truststore', 'ssl.keystore'] as const) {
    const isPem = read.text(`${store}.type`)?.toUpperCase() === 'PEM';
    if (read.text(`${store}.location`) !== undefined && !isPem) {
      const how = 'convert the store with keytool and openssl';
      read.refuse(`${store}.type`, `only PEM can be read: ${how}, and set PEM`);
    }
  }
  if ((read.text('ssl.endpoint.identification.algorithm') ?? 'https') !== 'https') {
    const key = 'ssl.endpoint.identification.algorithm';
    read.refuse(key, 'only https is supported: connect by a name that is in the certificate');
  }
  const store = read.file('ssl.keystore.location');
  const cert = read.text('ssl.keystore.certificate.chain') ?? certificatesIn(store);
  const key = read.text('ssl.keystore.key') ?? keyIn(store);
  return {
    ca: read.text('ssl.truststore.certificates') ?? read.file('ssl.truststore.location'),
    cert,
    key: key && decrypted(key, read),
    serverName: undefined,
    insecureSkipVerify: false,
  };
}

const certificatesIn = (pem: string | undefined): string | undefined =>
  pem?.match(/-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----/gs)?.join('\n');

const keyIn = (pem: string | undefined): string | undefined =>
  pem?.match(/-----BEGIN ([A-Z ]*PRIVATE KEY)-----.+?-----END \1-----/s)?.[0];

function decrypted(key: string, read: PropertyReader): string {
  const passphrase = read.text('ssl.key.password');
  if (passphrase === undefined) return key;
  try {
    return String(createPrivateKey({ key, passphrase }).export({ type: 'pkcs8', format: 'pem' }));
  } catch {
    // No cause: OpenSSL errors may quote what they were given.
    read.refuse('ssl.key.password', 'the private key cannot be decrypted with it');
    return key;
  }
}
