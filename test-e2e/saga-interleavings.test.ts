import type { Operation } from '@lagscaler/operation-service/operation.ts';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  type CrashPlan,
  createSagaModel,
  type Logged,
  ruleSays,
  type SagaModel,
} from './saga-model.ts';

/** The SAGA over a log that delivers at least once, in any order, to processes that may die anywhere. */

const noTurn = async () => undefined;

interface Message {
  readonly uuid: string;
  readonly data: { readonly uuid?: string };
}

/** True at any moment, whatever has happened so far. */
function expectConsistent(model: SagaModel): void {
  const { users, endings, decisions, operations } = model;
  for (const [uuid, { approved }] of users) {
    expect(decisions.get(uuid) ?? 0).toBe(approved === 'pending' ? 0 : 1);
  }
  for (const { operation } of operations.rows.values()) {
    expect(endings.get(operation.uuid) ?? 0).toBe(operation.state === 'pending' ? 0 : 1);
  }
  expectOneUserPerOperation(model);
}

function expectOneUserPerOperation({ log, users }: SagaModel): void {
  for (const { topic, key, value } of log) {
    const { uuid, data }: Message = JSON.parse(value);
    expect(key).toBe(uuid);
    if (topic !== 'user-create') expect(data.uuid).toBe(users.get(uuid)?.uuid);
  }
}

/** True when all is done. */
function expectComplete(model: SagaModel, mayTimeOut: boolean): void {
  const { operations, users } = model;
  expectConsistent(model);
  expect(users.size).toBe(operations.rows.size);
  expect(new Set([...users.values()].map(({ uuid }) => uuid)).size).toBe(users.size);
  for (const { operation } of operations.rows.values()) {
    const approved = users.get(operation.uuid)?.approved;
    expect(outcomes(operation, mayTimeOut)).toContainEqual({ approved, ...endOf(operation) });
    expect(operation.data).toMatchObject({ uuid: users.get(operation.uuid)?.uuid, approved });
  }
}

function endOf({ state, response, error }: Operation) {
  return { state, response, error };
}

function outcomes({ data }: Operation, mayTimeOut: boolean) {
  const failed = (error: string) => ({
    approved: 'false',
    state: 'failed',
    response: { state: 'failed', error },
    error,
  });
  const completed = {
    approved: 'true',
    state: 'completed',
    response: { state: 'completed' },
    error: undefined,
  };
  const byRule = ruleSays(String(data['name'])) === 'true' ? completed : failed('approval failed');
  return mayTimeOut ? [byRule, failed('approval timed out')] : [byRule];
}

const topics = ['user-create', 'user-approve', 'user-approve-response', 'user-create-response'];

/** Every order in which four messages can arrive, each once or twice. */
function* orders(left: readonly number[] = [2, 2, 2, 2]): Generator<readonly number[]> {
  const isPossible = (step: number) => step === 0 || (left[step - 1] ?? 0) < 2;
  yield [];
  for (const step of left.keys()) {
    const times = left[step] ?? 0;
    if (times === 0 || !isPossible(step)) continue;
    for (const rest of orders(left.with(step, times - 1))) yield [step, ...rest];
  }
}

/** The first message of each topic, in this order, as far as there is one. */
async function deliverInOrder(model: SagaModel, order: readonly number[], crash: CrashAt = {}) {
  for (const [turn, step] of order.entries()) {
    const message = model.log.find(({ topic }) => topic === topics[step]);
    if (message !== undefined) await model.deliver(message, crash[turn]);
  }
}
type CrashAt = Readonly<Record<number, CrashPlan>>;

test('every order of the four messages of one operation, each delivered up to twice', async () => {
  let count = 0;
  for (const order of orders()) {
    const model = createSagaModel(noTurn, 0);
    await model.post('hans');
    await deliverInOrder(model, order);
    expectConsistent(model);
    await model.settle();
    expectComplete(model, false);
    // The stateless service answers twice when asked twice; the coordinator never emits twice.
    const answers = Math.max(1, order.filter((step) => step === 1).length);
    expect(model.log).toHaveLength(3 + answers);
    count += 1;
  }
  expect(count).toBe(313);
});

const effects = [0, 1, 2, 3];
const crashPlans = topics.flatMap((topic, step) =>
  effects.flatMap((at) =>
    (['before', 'after'] as const).map((when) => [when, at, topic, step] as const),
  ),
);

test.for(crashPlans)('a crash %s effect %i of the handling of %s changes no end', async (plan) => {
  const [when, at, , step] = plan;
  const model = createSagaModel(noTurn, 0);
  await model.post('mallory');
  await deliverInOrder(model, [0, 1, 2, 3], { [step]: { at, when } });
  await model.settle();
  expectComplete(model, false);
});

type Task = (model: SagaModel, log: readonly Logged[]) => Promise<void>;

const crashes = fc.option(
  fc.record<CrashPlan>({
    at: fc.nat({ max: 5 }),
    when: fc.constantFrom('before' as const, 'after' as const),
  }),
  { nil: undefined, freq: 2 },
);
const deliveries = fc.tuple(fc.nat(), crashes).map(
  ([pick, crash]): Task =>
    async (model, log) => {
      const message = log[pick % Math.max(1, log.length)];
      if (message !== undefined) await model.deliver(message, crash);
    },
);
const tasks = fc.oneof(
  { weight: 8, arbitrary: deliveries },
  {
    weight: 2,
    arbitrary: crashes.map(
      (crash): Task =>
        (model) =>
          model.publish(crash),
    ),
  },
  {
    weight: 2,
    arbitrary: crashes.map(
      (crash): Task =>
        (model) =>
          model.sweep(crash),
    ),
  },
  {
    weight: 2,
    arbitrary: fc.constantFrom(1_000, 6_000, 11_000, 61_000).map(
      (ms): Task =>
        async (model) =>
          model.advance(ms),
    ),
  },
);
/** What happens at the same time, each in a process of its own; then the next. */
const histories = fc.array(fc.array(tasks, { minLength: 1, maxLength: 4 }), { maxLength: 30 });
const names = fc.array(fc.constantFrom('hans', 'mallory'), { minLength: 1, maxLength: 3 });

test.for([
  ['without a timeout', 0],
  ['with a timeout', 60_000],
] as const)(
  'any history of side-by-side processes that die anywhere, %s',
  async ([, timeoutMs]) => {
    const property = fc.asyncProperty(
      fc.scheduler(),
      names,
      histories,
      async (scheduler, posted, history) => {
        const model = createSagaModel(() => scheduler.schedule(Promise.resolve()), timeoutMs);
        const together = (work: readonly Promise<void>[]) =>
          scheduler.waitFor(Promise.all(work).then(() => undefined));
        await together(posted.map((name) => model.post(name)));
        for (const moment of history) {
          const log = [...model.log];
          await together(moment.map((task) => task(model, log)));
          expectConsistent(model);
        }
        await together([model.settle()]);
        expectComplete(model, timeoutMs > 0);
      },
    );
    await fc.assert(property, { numRuns: 300 });
  },
);
