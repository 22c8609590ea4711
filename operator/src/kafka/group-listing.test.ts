import { afterEach, beforeEach, expect, test } from 'vitest';
import type { KafkaConnection, LagSource } from '../controller/ports.ts';
import { FakeKafka } from './fakes.ts';
import { createLagSource, type GroupLister } from './lag-source.ts';

const connection: KafkaConnection = {
  bootstrapServers: ['kafka:1', 'kafka:2', 'kafka:3'],
  tls: undefined,
  sasl: undefined,
};

let kafka: FakeKafka;
let source: LagSource & GroupLister;

beforeEach(() => {
  kafka = new FakeKafka(3);
  for (let i = 0; i < 6; i += 1) kafka.createGroup(`g${5 - i}`, (i % 3) + 1);
  source = createLagSource({ connect: () => kafka.transport() });
});
afterEach(() => source.close());

const list = () => source.listGroups('me', connection);

test('groups of all brokers are listed by name, one request each', async () => {
  const { groups, failures } = await list();
  expect(groups.map((g) => g.groupId)).toEqual(['g0', 'g1', 'g2', 'g3', 'g4', 'g5']);
  expect(failures).toEqual([]);
  const listings = kafka.takeRequests().filter((r) => r.startsWith('ListGroups'));
  expect(listings).toEqual(['ListGroups@1', 'ListGroups@2', 'ListGroups@3']);
});

test('a broker that is down hides only its own groups, and is named', async () => {
  kafka.health.set(2, 'refusing');
  const { groups, failures } = await list();
  expect(groups.map((g) => g.groupId)).toEqual(['g0', 'g2', 'g3', 'g5']);
  expect(failures.map((f) => f.message)).toEqual(['kafka:2: ListGroups: refusing']);
});

test('a cluster that is down is an error', async () => {
  for (const broker of [1, 2, 3]) kafka.health.set(broker, 'refusing');
  await expect(list()).rejects.toMatchObject({ reason: 'KafkaUnreachable' });
});
