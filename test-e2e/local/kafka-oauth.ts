import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
} from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { pkiPaths } from './pki.ts';

/** What the brokers demand of a token. */
export const tokenAudience = 'kafka';

const keyFile = (dir: string) => join(dir, 'pki', 'oauth.key');
const jwksFile = (dir: string) => join(dir, 'pki', 'jwks.json');

/** Where the brokers find the keys whose tokens they believe: those of the test issuer, and of the API server. */
export const jwksUrl = (dir: string): string => pathToFileURL(jwksFile(dir)).href;

/** The JVM only lets a broker read keys from where it is told. */
export const allowedUrls = (dir: string): string =>
  `-Dorg.apache.kafka.sasl.oauthbearer.allowed.urls=${jwksUrl(dir)}`;

/** Makes the issuer's key when it is missing; what is there is kept. */
export function ensureTokenKeys(dir: string): void {
  mkdirSync(join(dir, 'pki'), { recursive: true, mode: 0o700 });
  if (!existsSync(keyFile(dir))) {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    write(keyFile(dir), privateKey.export({ type: 'pkcs8', format: 'pem' }).toString());
  }
  const accounts = readFileSync(pkiPaths(join(dir, 'pki')).serviceAccountPublicKey, 'utf8');
  const keys = [createPublicKey(createPrivateKey(readIssuerKey(dir))), createPublicKey(accounts)];
  write(jwksFile(dir), JSON.stringify({ keys: keys.map(toJwk) }));
}

/** PEM of the key that signs what the brokers believe. */
export const readIssuerKey = (dir: string): string => readFileSync(keyFile(dir), 'utf8');

/** As the API server names the key in its tokens: the hash of its DER form. */
export const keyIdOf = (key: KeyObject): string =>
  createHash('sha256')
    .update(key.export({ type: 'spki', format: 'der' }))
    .digest('base64url');

const toJwk = (key: KeyObject) => ({
  ...key.export({ format: 'jwk' }),
  kid: keyIdOf(key),
  use: 'sig',
  alg: 'RS256',
});

function write(path: string, content: string): void {
  writeFileSync(`${path}.new`, content, { mode: 0o600 });
  renameSync(`${path}.new`, path);
}
