import { spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { writePidFile } from './pidfile.ts';

interface RunOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly input?: string;
  readonly signal?: AbortSignal | undefined;
  readonly timeoutMs?: number;
  /** Records the process while it runs, so that it is found when we end before it does. */
  readonly pidFile?: string;
  /** Called with each whole line of stdout and stderr as it comes. */
  readonly onLine?: (line: string) => void;
}

/** A command that could not be run or ended with an error. */
class CommandError extends Error {
  override readonly name = 'CommandError';
  readonly exitCode: number | undefined;
  readonly output: string;

  constructor(command: string, exitCode: number | undefined, output: string, cause?: unknown) {
    const how = exitCode === undefined ? 'could not be run' : `ended with code ${exitCode}`;
    super(`${command} ${how}${output ? `:\n${lastLines(output, 20)}` : ''}`, { cause });
    this.exitCode = exitCode;
    this.output = output;
  }
}

/**
 * Runs a command to its end.
 * @returns its standard output
 * @throws CommandError with the last lines of its output when it fails or takes longer than `timeoutMs` (default 60 s)
 */
export function run(
  command: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<string> {
  const { cwd, env, input, timeoutMs = 60_000, onLine, pidFile } = options;
  const deadline = AbortSignal.timeout(timeoutMs);
  const signal = options.signal ? AbortSignal.any([options.signal, deadline]) : deadline;
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, env: { ...process.env, ...env }, signal });
    if (pidFile && child.pid !== undefined) writePidFile(pidFile, child.pid);
    const stdout: string[] = [];
    const stderr: string[] = [];
    child.stdout.setEncoding('utf8').on('data', collect(stdout, onLine));
    child.stderr.setEncoding('utf8').on('data', collect(stderr, onLine));
    child.stdin.on('error', () => {}); // a command that ends without reading: its exit code tells
    child.stdin.end(input ?? '');
    const title = [command, ...args.slice(0, 3)].join(' ');
    const output = () => [...stderr, ...stdout].join('');
    child.once('error', (cause) => {
      const why = deadline.aborted ? `no answer within ${timeoutMs} ms` : output();
      reject(options.signal?.aborted ? cause : new CommandError(title, undefined, why, cause));
    });
    child.once('close', (code) => {
      if (pidFile) rmSync(pidFile, { force: true });
      if (code === 0) resolve(stdout.join(''));
      else reject(new CommandError(title, code ?? undefined, output()));
    });
  });
}

function collect(into: string[], onLine: ((line: string) => void) | undefined) {
  let rest = '';
  return (chunk: string) => {
    into.push(chunk);
    if (!onLine) return;
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    lines.forEach(onLine);
  };
}

export function lastLines(text: string, count: number): string {
  return text.trimEnd().split('\n').slice(-count).join('\n');
}
