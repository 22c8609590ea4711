import { readFile } from 'node:fs/promises';
import type { Clock } from '../controller/clock.ts';
import { KafkaError } from './kafka-error.ts';
import { checkedToken, expiryText, type TokenSource } from './tokens.ts';

/** A token that the kubelet, or whoever else writes the file, keeps fresh: read for each authentication. */
export function createTokenFile(path: string, clock: Clock): TokenSource {
  const where = `token file ${path}`;
  return {
    async get() {
      const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
        throw unreadable(where, error);
      });
      return checkedToken(text, where);
    },
    refused: (token) =>
      `check audience and ServiceAccount of the volume that provides ${where}${expiryText(token, clock.now())}`,
    close: () => undefined,
  };
}

function unreadable(where: string, error: NodeJS.ErrnoException): KafkaError {
  const remedy =
    error.code === 'ENOENT'
      ? 'it does not exist: mount it into the operator or correct spec.kafka.sasl.oauthBearer.tokenFile'
      : `it cannot be read (${error.code}): check the volume and its mode`;
  return new KafkaError('SecretNotFound', `${where}: ${remedy}`, { cause: error });
}
