import {
  type Envelope,
  parseEnvelope,
  requireText,
  serializeEnvelope,
} from '@lagscaler/demo-shared/envelope.ts';
import type { FaultPoints } from '@lagscaler/demo-shared/fault.ts';
import type { Handler } from '@lagscaler/demo-shared/guarded-work.ts';
import type { ReliableProducer } from '@lagscaler/demo-shared/producer.ts';
import type { IHeaders, Message } from 'kafkajs';
import type { ApprovalConfig } from './config.ts';
import { type Applicant, type Decision, decide } from './rules.ts';
import type { Work } from './work.ts';

export const requests = 'user-approve';
export const responses = 'user-approve-response';

/** Where a test can break the service: the answer is acknowledged, its request not committed. */
export const decisionProduced = 'decision-produced';

export interface ApprovingPorts {
  readonly work: Pick<Work, 'run'>;
  readonly producer: Pick<ReliableProducer, 'send'>;
  readonly faults: FaultPoints;
}

/** Work first, then the answer; the same message gets the same answer however often it comes. */
export function approving(config: ApprovalConfig, ports: ApprovingPorts): Handler {
  return async ({ message, headers }) => {
    const application = readApplication(message.value);
    await ports.work.run();
    const response = toResponse(application, decide(application.applicant, config), headers);
    return async (onRetry) => {
      await ports.producer.send({ topic: responses, messages: [response] }, onRetry);
      await ports.faults.at(decisionProduced);
    };
  };
}

export interface Application {
  readonly envelope: Envelope;
  readonly applicant: Applicant;
}

/** @throws PoisonError when the message is no user to decide about */
export function readApplication(value: Buffer | null): Application {
  const envelope = parseEnvelope(value);
  const { data } = envelope;
  return {
    envelope,
    applicant: {
      name: requireText(data, 'name', 'data.name'),
      uuid: requireText(data, 'uuid', 'data.uuid'),
    },
  };
}

/** The same envelope with `data.approved` decided, under the key of its operation. */
export function toResponse(
  { envelope }: Application,
  approved: Decision,
  headers: IHeaders,
): Message {
  return {
    key: envelope.uuid,
    value: serializeEnvelope({ ...envelope, data: { ...envelope.data, approved } }),
    headers,
  };
}
