import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';

const main = join(resolve(import.meta.dirname, '..'), 'operator/src/cli/main.ts');

/** What the process of one `lagscaler` command left. */
export interface CommandResult {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `lagscaler` as a person would. */
export async function cliCommand(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<CommandResult> {
  const options = { env: { ...process.env, ...env }, timeout: 60_000 };
  const child = spawn(process.execPath, [main, ...args], options);
  const [stdout, stderr, [exitCode]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'exit') as Promise<[number | null]>,
  ]);
  return { exitCode, stdout, stderr };
}

export function lagCommand(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<CommandResult> {
  return cliCommand(['lag', ...args], env);
}
