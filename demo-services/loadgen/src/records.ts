import { randomUUID } from 'node:crypto';

export type Decision = 'true' | 'false';

/** One `user-approve` message to send, and the answer that the default rule gives to it. */
export interface LoadRecord {
  /** Of the operation; the key of the message. */
  readonly uuid: string;
  readonly value: string;
  readonly expected: Decision;
  readonly dueAtMs: number;
}

export interface NameMix {
  readonly name: string;
  readonly deniedName: string;
  /** The share of records with the denied name, 0 to 1. */
  readonly deniedShare: number;
}

/** Spread evenly, so that any stretch of records has its share: with 0.1 each tenth is denied. */
export function isDenied(index: number, share: number): boolean {
  return Math.floor((index + 1) * share + 1e-9) > Math.floor(index * share + 1e-9);
}

export function createRecord(index: number, dueAtMs: number, mix: NameMix): LoadRecord {
  const uuid = randomUUID();
  const denied = isDenied(index, mix.deniedShare);
  const envelope = {
    uuid,
    type: 'user-create',
    state: 'pending',
    data: {
      name: denied ? mix.deniedName : mix.name,
      createdAt: new Date().toISOString(),
      uuid: randomUUID(),
      approved: 'pending',
    },
    response: { state: 'pending' },
  };
  return { uuid, value: JSON.stringify(envelope), expected: denied ? 'false' : 'true', dueAtMs };
}
