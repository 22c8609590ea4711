import { readFileSync } from 'node:fs';
import { sleep } from './clock.ts';

const sampleMs = 75;
const longestMs = 20_000;

/**
 * Resolves when a process that was just started has come to rest: it used no CPU between two looks.
 * So it has loaded its program and waits for something, be it a client, a broker or a timer. Also
 * resolves when it has ended, when the signal aborts, or after 20 s.
 */
export async function untilSettled(pid: number, signal: AbortSignal): Promise<void> {
  const until = performance.now() + longestMs;
  let before = -1;
  while (!signal.aborted && performance.now() < until) {
    const used = cpuTicks(pid);
    if (used === undefined || used === before) return;
    before = used;
    await sleep(sampleMs, signal);
  }
}

/**
 * CPU time that a process has used, in ticks; undefined when it has ended.
 * NaN, which equals nothing, while it runs or waits for a core: then it has not settled.
 */
function cpuTicks(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const [state, user, system] = [fields[0], Number(fields[11]), Number(fields[12])];
    if (state === 'Z') return undefined;
    return state === 'R' ? Number.NaN : user + system;
  } catch {
    return undefined;
  }
}
