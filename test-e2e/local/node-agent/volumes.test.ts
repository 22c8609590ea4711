import { mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { aContainer, aPod } from './fixtures.ts';
import type { Volume } from './types.ts';
import { makeVolumes, relocate } from './volumes.ts';

const container = aContainer({
  volumeMounts: [
    { name: 'data', mountPath: '/data' },
    { name: 'deep', mountPath: '/data/deep/' },
    { name: 'one', mountPath: '/etc/app/one.txt', subPath: 'one.txt' },
  ],
});

test.for([
  ['a mount path', '/data', '/v/data'],
  ['a path below it', '/data/x/y', '/v/data/x/y'],
  ['the deeper mount wins', '/data/deep/x', '/v/deep/x'],
  ['a mounted file', '/etc/app/one.txt', '/v/one/one.txt'],
  ['only whole names match', '/database', '/database'],
  ['other text stays', 'see /data', 'see /data'],
] as const)('relocate: %s', ([, text, expected]) => {
  expect(relocate(text, container, '/v')).toBe(expected);
});

const sources = {
  reader: {
    configMap: async () => ({ a: Buffer.from('1'), b: Buffer.from([0, 255]) }),
    secret: async () => undefined,
  },
  network: { podIP: '127.20.0.5', hostIP: '127.0.0.1' },
  readToken: async () => 'token-text',
};

async function make(volume: Omit<Volume, 'name'>): Promise<string> {
  const dir = mkdtempSync(join(tmpdir(), 'volumes-'));
  await makeVolumes(aPod({ volumes: [{ name: 'v', ...volume }] }), dir, sources);
  return join(dir, 'v');
}

test('a ConfigMap volume has a file per key, bytes unchanged', async () => {
  const dir = await make({ configMap: { name: 'settings' } });
  expect(readdirSync(dir).sort()).toEqual(['a', 'b']);
  expect([...readFileSync(join(dir, 'b'))]).toEqual([0, 255]);
});

test('items choose keys and paths', async () => {
  const dir = await make({ configMap: { name: 's', items: [{ key: 'a', path: 'x/y' }] } });
  expect(readFileSync(join(dir, 'x/y'), 'utf8')).toBe('1');
  expect(readdirSync(dir)).toEqual(['x']);
});

test('a projected volume holds token and downward API', async () => {
  const name = { path: 'name', fieldRef: { fieldPath: 'metadata.name' } };
  const dir = await make({
    projected: {
      sources: [{ serviceAccountToken: { path: 'token' } }, { downwardAPI: { items: [name] } }],
    },
  });
  expect(readFileSync(join(dir, 'token'), 'utf8')).toBe('token-text');
  expect(readFileSync(join(dir, 'name'), 'utf8')).toBe('web-0');
});

test.for<[string, Omit<Volume, 'name'>, string]>([
  ['a missing Secret', { secret: { secretName: 'gone' } }, 'secret "gone" not found'],
  ['a hostPath', { hostPath: { path: '/' } } as object, 'no hostPath volumes'],
])('%s is refused', async ([, volume, message]) => {
  await expect(make(volume)).rejects.toThrow(message);
});

test('an optional missing Secret is an empty folder', async () => {
  expect(readdirSync(await make({ secret: { secretName: 'gone', optional: true } }))).toEqual([]);
});
