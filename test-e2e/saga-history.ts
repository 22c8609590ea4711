import { setTimeout as sleep } from 'node:timers/promises';
import { readOperations, type SagaBackends } from './saga.ts';

/** Looks at every operation ten times a second: a state once terminal must stay as it is. */
export function watchHistory(backends: SagaBackends) {
  const states = new Map<string, string[]>();
  const ended = new AbortController();
  const look = async () => {
    for (const { uuid, state } of await readOperations(backends)) {
      const seen = states.get(uuid) ?? [];
      if (seen.at(-1) !== state) states.set(uuid, [...seen, state]);
    }
  };
  const watching = (async () => {
    while (!ended.signal.aborted) {
      await look();
      await sleep(100);
    }
  })();
  return {
    /** The operations that changed after they were terminal, with the states that were seen. */
    async end(): Promise<readonly (readonly [string, readonly string[]])[]> {
      ended.abort();
      await watching;
      return [...states].filter(([_, seen]) =>
        seen.slice(0, -1).some((state) => state !== 'pending'),
      );
    },
  };
}
