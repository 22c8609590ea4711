import { createPrivateKey } from 'node:crypto';
import type { KafkaConnection } from '../controller/ports.ts';
import { parseJaas } from './jaas.ts';
import { parseProperties } from './properties.ts';
import { UsageError } from './usage-error.ts';

type Tls = NonNullable<KafkaConnection['tls']>;
type Sasl = NonNullable<KafkaConnection['sasl']>;

export interface ClientConfig {
  /** Undefined unless the file has `bootstrap.servers`. */
  readonly bootstrapServers: string | undefined;
  readonly tls: Tls | undefined;
  readonly sasl: Sasl | undefined;
}

/** Where the words of a configuration come from. */
export interface ConfigSources {
  /** For `${env:NAME}`. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** @throws Error when the file cannot be read */
  readFile(path: string): string;
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

class PropertyReader {
  readonly #properties: ReadonlyMap<string, string>;
  readonly #sources: ConfigSources;
  readonly #problems: string[];

  constructor(properties: ReadonlyMap<string, string>, sources: ConfigSources, problems: string[]) {
    this.#properties = properties;
    this.#sources = sources;
    this.#problems = problems;
  }

  text(key: string): string | undefined {
    const raw = this.#properties.get(key)?.trim();
    return raw?.replace(/\$\{env:([^}]*)\}/g, (_, name: string) => {
      const value = this.#sources.env[name];
      if (value === undefined) this.refuse(key, `the environment variable ${name} is not set`);
      return value ?? '';
    });
  }

  /** The content of the file that the property names. */
  file(key: string): string | undefined {
    const path = this.text(key);
    if (path === undefined) return undefined;
    try {
      return this.#sources.readFile(path);
    } catch {
      this.refuse(key, `the file ${path} cannot be read`);
      return undefined;
    }
  }

  refuse(key: string, why: string): void {
    this.#problems.push(`${key}: ${why}`);
  }
}

function tlsOf(read: PropertyReader): Tls {
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

const mechanisms = ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'] as const;

function saslOf(read: PropertyReader): Sasl | undefined {
  const named = read.text('sasl.mechanism');
  const mechanism = mechanisms.find((known) => known === named);
  if (!mechanism) read.refuse('sasl.mechanism', `set one of ${mechanisms.join(', ')}`);
  const options = parseJaas(read.text('sasl.jaas.config') ?? '')?.options;
  const username = options?.get('username');
  const password = options?.get('password');
  if (username === undefined || password === undefined) {
    const form =
      'org.apache.kafka.common.security.<…>LoginModule required username="…" password="…";';
    read.refuse('sasl.jaas.config', `set ${form}`);
    return undefined;
  }
  return mechanism && { mechanism, username, password };
}
