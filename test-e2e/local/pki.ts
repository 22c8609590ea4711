import { createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createAuthority, createCertificate } from './x509.ts';

/** Paths of a PEM certificate and its PKCS #8 key. */
export interface CertificateFiles {
  readonly cert: string;
  readonly key: string;
}

/** Paths of everything the stack's own certificate authority issued. */
export interface Pki {
  readonly ca: string;
  readonly apiServer: CertificateFiles;
  readonly controllerManager: CertificateFiles;
  readonly scheduler: CertificateFiles;
  readonly admin: CertificateFiles;
  /** Key and certificate in one file, as Kafka's PEM key store wants it. */
  readonly kafkaKeyStore: string;
  readonly kafkaClient: CertificateFiles;
  readonly serviceAccountKey: string;
  readonly serviceAccountPublicKey: string;
}

const authorityName = 'lagscaler-embedded-stack';
const loopback = ['localhost', '127.0.0.1'];
const apiServerNames = ['kubernetes', 'kubernetes.default', 'kubernetes.default.svc'];

export function pkiPaths(dir: string): Pki {
  const pair = (name: string) => ({
    cert: join(dir, `${name}.crt`),
    key: join(dir, `${name}.key`),
  });
  return {
    ca: join(dir, 'ca.crt'),
    apiServer: pair('kube-apiserver'),
    controllerManager: pair('kube-controller-manager'),
    scheduler: pair('kube-scheduler'),
    admin: pair('admin'),
    kafkaKeyStore: join(dir, 'kafka.pem'),
    kafkaClient: pair('kafka-client'),
    serviceAccountKey: join(dir, 'service-account.key'),
    serviceAccountPublicKey: join(dir, 'service-account.pub'),
  };
}

/** Makes what is missing; what is there is kept, since running parts and clients trust it. */
export function ensurePki(dir: string): Pki {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const pki = pkiPaths(dir);
  // The last file of the set: when it is there, the set is whole.
  if (existsSync(pki.serviceAccountPublicKey)) return pki;
  const authority = createAuthority(authorityName);
  const issuer = { key: authority.key, commonName: authorityName };
  const issue = (files: CertificateFiles, request: Parameters<typeof createCertificate>[1]) => {
    const made = createCertificate(issuer, request);
    writeSecret(files.key, pem(made.key));
    writeFileSync(files.cert, made.certificate);
  };
  writeFileSync(pki.ca, authority.certificate);
  issue(pki.apiServer, {
    commonName: 'kube-apiserver',
    hosts: [...loopback, ...apiServerNames, '10.96.0.1'],
  });
  issue(pki.controllerManager, {
    commonName: 'system:kube-controller-manager',
    hosts: loopback,
  });
  issue(pki.scheduler, { commonName: 'system:kube-scheduler', hosts: loopback });
  issue(pki.admin, { commonName: 'lagscaler-admin', organization: 'system:masters' });
  issue(pki.kafkaClient, { commonName: 'kafka-client' });
  const broker = createCertificate(issuer, { commonName: 'kafka', hosts: loopback });
  writeSecret(pki.kafkaKeyStore, pem(broker.key) + broker.certificate);
  const tokens = generateKeyPairSync('rsa', { modulusLength: 2048 });
  writeSecret(pki.serviceAccountKey, pem(tokens.privateKey));
  writeSecret(
    pki.serviceAccountPublicKey,
    tokens.publicKey.export({ type: 'spki', format: 'pem' }).toString(),
  );
  return pki;
}

function pem(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem' }).toString();
}

function writeSecret(path: string, content: string): void {
  writeFileSync(`${path}.new`, content, { mode: 0o600 });
  renameSync(`${path}.new`, path);
}

/** @returns the text of a certificate and its key, checked to be readable */
export function readPair({ cert, key }: CertificateFiles): { cert: string; key: string } {
  const keyPem = readFileSync(key, 'utf8');
  createPrivateKey(keyPem);
  return { cert: readFileSync(cert, 'utf8'), key: keyPem };
}
