import { join } from 'node:path';
import type { Env } from './paths.ts';
import { run } from './run.ts';

/** A program that must be on the machine because it is what fetches or runs all the rest. */
export interface Tool {
  readonly title: string;
  readonly command: string;
  readonly versionArgs: readonly string[];
  /** First group: the version, compared number by number. */
  readonly versionPattern: RegExp;
  readonly atLeast: string;
  readonly why: string;
  readonly install: string;
}

/** What was found when a tool was asked for its version; undefined when it could not be run. */
export type Probe = (tool: Tool) => Promise<string | undefined>;

/** The `java` of JAVA_HOME, else the one on PATH. */
export function javaCommand(env: Env = process.env): string {
  return env['JAVA_HOME'] ? join(env['JAVA_HOME'], 'bin', 'java') : 'java';
}

export const java: Tool = {
  title: 'Java',
  command: javaCommand(),
  versionArgs: ['-version'],
  versionPattern: /version "(\d+(?:\.\d+)*)/,
  atLeast: '17',
  why: 'runs the Kafka brokers and the MongoDB stand-in',
  install: 'Debian and Ubuntu: apt install openjdk-17-jdk-headless',
};

/** The compiler as a module of `java` itself: it need not be on PATH, and is of the same version. */
export const javac = [javaCommand(), '-m', 'jdk.compiler/com.sun.tools.javac.Main'] as const;

export const jdk: Tool = {
  title: 'JDK',
  command: javac[0],
  versionArgs: [...javac.slice(1), '-version'],
  versionPattern: /javac (\d+(?:\.\d+)*)/,
  atLeast: '17',
  why: 'compiles the MongoDB stand-in, once',
  install: 'Debian and Ubuntu: apt install openjdk-17-jdk-headless',
};

export const maven: Tool = {
  title: 'Maven',
  command: 'mvn',
  versionArgs: ['--version'],
  versionPattern: /Apache Maven (\d+(?:\.\d+)*)/,
  atLeast: '3.6',
  why: 'fetches the jars of Kafka and of the MongoDB stand-in, once',
  install: 'Debian and Ubuntu: apt install maven',
};

export const go: Tool = {
  title: 'Go',
  command: 'go',
  versionArgs: ['version'],
  versionPattern: /go version go(\d+(?:\.\d+)*)/,
  atLeast: '1.24',
  why: 'builds the Kubernetes control plane, once',
  install:
    'https://go.dev/dl (Debian 13 and Ubuntu 25.04 or later: apt install golang-go; older packages are too old)',
};

/**
 * Proves that the tools are there.
 * @throws Error that names every one that is missing or too old, and what to install
 */
export async function requireTools(
  tools: readonly Tool[],
  probe: Probe = probeVersion,
): Promise<void> {
  const problems = await Promise.all(tools.map(async (tool) => problemOf(tool, await probe(tool))));
  const lines = problems.filter((problem) => problem !== undefined);
  if (lines.length > 0)
    throw new Error(`the embedded stack needs tools that are missing here:\n${lines.join('\n')}`);
}

function problemOf(tool: Tool, found: string | undefined): string | undefined {
  const need = `${tool.title} ${tool.atLeast} or later, which ${tool.why}`;
  if (found === undefined)
    return `  - ${need}: \`${tool.command}\` not found.\n      ${tool.install}`;
  const version = tool.versionPattern.exec(found)?.[1];
  if (version === undefined)
    return `  - ${need}: \`${tool.command} ${tool.versionArgs.join(' ')}\` told no version.\n      ${tool.install}`;
  if (isAtLeast(version, tool.atLeast)) return undefined;
  return `  - ${need}: \`${tool.command}\` is version ${version}.\n      ${tool.install}`;
}

export function isAtLeast(version: string, minimum: string): boolean {
  const have = version.split('.').map(Number);
  for (const [i, wanted] of minimum.split('.').map(Number).entries()) {
    const part = have[i] ?? 0;
    if (part !== wanted) return part > wanted;
  }
  return true;
}

async function probeVersion({ command, versionArgs }: Tool): Promise<string | undefined> {
  const lines: string[] = []; // `java -version` speaks on stderr
  try {
    await run(command, versionArgs, { onLine: (line) => lines.push(line) });
    return lines.join('\n');
  } catch {
    return undefined; // not there, or not able to tell its version: the same to the reader
  }
}
