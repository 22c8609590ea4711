import type { OutboxStore } from './store.ts';

/** The messages that this process is sending, and what the store has still to hear about them. */
export interface InHand {
  has(uuid: string): boolean;
  /** How many more may be taken; 0 when those in hand are too many or too large already. */
  room(): number;
  isEmpty(): boolean;
  take(uuid: string, bytes: number): void;
  /** Kafka has it; it stays in hand until the store knows. */
  sent(uuid: string): void;
  /** It stays in the store, for whoever takes it next. */
  drop(uuid: string): void;
  revoke(uuid: string): void;
  isRevoked(uuid: string): boolean;
  /** Tells the store. @throws UnavailableError; nothing is forgotten then */
  note(): Promise<void>;
}

/** During a long outage of Kafka all others wait in the store, not in memory. */
const maxMessages = 2_000;
const maxBytes = 8 * 1024 * 1024;
const maxRevoked = 20_000;
/** A frozen store that goes on may carry out a request long given up, after others sent later. */
const revokeForMs = 15_000;
const noteBatch = 500;
/** A message in hand for long waits for Kafka, with many others: the store is not kept busy by that. */
const renewedFactor = 6;

export function createInHand(store: OutboxStore, leaseMs: number, now: () => number): InHand {
  const messages = new Map<string, { readonly bytes: number; leasedUntil: number }>();
  const sent = new Set<string>();
  /** Since when the store answers again: undefined while it was never told. */
  const revoked = new Map<string, number | undefined>();
  let bytesInHand = 0;

  const drop = (uuid: string): void => {
    bytesInHand -= messages.get(uuid)?.bytes ?? 0;
    messages.delete(uuid);
    sent.delete(uuid);
  };

  const noteSent = async (): Promise<void> => {
    for (const uuids of batches([...sent])) {
      await store.clear(uuids);
      for (const uuid of uuids) drop(uuid);
    }
  };

  const noteRevoked = async (): Promise<void> => {
    for (const uuids of batches([...revoked.keys()])) await store.revoke(uuids);
    for (const [uuid, since] of revoked) {
      if (since === undefined) revoked.set(uuid, now());
      else if (now() - since > revokeForMs) revoked.delete(uuid);
    }
  };

  const renewLeases = async (): Promise<void> => {
    const due = [...messages].filter(([, { leasedUntil }]) => leasedUntil - now() < leaseMs / 2);
    for (const uuids of batches(due.map(([uuid]) => uuid))) {
      const leasedUntil = now() + renewedFactor * leaseMs;
      await store.renew(uuids, renewedFactor * leaseMs);
      for (const uuid of uuids) Object.assign(messages.get(uuid) ?? {}, { leasedUntil });
    }
  };

  return {
    has: (uuid) => messages.has(uuid),
    room: () => (bytesInHand < maxBytes ? maxMessages - messages.size : 0),
    isEmpty: () => messages.size === 0,
    take(uuid, bytes) {
      messages.set(uuid, { bytes, leasedUntil: now() + leaseMs });
      bytesInHand += bytes;
    },
    sent: (uuid) => void sent.add(uuid),
    drop,
    revoke(uuid) {
      if (revoked.size < maxRevoked) revoked.set(uuid, undefined);
    },
    isRevoked: (uuid) => revoked.has(uuid),
    async note() {
      await noteSent();
      await noteRevoked();
      await renewLeases();
    },
  };
}

function batches(uuids: readonly string[]): readonly (readonly string[])[] {
  const count = Math.ceil(uuids.length / noteBatch);
  return Array.from({ length: count }, (_, i) => uuids.slice(i * noteBatch, (i + 1) * noteBatch));
}
