import type { KafkaMessage } from 'kafkajs';
import { describe, expect, test } from 'vitest';
import { type Batch, type BatchPorts, processBatch } from './process-batch.ts';
import { createUncommitted } from './uncommitted.ts';

class GroupError extends Error {
  readonly type: string;

  constructor(type: string) {
    super(type);
    this.type = type;
  }
}

/** A partition with a broker's view of it, and a pod whose clock moves 200 ms with each work. */
function createPartition(count: number) {
  const story: string[] = [];
  let now = 0;
  let position = 0;
  let committed = 0;
  const fail: { heartbeat?: Error; commit: Error[] } = { commit: [] };
  const controller = new AbortController();
  const messages = Array.from(
    { length: count },
    (_, index) => ({ offset: String(index) }) as KafkaMessage,
  );
  const batch: Batch = {
    topic: 't',
    partition: 0,
    messages,
    heartbeat: async () => {
      if (fail.heartbeat) throw fail.heartbeat;
    },
    resolve: (offset) => {
      position = Number(offset) + 1;
    },
    commit: async (offset) => {
      const error = fail.commit.shift();
      if (error) throw error;
      committed = Number(offset) + 1;
      story.push(`commit ${offset}`);
    },
  };
  const hooks: { onWork?: (offset: string) => void } = {};
  const ports: BatchPorts & { stop: boolean } = {
    stop: false,
    stopping: () => ports.stop,
    signal: controller.signal,
    uncommitted: createUncommitted(),
    concurrency: 1,
    heartbeatIntervalMs: 60_000,
    sliceMs: Number.POSITIVE_INFINITY,
    now: () => now,
    work: async (_batch, { offset }) => {
      story.push(`work ${offset}`);
      now += 200;
      hooks.onWork?.(offset);
      await Promise.resolve();
      return async () => {
        story.push(`answer ${offset}`);
        await Promise.resolve();
      };
    },
  };
  return { batch, ports, fail, hooks, story, state: () => ({ position, committed }) };
}

const answersOf = (story: readonly string[]) => story.filter((line) => line.startsWith('answer'));

describe('processBatch', () => {
  test('answers in order, and commits each answer before the next one is given', async () => {
    const { batch, ports, story, state } = createPartition(3);
    await processBatch(batch, ports);
    const effects = story.filter((line) => !line.startsWith('work'));
    expect(effects).toEqual([
      'answer 0',
      'commit 0',
      'answer 1',
      'commit 1',
      'answer 2',
      'commit 2',
    ]);
    expect(state()).toEqual({ position: 3, committed: 3 });
  });

  test('works on the next message while the answer is on its way', async () => {
    const { batch, ports, story } = createPartition(2);
    await processBatch(batch, ports);
    expect(story.indexOf('work 1')).toBeLessThan(story.indexOf('commit 0'));
  });

  test('a stop finishes the message in hand and begins no other', async () => {
    const { batch, ports, hooks, story, state } = createPartition(5);
    hooks.onWork = (offset) => {
      ports.stop = offset === '1';
    };
    await processBatch(batch, ports);
    expect(story.at(-1)).toBe('commit 1');
    expect(state()).toEqual({ position: 2, committed: 2 });
  });

  test('a rebalance finishes the message in hand, commits it, and makes kafkajs join again', async () => {
    const { batch, ports, fail, hooks, story, state } = createPartition(5);
    const rebalance = new GroupError('REBALANCE_IN_PROGRESS');
    hooks.onWork = (offset) => {
      if (offset === '1') fail.heartbeat = rebalance;
    };
    await expect(processBatch(batch, ports)).rejects.toBe(rebalance);
    // The heartbeat of the message after is the one that hears of it.
    expect(answersOf(story)).toEqual(['answer 0', 'answer 1', 'answer 2']);
    expect(state().committed).toBe(3);
  });

  test('a commit that fails for a moment is repeated, the answer is not', async () => {
    const { batch, ports, fail, story, state } = createPartition(2);
    fail.commit = [new Error('connection closed'), new Error('connection closed')];
    await processBatch(batch, ports);
    expect(answersOf(story)).toEqual(['answer 0', 'answer 1']);
    expect(state().committed).toBe(2);
  });

  test('a refused commit is given up at once, and the next message is not answered', async () => {
    const { batch, ports, fail, story, state } = createPartition(3);
    fail.commit = [new GroupError('ILLEGAL_GENERATION')];
    await expect(processBatch(batch, ports)).rejects.toThrow('ILLEGAL_GENERATION');
    expect(answersOf(story)).toEqual(['answer 0']);
    expect(state().committed).toBe(0);
  });

  test('what was answered before a refused commit is committed and not answered again', async () => {
    const { batch, ports, fail, story, state } = createPartition(3);
    fail.commit = [new GroupError('ILLEGAL_GENERATION')];
    await processBatch(batch, ports).catch(() => undefined);
    await processBatch(batch, ports); // the same partition, delivered again from the committed offset
    expect(answersOf(story)).toEqual(['answer 0', 'answer 1', 'answer 2']);
    expect(state().committed).toBe(3);
  });

  test('the slice ends after its time, but never before one message', async () => {
    const { batch, ports, state } = createPartition(10);
    await processBatch(batch, { ...ports, sliceMs: 600 });
    expect(state()).toEqual({ position: 3, committed: 3 });
    const other = createPartition(10);
    await processBatch(other.batch, { ...other.ports, sliceMs: 0 });
    expect(other.state().committed).toBe(1);
  });

  test('an answer that can never be given leaves its offset uncommitted', async () => {
    const { batch, ports, state } = createPartition(2);
    const work: BatchPorts['work'] = async () => async () => {
      throw new Error('the shutdown took too long');
    };
    await expect(processBatch(batch, { ...ports, work })).rejects.toThrow('took too long');
    expect(state()).toEqual({ position: 0, committed: 0 });
  });
});

