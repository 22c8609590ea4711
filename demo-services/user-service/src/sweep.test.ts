import { expect, test } from 'vitest';
import type { User } from './store.ts';
import { sweep } from './sweep.ts';

const user = { operationUuid: 'operation', uuid: 'user', approved: 'pending' } as User;
const fullPage: readonly User[] = Array.from({ length: 100 }, () => user);

/** A database with no end of work, and a stop at one moment of it. */
function endlessWork(stopAt: string) {
  const stopping = new AbortController();
  const counts = { looks: 0, worked: 0 };
  const reach = (moment: string) => {
    if (moment === stopAt) stopping.abort();
  };
  const page = async () => {
    counts.looks += 1;
    reach(`look ${counts.looks}`);
    return fullPage;
  };
  const work = async () => {
    counts.worked += 1;
    reach(`user ${counts.worked}`);
  };
  const options = {
    store: { unsentSince: page, pendingSince: page },
    coordinator: { resend: work, timeOut: work },
    resendAfterMs: 1,
    timeoutMs: 1,
    signal: stopping.signal,
    log: { error: (line: unknown) => expect.fail(JSON.stringify(line)) },
  };
  return { options, counts };
}

test.for([
  ['between two pages', 'user 150', { looks: 2, worked: 200 }],
  ['between the look and the work', 'look 2', { looks: 2, worked: 100 }],
] as const)('a stop %s ends the sweep', async ([, stopAt, expected]) => {
  const { options, counts } = endlessWork(stopAt);
  await sweep(options, 0);
  expect(counts).toEqual(expected);
});
