import { expect, test } from 'vitest';
import { createFakeClock, forever } from './testing.ts';
import { type WatchEvent, watchOnce } from './watch-stream.ts';

const line = (name: string) =>
  `${JSON.stringify({ type: 'ADDED', object: { metadata: { name } } })}\n`;

async function eventsOf(...chunks: Uint8Array[]): Promise<(string | undefined)[]> {
  const events: WatchEvent[] = [];
  const open = async () => ReadableStream.from(chunks) as ReadableStream<Uint8Array>;
  const onEvent = (event: WatchEvent) => events.push(event);
  const clock = createFakeClock();
  await watchOnce({ clock, silenceMs: 1000, open, onEvent }, forever);
  expect(clock.pending()).toBe(0);
  return events.map(({ object }) => object.metadata.name);
}

test('several events in one chunk, one event in several', async () => {
  const bytes = Buffer.from(line('a') + line('b') + line('c'));
  expect(await eventsOf(bytes)).toEqual(['a', 'b', 'c']);
  const parts = [...bytes].map((byte) => Uint8Array.of(byte));
  expect(await eventsOf(...parts)).toEqual(['a', 'b', 'c']);
});

test('a character split between two chunks stays whole', async () => {
  const bytes = Buffer.from(line('grün'));
  const middle = bytes.indexOf(0xc3) + 1;
  expect(await eventsOf(bytes.subarray(0, middle), bytes.subarray(middle))).toEqual(['grün']);
});

test('the beginning of an event the connection did not finish is no event', async () => {
  expect(await eventsOf(Buffer.from(`${line('a')}{"type":"ADDED"`))).toEqual(['a']);
});
