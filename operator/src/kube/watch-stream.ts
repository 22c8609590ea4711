import type { Clock } from '../controller/clock.ts';
import { fromStatus, KubeError, type KubeStatus, toKubeError } from './errors.ts';
import type { RawObject } from './resource.ts';

export type WatchEvent =
  | { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'; readonly object: RawObject }
  | { readonly type: 'BOOKMARK'; readonly object: RawObject };

export interface WatchStreamOptions {
  readonly clock: Clock;
  /** Without a byte for so long the connection counts as dead (traps C12). */
  readonly silenceMs: number;
  /** Opens the stream; `signal` ends it. */
  readonly open: (signal: AbortSignal) => Promise<ReadableStream<Uint8Array>>;
  readonly onEvent: (event: WatchEvent) => void;
}

/**
 * One watch, from opening to its end.
 * @returns when the server closed the stream in good order, it fell silent, or `signal` aborted
 * @throws KubeError for everything else, also for ERROR events in the stream (traps C13)
 */
export async function watchOnce(options: WatchStreamOptions, signal: AbortSignal): Promise<void> {
  const silence = createSilenceWatchdog(options.clock, options.silenceMs);
  try {
    const stream = await options.open(AbortSignal.any([signal, silence.signal]));
    for await (const line of linesOf(stream, silence.touch)) options.onEvent(parseEvent(line));
  } catch (error) {
    // Neither is an error: our own stop (traps C9), and silence, since a quiet collection of a server
    // that has just started may go without bookmarks for minutes.
    if (signal.aborted || silence.signal.aborted) return;
    throw toKubeError(error, 'watch');
  } finally {
    silence.stop();
  }
}

interface SilenceWatchdog {
  readonly signal: AbortSignal;
  touch(): void;
  stop(): void;
}

function createSilenceWatchdog(clock: Clock, silenceMs: number): SilenceWatchdog {
  const controller = new AbortController();
  let lastByteAt = clock.monotonic();
  const check = (): void => {
    const remaining = lastByteAt + silenceMs - clock.monotonic();
    if (remaining > 0) cancel = clock.after(remaining, check);
    else controller.abort();
  };
  let cancel = clock.after(silenceMs, check);
  return {
    signal: controller.signal,
    touch: () => {
      lastByteAt = clock.monotonic(); // no timer per chunk: the one that runs looks at this
    },
    stop: () => cancel(),
  };
}

async function* linesOf(
  stream: ReadableStream<Uint8Array>,
  onBytes: () => void,
): AsyncGenerator<string> {
  const decoder = new TextDecoder(); // a character may be split between two chunks
  let rest = '';
  for await (const chunk of stream) {
    onBytes();
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) if (line !== '') yield line;
  }
  // A rest is the beginning of an event the connection did not live to finish: the next watch,
  // which starts after the last complete one, brings it again.
}

function parseEvent(line: string): WatchEvent {
  const event = parseJson(line);
  if (event.type === 'ERROR') throw fromStatus(event.object as KubeStatus, 'watch');
  return event as WatchEvent;
}

function parseJson(line: string): { type: string; object: unknown } {
  try {
    return JSON.parse(line);
  } catch (cause) {
    throw new KubeError('Server', 'watch: an event that is not JSON', { cause });
  }
}
