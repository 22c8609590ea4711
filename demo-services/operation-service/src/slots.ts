import { UnavailableError } from './store.ts';

export interface Slots {
  readonly atOnce: number;
  /** How many more may wait for their turn. */
  readonly waiting: number;
}

/**
 * Bounds how much work of one kind is done at once; the rest waits its turn, first come, first served.
 * @returns runs the work; throws UnavailableError at once when too many wait already
 */
export function createSlots({ atOnce, waiting }: Slots): <T>(work: () => Promise<T>) => Promise<T> {
  const queue: (() => void)[] = [];
  let free = atOnce;
  const turn = async (): Promise<void> => {
    if (free > 0) {
      free -= 1;
      return;
    }
    if (queue.length >= waiting) throw new UnavailableError('too many requests of this kind');
    await new Promise<void>((resolve) => void queue.push(resolve));
  };
  return async (work) => {
    await turn();
    try {
      return await work();
    } finally {
      const next = queue.shift();
      if (next) next();
      else free += 1;
    }
  };
}
