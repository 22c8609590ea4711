import { spawn } from 'node:child_process';
import { once } from 'node:events';

/** Runs a command with its output on this terminal. @returns its exit code; 1 when it was killed */
export async function run(command: string, args: readonly string[]): Promise<number> {
  const child = spawn(command, args, { stdio: 'inherit' });
  const [code] = await once(child, 'close');
  return typeof code === 'number' ? code : 1;
}

export interface Step {
  readonly title: string;
  readonly run: () => Promise<number>;
}

/** Runs every step, also after a failure, so that one run shows all there is to mend. */
export async function runSteps(steps: readonly Step[]): Promise<boolean> {
  const failed: string[] = [];
  for (const { title, run } of steps) {
    const started = performance.now();
    console.log(`── ${title}`);
    const code = await run();
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    console.log(`${code === 0 ? '✓' : '✗'} ${title} (${seconds} s)`);
    if (code !== 0) failed.push(title);
  }
  if (failed.length > 0) console.log(`failed: ${failed.join(', ')}`);
  return failed.length === 0;
}
