import { randomUUID } from 'node:crypto';
import { fromDocument, projection } from './documents.ts';
import { answer } from './mongo-answer.ts';
import type { Operations } from './mongo-store.ts';
import type { OutboxStore } from './store.ts';

const leasedUntil = 'outbox.leasedUntil';
const leasedBy = 'outbox.leasedBy';

/** The messages of `operation_service.operation` that are still to be sent. */
export function createMongoOutbox(operations: Operations): OutboxStore {
  return {
    async claim(limit, leaseMs) {
      const now = new Date();
      const free = { [leasedUntil]: { $lte: now } };
      const found = await answer(
        operations
          .find(free, { projection: { _id: 1 } })
          .sort({ [leasedUntil]: 1 })
          .limit(limit)
          .toArray(),
      );
      if (found.length === 0) return [];
      // Document by document, the first replica to write has it: for the others it is not free any more.
      const ids = { _id: { $in: found.map(({ _id }) => _id) } };
      const claim = randomUUID();
      const lease = { [leasedUntil]: after(now, leaseMs), [leasedBy]: claim };
      await answer(operations.updateMany({ ...ids, ...free }, { $set: lease }));
      const mine = operations.find(
        { ...ids, [leasedBy]: claim },
        { projection: { ...projection, 'outbox.headers': 1 } },
      );
      const documents = await answer(mine.toArray());
      return documents.map((document) => ({
        operation: fromDocument(document),
        headers: document.outbox?.headers ?? {},
      }));
    },
    async renew(uuids, leaseMs) {
      const unsent = { uuid: { $in: [...uuids] }, [leasedUntil]: { $exists: true } };
      const lease = { [leasedUntil]: after(new Date(), leaseMs) };
      await answer(operations.updateMany(unsent, { $set: lease }));
    },
    async clear(uuids) {
      const sent = { uuid: { $in: [...uuids] } };
      await answer(operations.updateMany(sent, { $unset: { outbox: '' } }));
    },
    async revoke(uuids) {
      await answer(operations.deleteMany({ uuid: { $in: [...uuids] } }));
    },
  };
}

function after(time: Date, ms: number): Date {
  return new Date(time.getTime() + ms);
}
