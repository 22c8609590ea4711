import { expect, test } from 'vitest';
import { go, isAtLeast, java, javaCommand, maven, requireTools, type Tool } from './tools.ts';

const answers: Record<string, string> = {
  [java.title]: 'openjdk version "17.0.15" 2025-04-15',
  [maven.title]: 'Apache Maven 3.8.7',
  [go.title]: 'go version go1.26.8 linux/amd64',
};
const machineWith = (changes: Record<string, string | undefined>) => async (tool: Tool) =>
  tool.title in changes ? changes[tool.title] : answers[tool.title];

test('a machine with all tools is accepted', async () => {
  await expect(requireTools([java, maven, go], machineWith({}))).resolves.toBeUndefined();
});

test('all missing tools are named at once, each with what to install', async () => {
  const bare = machineWith({ Java: undefined, Maven: undefined, Go: undefined });
  const told = await requireTools([java, maven, go], bare).catch((error: Error) => error.message);
  for (const words of [
    '`java` not found',
    'openjdk-17-jdk-headless',
    'apt install maven',
    'go.dev',
  ])
    expect(told).toContain(words);
});

test('a tool that is present is not named among the missing', async () => {
  const told = await requireTools([java, go], machineWith({ Go: undefined })).catch(String);
  expect(told).not.toContain('Java');
});

test.for([
  ['an old Java', { Java: 'openjdk version "11.0.2" 2019-01-15' }, 'is version 11.0.2'],
  ['a Java that numbers itself 1.8', { Java: 'java version "1.8.0_392"' }, 'is version 1.8.0'],
  ['a Go older than the module needs', { Go: 'go version go1.19.8 linux/amd64' }, '1.24 or later'],
  ['a tool that tells no version', { Maven: 'hello' }, 'told no version'],
] as const)('%s is refused', async ([, changes, words]) => {
  await expect(requireTools([java, maven, go], machineWith(changes))).rejects.toThrow(words);
});

test.for([
  ['1.24', '1.24', true],
  ['1.24.3', '1.24', true],
  ['1.9', '1.24', false],
  ['21', '17', true],
  ['3', '3.6', false],
] as const)('%s is at least %s: %s', ([version, minimum, expected]) => {
  expect(isAtLeast(version, minimum)).toBe(expected);
});

test('JAVA_HOME comes before PATH', () => {
  expect(javaCommand({ JAVA_HOME: '/opt/jdk' })).toBe('/opt/jdk/bin/java');
  expect(javaCommand({})).toBe('java');
});
