import { X509Certificate } from 'node:crypto';
import { type ConnectionOptions, createSecureContext } from 'node:tls';
import type { TlsSettings } from '../controller/kafka-connection.ts';
import { KafkaError } from './kafka-error.ts';

/**
 * Checked here because Node ignores a CA it cannot parse, and because the pool never answers again for
 * a connection that could not even be constructed.
 * @throws KafkaError InvalidSpec when a certificate or key is not PEM, naming the field
 */
export function tlsOptions({ ca, cert, key, insecureSkipVerify }: TlsSettings): ConnectionOptions {
  if ((cert === undefined) !== (key === undefined)) {
    const what = 'spec.kafka.tls: certSecretRef and keySecretRef go together: set both or none';
    throw new KafkaError('InvalidSpec', what);
  }
  if (ca !== undefined) checkCertificates('spec.kafka.tls: the CA', ca);
  if (cert !== undefined) checkCertificates('spec.kafka.tls.certSecretRef: the value', cert);
  if (cert !== undefined && key !== undefined) checkKey(cert, key);
  return {
    ...(ca !== undefined && { ca }),
    ...(cert !== undefined && { cert }),
    ...(key !== undefined && { key }),
    rejectUnauthorized: !insecureSkipVerify,
  };
}

const pem = /-----BEGIN [^-]*CERTIFICATE-----[^-]+-----END [^-]*CERTIFICATE-----/g;

/**
 * Every certificate of a bundle: Node would leave out the one that is broken.
 * @throws KafkaError InvalidSpec beginning with `what`
 */
export function checkCertificates(what: string, text: string): void {
  const certificates = text.match(pem) ?? [];
  for (const certificate of certificates) parsed(certificate, `${what} is not PEM`);
  if (certificates.length === 0) throw new KafkaError('InvalidSpec', `${what} is not PEM`);
}

function checkKey(cert: string, key: string): void {
  try {
    createSecureContext({ cert, key });
  } catch {
    // No cause: OpenSSL errors may quote what they were given.
    const what =
      'spec.kafka.tls.keySecretRef: the value is not a PEM private key that fits the certificate';
    throw new KafkaError('InvalidSpec', what);
  }
}

function parsed(certificate: string, what: string): void {
  try {
    new X509Certificate(certificate);
  } catch {
    throw new KafkaError('InvalidSpec', what); // no cause, as above
  }
}