describe('processBatch with a concurrency of 3', () => {
  /** Messages of different keys, except where told. */
  function createChunks(count: number, keyOf = (index: number) => `key-${index}`) {
    const partition = createPartition(count);
    const messages = partition.batch.messages.map((message, index) => ({
      ...message,
      key: Buffer.from(keyOf(index)),
    }));
    const batch: Batch = { ...partition.batch, messages };
    return { ...partition, batch, ports: { ...partition.ports, concurrency: 3 } };
  }
  const commitsOf = (story: readonly string[]) => story.filter((line) => line.startsWith('commit'));

  test('works on a chunk side by side, answers side by side, and commits once for all', async () => {
    const { batch, ports, story, state } = createChunks(5);
    await processBatch(batch, ports);
    expect(story).toEqual([
      ...['work 0', 'work 1', 'work 2', 'answer 0', 'answer 1', 'answer 2', 'commit 2'],
      ...['work 3', 'work 4', 'answer 3', 'answer 4', 'commit 4'],
    ]);
    expect(state()).toEqual({ position: 5, committed: 5 });
  });

  test('messages of one key are handled one after another, each answered before the next', async () => {
    const { batch, ports, story } = createChunks(4, (index) =>
      index < 2 ? 'same' : `key-${index}`,
    );
    await processBatch(batch, ports);
    expect(story.indexOf('answer 0')).toBeLessThan(story.indexOf('work 1'));
    expect(commitsOf(story)).toEqual(['commit 0', 'commit 3']);
  });

  test('an answer that takes long keeps the whole chunk uncommitted', async () => {
    const { batch, ports, story, state } = createChunks(3);
    const slow = Promise.withResolvers<void>();
    const work: BatchPorts['work'] =
      async (_batch, { offset }) =>
      async () => {
        if (offset === '0') await slow.promise;
        story.push(`answer ${offset}`);
      };
    const done = processBatch(batch, { ...ports, work });
    await expect.poll(() => answersOf(story)).toEqual(['answer 1', 'answer 2']);
    expect(state()).toEqual({ position: 0, committed: 0 });
    slow.resolve();
    await done;
    expect(state()).toEqual({ position: 3, committed: 3 });
  });

  test('a rebalance finishes the chunk in hand, commits it, and begins no other', async () => {
    const { batch, ports, fail, hooks, story, state } = createChunks(9);
    const rebalance = new GroupError('REBALANCE_IN_PROGRESS');
    hooks.onWork = (offset) => {
      if (offset === '1') fail.heartbeat = rebalance;
    };
    await expect(processBatch(batch, ports)).rejects.toBe(rebalance);
    // The heartbeat of the chunk after is the one that hears of it.
    expect(commitsOf(story)).toEqual(['commit 2', 'commit 5']);
    expect(state().committed).toBe(6);
  });

  test('what was answered before a refused commit is not answered again, however it is cut', async () => {
    const { batch, ports, fail, story, state } = createChunks(5);
    fail.commit = [new GroupError('ILLEGAL_GENERATION')];
    await expect(processBatch(batch, ports)).rejects.toThrow('ILLEGAL_GENERATION');
    expect(state().committed).toBe(0);
    const firstTwo = { ...batch, messages: batch.messages.slice(0, 2) };
    await processBatch(firstTwo, ports); // the broker may hand over less than before
    await processBatch({ ...batch, messages: batch.messages.slice(2) }, ports);
    expect(answersOf(story).toSorted()).toEqual(
      [0, 1, 2, 3, 4].map((offset) => `answer ${offset}`),
    );
    expect(state().committed).toBe(5);
  });

  test('one message given up at the end of a shutdown leaves its chunk uncommitted', async () => {
    const { batch, ports, story, state } = createChunks(3);
    const ended: string[] = [];
    const work: BatchPorts['work'] = async (_batch, { offset }) => {
      await Promise.resolve();
      ended.push(offset);
      if (offset === '0') throw new Error('the shutdown took too long');
      return async () => void story.push(`answer ${offset}`);
    };
    await expect(processBatch(batch, { ...ports, work })).rejects.toThrow('took too long');
    expect(ended).toEqual(['0', '1', '2']);
    expect(state()).toEqual({ position: 0, committed: 0 });
  });
});
