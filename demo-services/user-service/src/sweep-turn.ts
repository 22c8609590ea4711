import { isDuplicateKey } from '@lagscaler/demo-shared/mongo.ts';
import type { Db } from 'mongodb';

/** Which of all replicas sweeps, and when. Times are epoch milliseconds. */
export interface SweepTurn {
  /** Whether the caller shall sweep now; the next turn is at `next`. @throws what the driver throws */
  take(now: number, next: number): Promise<boolean>;
  /** Moves the next turn. @throws what the driver throws */
  postpone(next: number): Promise<void>;
}

/** One document, changed by whoever is first when its time has come. */
export function createSweepTurn(db: Db): SweepTurn {
  const turns = db.collection<{ _id: string; next: Date }>('turn');
  const _id = 'sweep';
  return {
    async take(now, next) {
      const due = { _id, next: { $lte: new Date(now) } };
      try {
        await turns.updateOne(due, { $set: { next: new Date(next) } }, { upsert: true });
        return true;
      } catch (error) {
        if (isDuplicateKey(error)) return false; // there, but its time has not come
        throw error;
      }
    },
    async postpone(next) {
      await turns.updateOne({ _id }, { $set: { next: new Date(next) } });
    },
  };
}
