import { parseArgs } from 'node:util';
import { ConfigError, type Env } from '@lagscaler/demo-shared/env-reader.ts';
import { flags } from './config.ts';

/**
 * The environment with the command line on top; undefined when help was asked for.
 * @throws ConfigError for a flag that does not exist or has no value
 */
export function readCommandLine(args: readonly string[], env: Env): Env | undefined {
  const { help, ...given } = parse(args);
  if (help === true) return undefined;
  const fromFlags = Object.entries(given).map(([flag, value]) => [flags[flag]?.env, value]);
  return { ...env, ...Object.fromEntries(fromFlags) };
}

function parse(args: readonly string[]) {
  const strings = Object.keys(flags).map((flag) => [flag, { type: 'string' as const }] as const);
  try {
    return parseArgs({
      args: [...args],
      options: {
        ...Object.fromEntries(strings),
        help: { type: 'boolean' as const, short: 'h' },
      },
    }).values;
  } catch (error) {
    throw new ConfigError([error instanceof Error ? error.message : String(error)]);
  }
}

export function helpText(): string {
  const rows = Object.entries(flags).map(
    ([flag, { env, value, help }]) =>
      `  ${`--${flag} ${value}`.padEnd(32)}${env.padEnd(30)}${help}`,
  );
  return [
    'loadgen: sends user-approve messages to Kafka at a fixed schedule (open loop).',
    '',
    `  ${'flag'.padEnd(32)}${'variable'.padEnd(30)}`,
    ...rows,
    '',
    'Exits 0 when every record was acknowledged and, with --verify, answered rightly.',
    '',
  ].join('\n');
}
