import { expect, test } from 'vitest';
import { type ConfigReader, containerEnv, expand, fieldValue, parseQuantity } from './env.ts';
import { aContainer, aPod } from './fixtures.ts';
import type { EnvFrom, EnvVar } from './types.ts';

const network = { podIP: '127.20.0.5', hostIP: '127.0.0.1' };
const data = (values: Record<string, string>) =>
  Object.fromEntries(Object.entries(values).map(([key, value]) => [key, Buffer.from(value)]));
const reader: ConfigReader = {
  configMap: async (_, name) => (name === 'settings' ? data({ LEVEL: 'debug' }) : undefined),
  secret: async (_, name) => (name === 'db' ? data({ password: 'pw' }) : undefined),
};

async function envOf(env: EnvVar[], envFrom: EnvFrom[] = []): Promise<Record<string, string>> {
  const limits = { memory: '64Mi', cpu: '250m' };
  const container = aContainer({ env, envFrom, resources: { limits } });
  const pod = aPod({ containers: [container] }, { labels: { app: 'web' } });
  return containerEnv(pod, container, network, reader, { HOSTNAME: 'web-0' });
}

test.for([
  ['a known variable is replaced', '$(A)-$(B)', '1-2'],
  ['an unknown one stays as it is', '$(NOPE)', '$(NOPE)'],
  ['a doubled dollar sign keeps the text', '$$(A)', '$(A)'],
  ['three dollar signs are one and a variable', '$$$(A)', '$1'],
  ['a shell variable is none of ours', '$A $B', '$A $B'],
  ['an unfinished reference stays', '$(A', '$(A'],
] as const)('expand: %s', ([, text, expected]) => {
  expect(expand(text, { A: '1', B: '2' })).toBe(expected);
});

test('env is built in order: base, envFrom with prefix, then each variable with those before', async () => {
  const env = await envOf(
    [
      { name: 'URL', value: '$(HOSTNAME):$(APP_LEVEL):$(LATER)' },
      { name: 'LATER', value: 'x' },
    ],
    [{ prefix: 'APP_', configMapRef: { name: 'settings' } }],
  );
  expect(env).toEqual({
    HOSTNAME: 'web-0',
    APP_LEVEL: 'debug',
    URL: 'web-0:debug:$(LATER)',
    LATER: 'x',
  });
});

test.for<[string, EnvVar['valueFrom'], string | undefined]>([
  ['the pod name', { fieldRef: { fieldPath: 'metadata.name' } }, 'web-0'],
  ['the pod IP', { fieldRef: { fieldPath: 'status.podIP' } }, '127.20.0.5'],
  ['a label', { fieldRef: { fieldPath: "metadata.labels['app']" } }, 'web'],
  ['a label it has not', { fieldRef: { fieldPath: "metadata.labels['no']" } }, ''],
  ['memory in Mi', { resourceFieldRef: { resource: 'limits.memory', divisor: '1Mi' } }, '64'],
  ['CPU, rounded up', { resourceFieldRef: { resource: 'limits.cpu', divisor: '0' } }, '1'],
  ['a ConfigMap key', { configMapKeyRef: { name: 'settings', key: 'LEVEL' } }, 'debug'],
  ['a Secret key', { secretKeyRef: { name: 'db', key: 'password' } }, 'pw'],
  [
    'an optional missing Secret',
    { secretKeyRef: { name: 'x', key: 'k', optional: true } },
    undefined,
  ],
])('valueFrom: %s', async ([, valueFrom, expected]) => {
  const env = await envOf([{ name: 'V', ...(valueFrom && { valueFrom }) }]);
  expect(env['V']).toBe(expected);
});

test.for<[string, Promise<unknown> | (() => Promise<unknown>), string]>([
  [
    'a missing ConfigMap',
    () => envOf([], [{ configMapRef: { name: 'gone' } }]),
    'configmap "gone" not found',
  ],
  [
    'a missing Secret',
    () => envOf([{ name: 'V', valueFrom: { secretKeyRef: { name: 'gone', key: 'k' } } }]),
    'secret "gone" not found',
  ],
  [
    'a missing key',
    () => envOf([{ name: 'V', valueFrom: { secretKeyRef: { name: 'db', key: 'user' } } }]),
    "couldn't find key user in secret shop/db",
  ],
])('%s is refused with a message that names it', async ([, build, message]) => {
  await expect(build).rejects.toThrow(message);
});

test('a downward API field that does not exist is refused', () => {
  expect(() => fieldValue(aPod(), 'status.mood', network)).toThrow('fieldPath status.mood');
});

test.for([
  ['1', 1],
  ['500m', 0.5],
  ['64Mi', 67_108_864],
  ['2k', 2000],
  ['1e3', 1000],
] as const)('the quantity %s is %d', ([text, expected]) => {
  expect(parseQuantity(text)).toBeCloseTo(expected);
});
