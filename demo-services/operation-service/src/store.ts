import type { Ending, Operation } from './operation.ts';
import type { OperationState } from './transitions.ts';

/** The store cannot be reached, or does not answer in time. It may have done what was asked. */
export class UnavailableError extends Error {
  override readonly name = 'UnavailableError';
}

/** A message still to be sent: the operation itself, under its uuid. */
export interface Unsent {
  readonly operation: Operation;
  /** Trace context and content type. */
  readonly headers: Readonly<Record<string, string>>;
}

/** What an ending has done to an operation. */
export type Finished =
  | { readonly kind: 'ended'; readonly createdAt: Date }
  /** It had ended before: nothing was changed. */
  | { readonly kind: 'final' }
  | { readonly kind: 'unknown' };

export interface ListQuery {
  /** Undefined: of every state. */
  readonly state: OperationState | undefined;
  /** 1 to 500; a page of large operations may have fewer. */
  readonly limit: number;
  /** Behind this one; undefined: from the newest. */
  readonly after: Position | undefined;
}

/** Of one operation in the list: the newest first, and in a fixed order where times are equal. */
export interface Position {
  readonly createdAt: Date;
  /** 24 hexadecimal digits. */
  readonly id: string;
}

export interface Page {
  readonly items: readonly Operation[];
  /** Undefined at the end of the list. */
  readonly next: Position | undefined;
}

/** Every method throws UnavailableError; none returns a part of our bookkeeping. */
export interface OperationStore {
  /** One write. @param leaseMs how long the message is left to this process */
  insert(
    operation: Operation,
    headers: Unsent['headers'] | undefined,
    leaseMs: number,
  ): Promise<void>;
  get(uuid: string): Promise<Operation | undefined>;
  /** @returns the uuids of those that have ended */
  terminal(uuids: readonly string[]): Promise<readonly string[]>;
  list(query: ListQuery): Promise<Page>;
  /** One write. An operation that has ended has no message left to send either. */
  finish(ending: Ending): Promise<Finished>;
}

/** The messages still to be sent, kept with their operations. Every method throws UnavailableError. */
export interface OutboxStore {
  /** The oldest ones that nobody has a lease on, from now on leased to the caller alone. */
  claim(limit: number, leaseMs: number): Promise<readonly Unsent[]>;
  renew(uuids: readonly string[], leaseMs: number): Promise<void>;
  /** They have been sent. */
  clear(uuids: readonly string[]): Promise<void>;
  /** Deletes operations whose insert was given up and may have happened nevertheless. */
  revoke(uuids: readonly string[]): Promise<void>;
}

export interface Census {
  readonly byState: Readonly<Record<OperationState, number>>;
  readonly unsent: number;
}
