import { parseArgs } from 'node:util';
import { ConfigError, type Env } from '@lagscaler/demo-shared/env-reader.ts';
import { type Flag, flags } from './flags.ts';

/**
 * The environment with the command line on top; undefined when help was asked for.
 * @throws ConfigError for a flag that does not exist or has no value
 */
export function readCommandLine(args: readonly string[], env: Env): Env | undefined {
  const { help, ...given } = parse(args);
  if (help === true) return undefined;
  const fromFlags = Object.entries(given).map(([flag, value]) => [flags[flag]?.env, String(value)]);
  return { ...env, ...Object.fromEntries(fromFlags) };
}

function parse(args: readonly string[]) {
  const typed = Object.entries(flags).map(
    ([flag, { value }]) => [flag, { type: value === undefined ? 'boolean' : 'string' }] as const,
  );
  try {
    return parseArgs({
      args: [...args],
      allowNegative: true,
      options: { ...Object.fromEntries(typed), help: { type: 'boolean' as const, short: 'h' } },
    }).values;
  } catch (error) {
    throw new ConfigError([error instanceof Error ? error.message : String(error)]);
  }
}

export function helpText(): string {
  return [
    'loadgen: creates users through operation-service on a fixed schedule, however slowly it answers.',
    '',
    ...Object.entries(flags).flatMap(([flag, description]) => helpLines(flag, description)),
    '',
    'SIGTERM or SIGINT ends the schedule: the report follows when what was sent is answered and, with --wait,',
    'at most 20 s later; a second one ends the waiting. Exit code 0: every request of the schedule was',
    'accepted and, with --wait, every operation ended as predicted. 1: not so, or a bad configuration.',
    '',
  ].join('\n');
}

function helpLines(flag: string, { env, value, help }: Flag): readonly string[] {
  const usage = value === undefined ? `--${flag}` : `--${flag} <${value}>`;
  return [`  ${usage.padEnd(42)}${env}`, `      ${help}`];
}
