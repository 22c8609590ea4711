import type { JsonObject } from '@lagscaler/demo-shared/envelope.ts';
import type { Create, Decide } from './transitions.ts';

/** A message that follows from the last change and is not acknowledged by Kafka yet. */
export interface Unsent {
  readonly topic: (Create | Decide)['emit'];
  /** Epoch milliseconds: since when somebody is at it. */
  readonly since: number;
  /** Of whoever is at it: renewed by each one who takes over. */
  readonly claim: string;
}

/** One user of one operation, with what it takes to send its last message again. */
export interface User {
  readonly operationUuid: string;
  readonly uuid: string;
  readonly approved: 'pending' | 'true' | 'false';
  /** The last message as JSON text, so that it goes out again to the byte, whatever fields it has. */
  readonly envelope: string;
  /** `traceparent` and `tracestate` of the last message. */
  readonly headers: Readonly<Record<string, string>>;
  readonly unsent: Unsent | undefined;
}

export interface NewUser extends User {
  readonly approved: 'pending';
  readonly unsent: Unsent;
  /** `data` of the envelope, to be read by people and other tools. */
  readonly data: JsonObject;
  /** Epoch milliseconds. */
  readonly startedAt: number;
}

/** Filled in together with the change, in one write. */
export interface DecidedUser extends User {
  readonly approved: 'true' | 'false';
  readonly unsent: Unsent;
}

type OnRetry = () => void;

/**
 * The users. Every method goes on until the database has answered, and `onRetry` hears of each attempt
 * that failed. A method that has done its work and lost the answer still says that it did it.
 */
export interface UserStore {
  /**
   * Inserts the user unless its operation has one.
   * @returns the user that the operation has already, undefined when this one was inserted
   * @throws PoisonError when the database can never hold it
   */
  create(user: NewUser, onRetry: OnRetry): Promise<User | undefined>;
  find(operationUuid: string, onRetry: OnRetry): Promise<User | undefined>;
  /** From pending to decided. @returns false when no pending user has this operation and uuid */
  decide(user: DecidedUser, onRetry: OnRetry): Promise<boolean>;
  /** Takes the unsent message over. @returns false when somebody else was faster, or it is sent */
  takeOver(user: User, unsent: Unsent, onRetry: OnRetry): Promise<boolean>;
  /** Kafka has acknowledged the message of this user for this topic. */
  sent(operationUuid: string, topic: Unsent['topic'], onRetry: OnRetry): Promise<void>;
  /** Users whose message is unsent since before this time, the oldest first, `limit` at most. */
  unsentSince(before: number, limit: number): Promise<readonly User[]>;
  /** Users pending since before this time, the oldest first, `limit` at most. */
  pendingSince(before: number, limit: number): Promise<readonly User[]>;
}
