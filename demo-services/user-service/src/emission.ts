import type { Answer } from '@lagscaler/demo-shared/guarded-work.ts';
import { RecordRefusedError } from '@lagscaler/demo-shared/producer.ts';
import type { Message } from 'kafkajs';
import { messageOf } from './messages.ts';
import type { SagaMetrics } from './metrics.ts';
import type { Unsent, User, UserStore } from './store.ts';

export interface EmissionPorts {
  readonly store: Pick<UserStore, 'sent' | 'takeOver'>;
  /** Resolves when Kafka has acknowledged the message; goes on trying until then. */
  readonly send: (topic: string, message: Message, onRetry: () => void) => Promise<void>;
  readonly metrics: Pick<SagaMetrics, 'resent'>;
  /** Epoch milliseconds. */
  readonly now: () => number;
  readonly newUuid: () => string;
  /** An unsent message is nobody's when its last claim is this old, in milliseconds. */
  readonly resendAfterMs: number;
}

/** A user whose message is the caller's to send. */
export type Claimed = User & { readonly unsent: Unsent };

export interface Emission {
  /** Sends the message of a user, then notes that it is sent. */
  emitting(user: Claimed): Answer;
  /** @returns undefined when nothing is left over, or when somebody is at it already */
  takeOver(user: User, onRetry: () => void): Promise<Claimed | undefined>;
}

/** The second half of each step: what the change of a user has to tell the others. */
export function createEmission(ports: EmissionPorts): Emission {
  const { store, now } = ports;
  return {
    emitting: (user) => async (onRetry) => {
      const { topic } = user.unsent;
      const noteSent = () => store.sent(user.operationUuid, topic, onRetry);
      try {
        await ports.send(topic, messageOf(user), onRetry);
      } catch (error) {
        if (error instanceof RecordRefusedError) await noteSent(); // nobody can, so nobody need try
        throw error;
      }
      await noteSent();
    },
    async takeOver(user, onRetry) {
      const { unsent } = user;
      if (unsent === undefined || now() - unsent.since < ports.resendAfterMs) return undefined;
      const mine: Unsent = { topic: unsent.topic, since: now(), claim: ports.newUuid() };
      if (!(await store.takeOver(user, mine, onRetry))) return undefined;
      ports.metrics.resent.inc({ topic: unsent.topic });
      return { ...user, unsent: mine };
    },
  };
}
