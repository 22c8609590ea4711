import type { Clock } from './clock.ts';

interface Entry {
  readonly key: string;
  readonly dueAt: number;
}

export interface DelayHeap {
  set(key: string, delayMs: number): void;
  cancel(key: string): void;
  close(): void;
}

/**
 * Delays of many keys on one timer. Cancelled and replaced entries stay in the heap until they come
 * due and are skipped then, so that both cost nothing now.
 */
export function createDelayHeap(clock: Clock, onDue: (keys: string[]) => void): DelayHeap {
  const heap: Entry[] = [];
  const dueAt = new Map<string, number>();
  let timer: { readonly at: number; readonly cancel: () => void } | undefined;

  function arm(): void {
    const first = heap[0];
    if (!first || (timer && timer.at <= first.dueAt)) return;
    timer?.cancel();
    timer = { at: first.dueAt, cancel: clock.after(first.dueAt - clock.monotonic(), fire) };
  }

  function fire(): void {
    timer = undefined;
    const due: string[] = [];
    for (let first = heap[0]; first && first.dueAt <= clock.monotonic(); first = heap[0]) {
      popMin(heap);
      if (dueAt.get(first.key) !== first.dueAt) continue; // cancelled or replaced
      dueAt.delete(first.key);
      due.push(first.key);
    }
    arm();
    if (due.length > 0) onDue(due);
  }

  return {
    set(key, delayMs) {
      const at = clock.monotonic() + Math.max(delayMs, 0);
      dueAt.set(key, at);
      push(heap, { key, dueAt: at });
      arm();
    },
    cancel: (key) => dueAt.delete(key),
    close() {
      timer?.cancel();
      timer = undefined;
      heap.length = 0;
      dueAt.clear();
    },
  };
}

function push(heap: Entry[], entry: Entry): void {
  let index = heap.length;
  heap.push(entry);
  while (index > 0) {
    const parent = (index - 1) >> 1;
    const above = heap[parent];
    if (!above || above.dueAt <= entry.dueAt) break;
    heap[index] = above;
    index = parent;
  }
  heap[index] = entry;
}

function popMin(heap: Entry[]): void {
  const last = heap.pop();
  if (!last || heap.length === 0) return;
  let index = 0;
  for (;;) {
    const child = smallerChild(heap, index);
    const below = heap[child];
    if (!below || below.dueAt >= last.dueAt) break;
    heap[index] = below;
    index = child;
  }
  heap[index] = last;
}

function smallerChild(heap: readonly Entry[], index: number): number {
  const left = 2 * index + 1;
  const a = heap[left];
  const b = heap[left + 1];
  return a && b && b.dueAt < a.dueAt ? left + 1 : left;
}
