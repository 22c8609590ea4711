import { afterAll, beforeAll, expect, test } from 'vitest';
import { postUsers } from '../saga-posts.ts';
import { type SagaRun, startSagaRun } from '../saga-run.ts';
import { suiteCluster } from '../suite.ts';

/**
 * Each step of the SAGA has two effects, such as a write and a message. Its service is killed between
 * the two, and comes back: no operation is lost, none has two users.
 */

const { cluster } = await suiteCluster();
let saga: SagaRun;
beforeAll(async () => {
  saga = await startSagaRun(cluster);
});
afterAll(() => saga?.stop());

test.for([
  ['1: stored, not yet produced', 'operation-service', 'operation-stored'],
  ['2: user stored, approval not yet asked for', 'user-service', 'user-stored'],
  ['3: decision produced, not yet committed', 'user-approval-service', 'decision-produced'],
  ['4: user decided, not yet told', 'user-service', 'user-decided'],
  ['5: operation terminal, not yet committed', 'operation-service', 'operation-updated'],
] as const)(
  'SIGKILL in step %s: everything is done once after the restart',
  async ([, name, point]) => {
    const doomed = await saga.replace(name, { FAULT_AT: `${point}:kill` });
    const { accepted } = await postUsers(saga.url(), 20);
    for (const [uuid, user] of accepted) saga.accepted.set(uuid, user);
    expect(await doomed.exited).toBe(null);
    await saga.replace(name);
    await saga.post(10);
    const { duplicates } = await saga.balance();
    console.log(`${point}: duplicates ${JSON.stringify(duplicates)}`);
  },
);
