import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { parseArgs } from 'node:util';
import { UsageError } from '../usage-error.ts';

/** Where the resource is read. */
export type ResourceSource =
  | { readonly kind: 'file'; readonly path: string }
  | {
      readonly kind: 'cluster';
      readonly name: string;
      /** Undefined: that of the current context. */
      readonly namespace: string | undefined;
      readonly kubeconfig: string;
      readonly timeoutMs: number;
    };

export interface ExplainOptions {
  readonly source: ResourceSource;
  readonly output: 'table' | 'json';
}

type Env = Readonly<Record<string, string | undefined>>;

const flags = {
  namespace: { type: 'string', short: 'n' },
  kubeconfig: { type: 'string' },
  file: { type: 'string', short: 'f' },
  output: { type: 'string', short: 'o', default: 'table' },
  timeout: { type: 'string', default: '10' },
  help: { type: 'boolean', short: 'h' },
} as const;

/**
 * What `lagscaler explain` was asked for.
 * @returns undefined for --help
 * @throws UsageError with every problem, one a line
 */
export function parseExplainOptions(argv: readonly string[], env: Env): ExplainOptions | undefined {
  const { values, positionals } = parse(argv);
  if (values.help) return undefined;
  const { file, output } = values;
  const problems: string[] = [];
  const [name = ''] = positionals;
  if (positionals.length + (file === undefined ? 0 : 1) !== 1)
    problems.push('name one KafkaConsumerScaler, or a file with --file');
  if (output !== 'table' && output !== 'json')
    problems.push(`--output: one of table, json, not "${output}"`);
  const timeoutMs = timeoutOf(values.timeout, problems);
  if (problems.length > 0) throw new UsageError(problems.join('\n'));
  const { namespace, kubeconfig = kubeconfigOf(env) } = values;
  return {
    source:
      file === undefined
        ? { kind: 'cluster', name, namespace, kubeconfig, timeoutMs }
        : { kind: 'file', path: file },
    output: output === 'json' ? 'json' : 'table',
  };
}

function timeoutOf(text: string, problems: string[]): number {
  const seconds = /^\d+$/.test(text) ? Number(text) : 0;
  if (seconds < 1 || seconds > 300)
    problems.push(`--timeout: seconds from 1 to 300, not "${text}"`);
  return seconds * 1000;
}

/** kubectl merges the files of KUBECONFIG; the first of them is read here. */
function kubeconfigOf(env: Env): string {
  const [first] = (env['KUBECONFIG'] ?? '').split(delimiter);
  return first || join(env['HOME'] || homedir(), '.kube', 'config');
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({ args: [...argv], options: flags, allowPositionals: true });
  } catch (error) {
    const isOurs = (error as NodeJS.ErrnoException).code?.startsWith('ERR_PARSE_ARGS_');
    throw isOurs ? new UsageError((error as Error).message, { cause: error }) : error;
  }
}
