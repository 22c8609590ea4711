import {
  type Envelope,
  outgoingHeaders,
  parseEnvelope,
  requireText,
  serializeEnvelope,
} from '@lagscaler/demo-shared/envelope.ts';
import type { KafkaMessage, Message } from 'kafkajs';
import type { Applicant, Decision } from './rules.ts';

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
  headers: KafkaMessage['headers'],
): Message {
  return {
    key: envelope.uuid,
    value: serializeEnvelope({ ...envelope, data: { ...envelope.data, approved } }),
    headers: outgoingHeaders(headers),
  };
}
