import {
  createHash,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  sign,
} from 'node:crypto';

// A certificate authority in DER, small because the stack needs one kind of key (P-256) and a handful of extensions. It
// spares every machine an openssl command and every checkout twenty packages.

export interface KeyAndCertificate {
  readonly key: KeyObject;
  /** PEM */
  readonly certificate: string;
}

interface CertificateRequest {
  readonly commonName: string;
  /** Kubernetes reads it as a group. */
  readonly organization?: string;
  /** Names and addresses a server answers to. */
  readonly hosts?: readonly string[];
}

interface Issuer {
  readonly key: KeyObject;
  readonly commonName: string;
}

/** A self-signed authority, valid for ten years. */
export function createAuthority(commonName: string): KeyAndCertificate {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const extensions = [
    extension('2.5.29.19', sequence(boolean(true))), // basicConstraints: CA
    extension('2.5.29.15', bitString(Buffer.from([0x06]), 1)), // keyUsage: keyCertSign, cRLSign
  ];
  const issuer = { key: privateKey, commonName };
  return { key: privateKey, certificate: issue(issuer, { commonName }, publicKey, extensions) };
}

/** A certificate for both sides of TLS, valid for ten years. */
export function createCertificate(issuer: Issuer, request: CertificateRequest): KeyAndCertificate {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const { hosts = [] } = request;
  const extensions = [
    extension('2.5.29.19', sequence()), // basicConstraints: no CA
    extension('2.5.29.15', bitString(Buffer.from([0x80]), 7)), // keyUsage: digitalSignature
    // extKeyUsage: serverAuth, clientAuth
    extension('2.5.29.37', sequence(oid('1.3.6.1.5.5.7.3.1'), oid('1.3.6.1.5.5.7.3.2'))),
    ...(hosts.length > 0 ? [extension('2.5.29.17', sequence(...hosts.map(generalName)))] : []),
  ];
  return { key: privateKey, certificate: issue(issuer, request, publicKey, extensions) };
}

function issue(
  issuer: Issuer,
  subject: CertificateRequest,
  publicKey: KeyObject,
  extensions: readonly Buffer[],
): string {
  const ecdsaWithSha256 = sequence(oid('1.2.840.10045.4.3.2'));
  const hour = 3_600_000;
  const toBeSigned = sequence(
    tlv(0xa0, integer(Buffer.from([2]))), // version 3
    integer(Buffer.concat([Buffer.from([1]), randomBytes(15)])), // serial; the 1 keeps it positive
    ecdsaWithSha256,
    name({ commonName: issuer.commonName }),
    sequence(time(Date.now() - hour), time(Date.now() + 10 * 365 * 24 * hour)),
    name(subject),
    spki(publicKey),
    tlv(0xa3, sequence(...extensions, ...keyIdentifiers(issuer, publicKey))),
  );
  const signature = sign('sha256', toBeSigned, issuer.key);
  const der = sequence(toBeSigned, ecdsaWithSha256, bitString(signature, 0));
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n');
}

/** Strict verifiers want a certificate to name its own key and its issuer's. */
function keyIdentifiers(issuer: Issuer, publicKey: KeyObject): Buffer[] {
  const identifier = (key: KeyObject) => createHash('sha1').update(spki(key)).digest();
  return [
    extension('2.5.29.14', tlv(0x04, identifier(publicKey))),
    extension('2.5.29.35', sequence(tlv(0x80, identifier(createPublicKey(issuer.key))))),
  ];
}

function spki(publicKey: KeyObject): Buffer {
  return publicKey.export({ type: 'spki', format: 'der' });
}

function tlv(tag: number, ...content: Buffer[]): Buffer {
  const body = Buffer.concat(content);
  if (body.length < 128) return Buffer.concat([Buffer.from([tag, body.length]), body]);
  const hex = body.length.toString(16);
  const length = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex');
  // DER wants the shortest form, and Go refuses anything else.
  return Buffer.concat([Buffer.from([tag, 0x80 + length.length]), length, body]);
}

function sequence(...content: Buffer[]): Buffer {
  return tlv(0x30, ...content);
}

function integer(bytes: Buffer): Buffer {
  return tlv(0x02, bytes);
}

function boolean(value: true): Buffer {
  return tlv(0x01, Buffer.from([value ? 0xff : 0]));
}

function bitString(bytes: Buffer, unusedBits: number): Buffer {
  return tlv(0x03, Buffer.from([unusedBits]), bytes);
}

function oid(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  return tlv(0x06, Buffer.from([first * 40 + second, ...rest.flatMap(base128)]));
}

function base128(value: number): number[] {
  const bytes = [value & 0x7f];
  for (let left = value >> 7; left > 0; left >>= 7) bytes.unshift((left & 0x7f) | 0x80);
  return bytes;
}

function name({ commonName, organization }: CertificateRequest): Buffer {
  const attribute = (type: string, value: string) =>
    tlv(0x31, sequence(oid(type), tlv(0x0c, Buffer.from(value))));
  const groups = organization === undefined ? [] : [attribute('2.5.4.10', organization)];
  return sequence(...groups, attribute('2.5.4.3', commonName));
}

function time(epochMs: number): Buffer {
  // UTCTime has two digits for the year, and every reader takes 00 to 49 for 2000 to 2049.
  const digits = new Date(epochMs).toISOString().replace(/[-:T]/g, '').slice(2, 14);
  return tlv(0x17, Buffer.from(`${digits}Z`));
}

function generalName(host: string): Buffer {
  const isAddress = /^\d+\.\d+\.\d+\.\d+$/.test(host);
  return isAddress
    ? tlv(0x87, Buffer.from(host.split('.').map(Number)))
    : tlv(0x82, Buffer.from(host));
}

function extension(type: string, value: Buffer): Buffer {
  const critical = type === '2.5.29.19' || type === '2.5.29.15';
  return sequence(oid(type), ...(critical ? [boolean(true)] : []), tlv(0x04, value));
}
