import { setTimeout as sleep } from 'node:timers/promises';
import type { Service } from './service-process.ts';

type Probe = readonly [service: Pick<Service, 'name' | 'status'>, path: string];
type Answer = number | string;

/**
 * Asks each of these probes four times a second while `happens` goes on.
 * @returns what was answered, each once; what is not 200 with the probe it came from
 */
export async function answersWhile(
  probes: readonly Probe[],
  happens: () => Promise<void>,
): Promise<readonly Answer[]> {
  const ended = new AbortController();
  const seen = new Set<Answer>();
  const watch = async ([{ name, status }, path]: Probe) => {
    do {
      const answer = await status(path).catch(String);
      seen.add(answer === 200 ? answer : `${path} of ${name}: ${answer}`);
      await sleep(250);
    } while (!ended.signal.aborted);
  };
  const watching = Promise.all(probes.map(watch));
  try {
    await happens();
  } finally {
    ended.abort();
    await watching;
  }
  return [...seen];
}
