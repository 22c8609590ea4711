import fc from 'fast-check';
import { expect, test } from 'vitest';
import { FakeClock, settle } from './fakes.ts';
import { createWorkQueue, type Result, type WorkQueueOptions } from './workqueue.ts';

/** A queue whose runs end when the test says so. */
function queueOf(options: Partial<WorkQueueOptions> = {}) {
  const clock = new FakeClock(0);
  const runs: { key: string; at: number; end: (result: Result | Error) => void }[] = [];
  const errors: unknown[] = [];
  const queue = createWorkQueue({
    clock,
    concurrency: 2,
    minBackoffMs: 1000,
    maxBackoffMs: 8000,
    random: () => 0.5, // no jitter
    onError: (_key, error) => errors.push(error),
    run: (key) =>
      new Promise((resolve, reject) =>
        runs.push({
          key,
          at: clock.now(),
          end: (result) => (result instanceof Error ? reject(result) : resolve(result)),
        }),
      ),
    ...options,
  });
  const end = async (index: number, result: Result | Error) => {
    runs[index]?.end(result);
    await settle();
  };
  return { queue, clock, runs, errors, end, keys: () => runs.map((run) => run.key) };
}

test('a key added many times runs once', () => {
  const { queue, keys } = queueOf({ concurrency: 0 });
  queue.add('a');
  queue.add('a');
  expect([queue.depth, keys()]).toEqual([1, []]);
});

test('a key added while it runs, runs once more afterwards and not at the same time', async () => {
  const { queue, keys, end } = queueOf();
  queue.add('a');
  queue.add('a');
  queue.add('a');
  expect(keys()).toEqual(['a']);
  await end(0, 'done');
  expect(keys()).toEqual(['a', 'a']);
  await end(1, 'done');
  expect(keys()).toEqual(['a', 'a']);
});

test('no more runs at the same time than allowed, in the order of arrival', async () => {
  const { queue, keys, end } = queueOf();
  for (const key of ['a', 'b', 'c', 'd']) queue.add(key);
  expect(keys()).toEqual(['a', 'b']);
  await end(1, 'done');
  expect(keys()).toEqual(['a', 'b', 'c']);
});

test('a requeue runs after its delay', async () => {
  const { queue, clock, runs, end } = queueOf();
  queue.add('a');
  await end(0, { requeueAfterMs: 5000 });
  await clock.advance(4999);
  expect(runs).toHaveLength(1);
  await clock.advance(1);
  expect(runs).toHaveLength(2);
});

test.for([3_600_000, -3_600_000])(
  'a requeue runs after its delay though the wall clock is set by %i ms',
  async (stepMs) => {
    const { queue, clock, keys, end } = queueOf();
    queue.add('a');
    await end(0, { requeueAfterMs: 5000 });
    clock.step(stepMs);
    await clock.advance(4999);
    expect(keys()).toEqual(['a']);
    await clock.advance(1);
    expect(keys()).toEqual(['a', 'a']);
  },
);

test('an early run replaces the planned one: one poll per interval, not two', async () => {
  const { queue, clock, runs, end } = queueOf();
  queue.add('a');
  await end(0, { requeueAfterMs: 5000 });
  await clock.advance(2000);
  queue.add('a');
  await end(1, { requeueAfterMs: 5000 });
  await clock.advance(4999);
  expect(runs).toHaveLength(2);
  await clock.advance(1);
  expect(runs).toHaveLength(3);
});

test('failures back off exponentially up to the cap, and one success ends that', async () => {
  const { queue, clock, runs, end } = queueOf();
  queue.add('a');
  for (const [index, delay] of [1000, 2000, 4000, 8000, 8000].entries()) {
    await end(index, 'retry');
    await clock.advance(delay - 1);
    expect(runs, `before ${delay}`).toHaveLength(index + 1);
    await clock.advance(1);
    expect(runs, `after ${delay}`).toHaveLength(index + 2);
  }
  await end(5, { requeueAfterMs: 10 });
  await clock.advance(10);
  await end(6, 'retry');
  await clock.advance(1000);
  expect(runs).toHaveLength(8);
});

test('a run that throws is told and retried', async () => {
  const { queue, clock, runs, errors, end } = queueOf();
  queue.add('a');
  const failure = new Error('broken');
  await end(0, failure);
  expect(errors).toEqual([failure]);
  await clock.advance(1000);
  expect(runs).toHaveLength(2);
});

test('stop waits for the runs in flight, starts none and leaves no timer', async () => {
  const { queue, clock, runs, end } = queueOf();
  queue.add('b');
  await end(0, { requeueAfterMs: 1000 });
  queue.add('a');
  let stopped = false;
  const stopping = queue.stop().then(() => {
    stopped = true;
  });
  queue.add('c');
  await settle();
  expect(stopped).toBe(false);
  await end(1, { requeueAfterMs: 1 });
  await stopping;
  await clock.advance(60_000);
  expect(runs).toHaveLength(2);
  expect(clock.timers).toBe(0);
});

