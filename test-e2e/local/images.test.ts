import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect, test } from 'vitest';
import { commandLine, findImage, images, networkEnv, parseImage } from './images.ts';
import { aContainer } from './node-agent/fixtures.ts';

test.for([
  ['a', 'a', undefined, undefined],
  ['a:1', 'a', '1', undefined],
  ['lagscaler/operator', 'lagscaler/operator', undefined, undefined],
  ['docker.io/lagscaler/operator:v1', 'lagscaler/operator', 'v1', undefined],
  ['registry:5000/lagscaler/operator', 'lagscaler/operator', undefined, undefined],
  ['localhost/lagscaler/operator:dev', 'lagscaler/operator', 'dev', undefined],
  ['g/n:1@sha256:abc', 'g/n', '1', 'sha256:abc'],
  ['g/n@sha256:abc', 'g/n', undefined, 'sha256:abc'],
] as const)('the image %s is %s', ([reference, name, tag, digest]) => {
  expect(parseImage(reference)).toEqual({ name, tag, digest });
});

test('an unknown image is refused with the list of known ones', () => {
  expect(() => findImage('nginx:1')).toThrow(/"nginx:1".*lagscaler\/operator.*lagscaler\/sleep/);
});

const image = { entry: 'app/main.ts', args: ['--default'] };

test.for([
  ['neither: program with its default arguments', {}, ['app/main.ts', '--default']],
  ['args replace the default arguments', { args: ['-x'] }, ['app/main.ts', '-x']],
  ['no args is not the default', { args: [] }, ['app/main.ts']],
  ['command replaces both', { command: ['node', 'b.ts'] }, ['b.ts']],
  ['command and args', { command: ['node', 'b.ts'], args: ['-x'] }, ['b.ts', '-x']],
] as const)('command line: %s', ([, fields, expected]) => {
  const [program, ...rest] = commandLine(image, aContainer(fields));
  const repository = resolve(import.meta.dirname, '../..');
  expect(program).toBe(process.execPath);
  expect(rest.map((each) => each.replace(`${repository}/`, ''))).toEqual(expected);
});

test('another program than node is taken as it is', () => {
  expect(commandLine(image, aContainer({ command: ['sh', '-c', 'true'] }))).toEqual([
    'sh',
    '-c',
    'true',
  ]);
});

test('every program and module of the registry exists', () => {
  const files = Object.values(images).flatMap(({ entry, module }) => [entry, module ?? entry]);
  const missing = files.filter((file) => !existsSync(resolve(import.meta.dirname, '../..', file)));
  expect(missing).toEqual([]);
});

test('a pod listens on its own address', () => {
  expect(networkEnv('127.20.0.5')).toEqual({ HTTP_HOST: '127.20.0.5' });
});
