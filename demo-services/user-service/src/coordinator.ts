import { PoisonError, parseEnvelope } from '@lagscaler/demo-shared/envelope.ts';
import type { FaultPoints } from '@lagscaler/demo-shared/fault.ts';
import type { Answer, Handler, Incoming } from '@lagscaler/demo-shared/guarded-work.ts';
import { createEmission, type EmissionPorts } from './emission.ts';
import {
  type Approval,
  type Circumstances,
  decidedUser,
  newUser,
  readApproval,
  readUserCreate,
  textHeaders,
} from './messages.ts';
import type { SagaMetrics } from './metrics.ts';
import type { User, UserStore } from './store.ts';
import { transitions } from './transitions.ts';

export interface CoordinatorPorts extends EmissionPorts {
  readonly store: UserStore;
  readonly faults: FaultPoints;
  readonly metrics: SagaMetrics;
  /** Between two looks for a user that is not there yet. */
  readonly wait: (ms: number) => Promise<void>;
}

export interface Coordinator {
  readonly userCreate: Handler;
  readonly approveResponse: Handler;
  /** Sends a message that was left over, unless somebody else does. */
  resend(user: User): Promise<void>;
  /** Nobody decided in time: the answer is no. */
  timeOut(user: User): Promise<void>;
}

const looksForUser = 5;
const lookPauseMs = 200;
const noRetry = () => undefined;

/**
 * The coordinator of the SAGA. Each change of a user is one write that also notes the message which
 * must follow; the note goes when Kafka has acknowledged the message. So a crash in between loses
 * nothing, and a duplicate finds nothing to do.
 */
export function createCoordinator(ports: CoordinatorPorts): Coordinator {
  const { store, faults, metrics, now } = ports;

  const { emitting, takeOver } = createEmission(ports);

  const circumstances = (headers: Circumstances['headers']): Circumstances => ({
    now: now(),
    claim: ports.newUuid(),
    headers,
  });

  /** A message that changes nothing; if the one that did was interrupted, its message goes out now. */
  const afterwards = async (user: User, topic: string, onRetry: () => void): Promise<Answer> => {
    const leftOver = await takeOver(user, onRetry);
    if (leftOver !== undefined) return emitting(leftOver);
    metrics.ignored.inc({ topic });
    return async () => undefined;
  };

  /** @returns the answer once the user is decided, undefined while there is no user to decide about */
  const decideOnce = async (
    { envelope, userUuid, event }: Approval,
    { topic, headers }: Incoming,
    onRetry: () => void,
  ): Promise<Answer | undefined> => {
    const at = circumstances(textHeaders(headers));
    const decided = decidedUser(envelope, userUuid, transitions.pending[event], at);
    if (await store.decide(decided, onRetry)) {
      metrics.moved.inc({ event });
      await faults.at('user-decided');
      return emitting(decided);
    }
    const user = await store.find(envelope.uuid, onRetry);
    if (user !== undefined && user.uuid !== userUuid) {
      throw new PoisonError('"data.uuid" is not the user of this operation');
    }
    const reaction = transitions[user?.approved ?? 'absent'][event];
    return user !== undefined && reaction.kind === 'ignore'
      ? await afterwards(user, topic, onRetry)
      : undefined;
  };

  return {
    async userCreate({ topic, message, headers }, onRetry) {
      const envelope = readUserCreate(message.value);
      const uuid = ports.newUuid();
      const at = circumstances(textHeaders(headers));
      const user = newUser(envelope, uuid, transitions.absent['user-create'], at);
      const existing = await store.create(user, onRetry);
      if (existing !== undefined) return afterwards(existing, topic, onRetry);
      metrics.moved.inc({ event: 'user-create' });
      await faults.at('user-stored');
      return emitting(user);
    },

    async approveResponse(incoming, onRetry) {
      const approval = readApproval(incoming.message.value);
      for (let look = 1; look <= looksForUser; look += 1) {
        const answer = await decideOnce(approval, incoming, onRetry);
        if (answer !== undefined) return answer;
        await ports.wait(lookPauseMs);
      }
      throw new PoisonError('no user belongs to this operation');
    },

    async resend(user) {
      const leftOver = await takeOver(user, noRetry);
      if (leftOver !== undefined) await emitting(leftOver)(noRetry);
    },

    async timeOut(user) {
      const move = transitions[user.approved].timeout;
      if (move.kind === 'ignore') return;
      const envelope = parseEnvelope(Buffer.from(user.envelope));
      const decided = decidedUser(envelope, user.uuid, move, circumstances(user.headers));
      if (!(await store.decide(decided, noRetry))) return;
      metrics.moved.inc({ event: 'timeout' });
      await emitting(decided)(noRetry);
    },
  };
}