test('runs that wait aside free their worker, and go on before keys that have not begun', async () => {
  const told: string[] = [];
  const gates = new Map<string, () => void>();
  const gate = (name: string) => new Promise<void>((open) => gates.set(name, open));
  const open = async (name: string) => {
    gates.get(name)?.();
    await settle();
    return told.splice(0);
  };
  const queue = createWorkQueue({
    clock: new FakeClock(0),
    concurrency: 1,
    minBackoffMs: 1,
    maxBackoffMs: 1,
    onError: () => {},
    async run(key) {
      told.push(`${key} begins`);
      await queue.aside(gate(`answer ${key}`));
      told.push(`${key} goes on`);
      await gate(`end ${key}`);
      return 'done';
    },
  });
  for (const key of ['a', 'b']) queue.add(key);
  expect(await open('none')).toEqual(['a begins', 'b begins']);
  expect(await open('answer b')).toEqual(['b goes on']);
  queue.add('c');
  queue.add('a'); // it runs, so that it begins again when it has ended
  expect(await open('answer a')).toEqual([]);
  expect(await open('end b')).toEqual(['a goes on']);
  expect(await open('end a')).toEqual(['c begins', 'a begins']);
  for (const gate of ['answer c', 'end c', 'answer a', 'end a']) await open(gate);
  await queue.stop();
});

test('thousands of keys that are due together and wait aside are no depth of the stack', async () => {
  const clock = new FakeClock(0);
  const answer = Promise.withResolvers<void>();
  const errors: unknown[] = [];
  let waiting = 0;
  const queue = createWorkQueue({
    clock,
    concurrency: 10,
    minBackoffMs: 1,
    maxBackoffMs: 1,
    onError: (_key, error) => errors.push(error),
    async run() {
      if (clock.now() === 0) return { requeueAfterMs: 5_000 };
      waiting += 1;
      await queue.aside(answer.promise);
      return 'done';
    },
  });
  for (let i = 0; i < 20_000; i += 1) queue.add(`key-${i}`);
  await settle();
  await clock.advance(5_000);
  expect(waiting).toBe(20_000);
  answer.resolve();
  await queue.stop();
  expect(errors).toEqual([]);
});

test('what rejects aside rejects in the run, which holds a worker again', async () => {
  const errors: unknown[] = [];
  const failure = new Error('silent');
  const queue = createWorkQueue({
    clock: new FakeClock(0),
    concurrency: 1,
    minBackoffMs: 1,
    maxBackoffMs: 1,
    onError: (_key, error) => errors.push(error),
    run: () => queue.aside(Promise.reject(failure)),
  });
  queue.add('a');
  await settle();
  expect(errors).toEqual([failure]);
  await queue.stop();
});

/** Obeys random commands and notes what must never happen. */
async function obey(
  commands: readonly Command[],
): Promise<{ overlaps: string[]; unserved: string[] }> {
  const { queue, clock, runs } = queueOf();
  const open: number[] = [];
  const unserved = new Set<string>();
  const overlaps: string[] = [];
  let seen = 0;
  const note = () => {
    for (const { key } of runs.slice(seen)) {
      if (open.some((index) => runs[index]?.key === key)) overlaps.push(key);
      unserved.delete(key);
      open.push(seen++);
    }
  };
  const endFirst = async (result: Result) => {
    runs[open.shift() ?? -1]?.end(result);
    await settle();
  };
  const obeyOne = {
    add: (c: Command) => {
      unserved.add(c.key);
      queue.add(c.key);
    },
    advance: (c: Command) => clock.advance(c.ms),
    done: () => endFirst('done'),
    requeue: (c: Command) => endFirst({ requeueAfterMs: c.ms }),
    retry: () => endFirst('retry'),
  };
  for (const command of commands) {
    await obeyOne[command.kind](command);
    note();
  }
  while (open.length > 0) {
    await endFirst('done');
    note();
  }
  return { overlaps, unserved: [...unserved] };
}

interface Command {
  readonly kind: 'add' | 'advance' | 'done' | 'requeue' | 'retry';
  readonly key: string;
  readonly ms: number;
}

test('whatever happens, no key runs twice at once and every added key runs after its last add', async () => {
  const command: fc.Arbitrary<Command> = fc.record({
    kind: fc.constantFrom('add', 'advance', 'done', 'requeue', 'retry'),
    key: fc.constantFrom('a', 'b', 'c'),
    ms: fc.integer({ min: 0, max: 50 }),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(command, { maxLength: 40 }), async (commands) => {
      expect(await obey(commands)).toEqual({ overlaps: [], unserved: [] });
    }),
    { numRuns: 60 },
  );
});

test('whatever waits aside, no more runs than allowed are at work and all come to their end', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.scheduler(),
      fc.integer({ min: 1, max: 3 }),
      fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 12 }),
      async (scheduler, concurrency, waits) => {
        let atWork = 0;
        let most = 0;
        const ended: string[] = [];
        const begin = () => {
          most = Math.max(most, ++atWork);
        };
        const queue = createWorkQueue({
          clock: new FakeClock(0),
          concurrency,
          minBackoffMs: 1,
          maxBackoffMs: 1,
          onError: (_key, error) => expect.unreachable(String(error)),
          async run(key) {
            begin();
            for (let left = waits[Number(key)] ?? 0; left > 0; left -= 1) {
              atWork -= 1;
              await queue.aside(scheduler.schedule(Promise.resolve()));
              begin();
            }
            await scheduler.schedule(Promise.resolve());
            atWork -= 1;
            ended.push(key);
            return 'done';
          },
        });
        for (const key of waits.keys()) queue.add(String(key));
        await scheduler.waitIdle();
        await queue.stop();
        expect(most).toBeLessThanOrEqual(concurrency);
        expect(ended).toHaveLength(waits.length);
      },
    ),
    { numRuns: 100 },
  );
});
