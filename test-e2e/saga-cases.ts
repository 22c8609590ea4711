import type { Document } from 'mongodb';
import { type KafkaRecord, readTopics } from './kafka-records.ts';
import {
  readOperations,
  readUsers,
  type SagaBackends,
  type SagaTopic,
  sagaTopics,
} from './saga.ts';

interface Message {
  readonly key: string;
  readonly envelope: Document;
}

/** Everything there is to know about one operation. */
export interface Case {
  readonly uuid: string;
  readonly operation: Document;
  readonly users: readonly Document[];
  readonly messages: Readonly<Record<SagaTopic, readonly Message[]>>;
}

/** Every operation that was to create a user, with what the databases and topics hold about it. */
export async function readCases(backends: SagaBackends): Promise<readonly Case[]> {
  const operations = await readOperations(backends);
  const users = Map.groupBy(await readUsers(backends), ({ operationUuid }) => operationUuid);
  const records = await readTopics(backends.bootstrapServers, sagaTopics);
  const messages = Map.groupBy(records.flatMap(parsed), ({ uuid }) => uuid);
  return operations
    .filter(({ type }) => type === 'user-create')
    .map((operation) => {
      const uuid = String(operation['uuid']);
      const about = messages.get(uuid) ?? [];
      const on = (topic: SagaTopic) => about.filter((message) => message.topic === topic);
      return {
        uuid,
        operation,
        users: users.get(uuid) ?? [],
        messages: byTopic(on),
      };
    });
}

export function byTopic<T>(of: (topic: SagaTopic) => T): Record<SagaTopic, T> {
  return Object.fromEntries(sagaTopics.map((topic) => [topic, of(topic)])) as Record<SagaTopic, T>;
}

function parsed({ topic, key, value }: KafkaRecord) {
  try {
    const envelope: Document = JSON.parse(String(value));
    return [{ topic, key: String(key), uuid: String(envelope['uuid']), envelope }];
  } catch {
    return [];
  }
}
