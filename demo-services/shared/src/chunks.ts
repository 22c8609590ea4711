import type { KafkaMessage } from 'kafkajs';

/** Messages of one partition that are worked on side by side: at least one, in order. */
export type Chunk = readonly [KafkaMessage, ...KafkaMessage[]];

/**
 * Cuts a batch into chunks of up to `size` messages. No chunk has two messages of one key, so that
 * these are handled one after another; messages without a key count as of one key, for they may
 * concern the same thing.
 */
export function* chunksOf(messages: readonly KafkaMessage[], size: number): Generator<Chunk> {
  let chunk: KafkaMessage[] = [];
  let keys = new Set<string>();
  for (const message of messages) {
    const key = message.key?.toString('base64') ?? '';
    if (chunk.length === size || keys.has(key)) {
      yield* nonEmpty(chunk);
      chunk = [];
      keys = new Set();
    }
    chunk.push(message);
    keys.add(key);
  }
  yield* nonEmpty(chunk);
}

function nonEmpty([first, ...rest]: readonly KafkaMessage[]): readonly Chunk[] {
  return first === undefined ? [] : [[first, ...rest]];
}
