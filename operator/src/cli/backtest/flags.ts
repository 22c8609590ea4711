import { parseArgs } from 'node:util';
import { UsageError } from '../usage-error.ts';

const flags = {
  trace: { type: 'string' },
  'from-prometheus': { type: 'string' },
  query: { type: 'string' },
  last: { type: 'string', default: '3d' },
  step: { type: 'string' },
  timeout: { type: 'string', default: '30' },
  'save-trace': { type: 'string' },
  scaler: { type: 'string' },
  partitions: { type: 'string', default: '24' },
  'rate-per-replica': { type: 'string', default: '1000' },
  'start-replicas': { type: 'string', default: '8' },
  'start-seconds': { type: 'string', default: '25-45' },
  rebalance: { type: 'string', default: 'cooperative:4' },
  'commit-seconds': { type: 'string', default: '5' },
  'poll-seconds': { type: 'string' },
  noise: { type: 'string', default: '0.1' },
  skew: { type: 'string', default: '0' },
  'slo-seconds': { type: 'string', default: '60' },
  seed: { type: 'string', default: '1' },
  fault: { type: 'string', multiple: true },
  compare: { type: 'boolean' },
  keda: { type: 'string', multiple: true },
  explain: { type: 'boolean' },
  plot: { type: 'string' },
  output: { type: 'string', short: 'o', default: 'table' },
  help: { type: 'boolean', short: 'h' },
} as const;

export type Flags = ReturnType<typeof parseFlags>;
type NumberFlag = {
  [F in keyof Flags]-?: Flags[F] extends string | undefined ? F : never;
}[keyof Flags];

/** @throws UsageError for an option that does not exist or lacks its value */
export function parseFlags(argv: readonly string[]) {
  try {
    return parseArgs({ args: [...argv], options: flags }).values;
  } catch (error) {
    const isOurs = (error as NodeJS.ErrnoException).code?.startsWith('ERR_PARSE_ARGS_');
    throw isOurs ? new UsageError((error as Error).message, { cause: error }) : error;
  }
}

/** Reads values of flags and keeps what is wrong with them. */
export class FlagReader {
  readonly problems: string[] = [];
  readonly flags: Flags;

  constructor(values: Flags) {
    this.flags = values;
  }

  integer(flag: NumberFlag, min: number, max: number): number {
    return this.#numberBetween(flag, /^\d+$/, 'a whole number', [min, max]);
  }

  decimal(flag: NumberFlag, min: number, max: number): number {
    return this.#numberBetween(flag, /^\d+(\.\d+)?$/, 'a number', [min, max]);
  }

  /** Adds the problem. @returns the stand-in for the value, which nobody will use */
  fail<T>(problem: string, standIn: T): T {
    this.problems.push(problem);
    return standIn;
  }

  #numberBetween(
    flag: NumberFlag,
    form: RegExp,
    noun: string,
    [min, max]: readonly [number, number],
  ): number {
    const text = this.flags[flag] ?? '';
    const value = form.test(text) ? Number(text) : Number.NaN;
    if (value >= min && value <= max) return value;
    return this.fail(`--${flag}: ${noun} from ${min} to ${max}, not "${text}"`, min);
  }
}
