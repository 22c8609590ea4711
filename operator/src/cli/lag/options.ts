import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import type { KafkaConnection } from '../../controller/ports.ts';
import { parseServer } from '../../kafka/credentials.ts';
import { parseClientConfig } from '../client-config.ts';
import { UsageError } from '../usage-error.ts';

export interface LagOptions {
  readonly connection: KafkaConnection;
  /** Undefined: all consumer groups of the cluster. */
  readonly groups: readonly string[] | undefined;
  /** Empty: all. */
  readonly topics: readonly string[];
  readonly isolationLevel: 'read_uncommitted' | 'read_committed';
  readonly output: 'table' | 'json';
  /** Between the two readings; 0: one reading. */
  readonly sampleMs: number;
  readonly timeoutMs: number;
}

type Env = Readonly<Record<string, string | undefined>>;

const flags = {
  bootstrap: { type: 'string', multiple: true },
  group: { type: 'string', multiple: true },
  all: { type: 'boolean' },
  topic: { type: 'string', multiple: true },
  output: { type: 'string', short: 'o', default: 'table' },
  isolation: { type: 'string', default: 'read_uncommitted' },
  sample: { type: 'string', default: '2' },
  timeout: { type: 'string', default: '10' },
  config: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
} as const;

/**
 * What `lagscaler lag` was asked for.
 * @returns undefined for --help
 * @throws UsageError with every problem, one a line
 */
export function parseLagOptions(argv: readonly string[], env: Env): LagOptions | undefined {
  const values = parse(argv);
  if (values.help) return undefined;
  const problems: string[] = [];
  const oneOf = <T extends string>(flag: string, allowed: readonly T[], text: string) => {
    const found = allowed.find((value) => value === text);
    if (!found) problems.push(`--${flag}: one of ${allowed.join(', ')}, not "${text}"`);
    return found ?? (allowed[0] as T);
  };
  const seconds = (flag: 'sample' | 'timeout', min: number, max: number) => {
    const value = /^\d+(\.\d+)?$/.test(values[flag]) ? Number(values[flag]) : Number.NaN;
    if (value >= min && value <= max) return value * 1000;
    problems.push(`--${flag}: seconds from ${min} to ${max}, not "${values[flag]}"`);
    return min * 1000;
  };
  if ((values.all === true) === (values.group !== undefined)) {
    problems.push('name a group with --group, once for each, or ask for --all');
  }
  const options = {
    connection: connectionOf(values.bootstrap, values.config, env, problems),
    groups: values.all ? undefined : [...new Set(values.group)].sort(),
    topics: values.topic ?? [],
    isolationLevel: oneOf('isolation', ['read_uncommitted', 'read_committed'], values.isolation),
    output: oneOf('output', ['table', 'json'], values.output),
    sampleMs: seconds('sample', 0, 3600),
    timeoutMs: seconds('timeout', 1, 300),
  };
  if (problems.length > 0) throw new UsageError(problems.join('\n'));
  return options;
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({ args: [...argv], options: flags }).values;
  } catch (error) {
    const isOurs = (error as NodeJS.ErrnoException).code?.startsWith('ERR_PARSE_ARGS_');
    throw isOurs ? new UsageError((error as Error).message, { cause: error }) : error;
  }
}

function connectionOf(
  bootstrap: readonly string[] | undefined,
  config: string | undefined,
  env: Env,
  problems: string[],
): KafkaConnection {
  const file = config === undefined ? undefined : readConfig(config, env, problems);
  const named = bootstrap?.join() ?? file?.bootstrapServers ?? '';
  const bootstrapServers = named.split(',').map((server) => server.trim());
  if (named === '') problems.push('name the brokers with --bootstrap host:port[,host:port…]');
  else
    for (const server of bootstrapServers) if (!isServer(server)) problems.push(notServer(server));
  return { bootstrapServers, tls: file?.tls, sasl: file?.sasl };
}

function readConfig(path: string, env: Env, problems: string[]) {
  const readFile = (name: string) => readFileSync(name, 'utf8');
  try {
    return parseClientConfig(path, readFile(path), { env, readFile });
  } catch (error) {
    const why = error instanceof UsageError ? error.message : `--config: ${reasonOf(error)}`;
    problems.push(why);
    return undefined;
  }
}

const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : `${error}`);

function isServer(text: string): boolean {
  try {
    parseServer(text);
    return true;
  } catch {
    return false;
  }
}

const notServer = (text: string): string =>
  `--bootstrap: "${text}" is not host:port, e.g. kafka:9092 or [::1]:9092`;
