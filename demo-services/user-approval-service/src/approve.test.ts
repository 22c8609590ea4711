import { serializeEnvelope } from '@lagscaler/demo-shared/envelope.ts';
import type { Incoming } from '@lagscaler/demo-shared/guarded-work.ts';
import type { Message } from 'kafkajs';
import { expect, test } from 'vitest';
import { approving, readApplication, toResponse } from './approve.ts';

const envelope = {
  uuid: 'operation',
  type: 'user-create',
  state: 'pending',
  data: { name: 'hans', uuid: 'user', approved: 'pending', email: 'h@x' },
  response: { state: 'pending' },
};
const bytes = (value: unknown) => Buffer.from(JSON.stringify(value));

test.for([
  ['no name', { name: undefined }, '"data.name"'],
  ['an empty name', { name: '' }, '"data.name"'],
  ['a number as name', { name: 7 }, '"data.name"'],
  ['no user uuid', { uuid: undefined }, '"data.uuid"'],
] as const)('%s is poison', ([, data, path]) => {
  const broken = { ...envelope, data: { ...envelope.data, ...data } };
  expect(() => readApplication(bytes(broken))).toThrow(path);
});

test('the answer is the same envelope with a decision in text, under the operation', () => {
  const answer = toResponse(readApplication(bytes(envelope)), 'false', {});
  expect(answer.key).toBe('operation');
  expect(JSON.parse(String(answer.value))).toEqual({
    ...envelope,
    data: { ...envelope.data, approved: 'false' },
  });
});

test('D5: unknown fields at any depth survive, to the letter', () => {
  const data = '"name":"hans","email":"h@x","tags":["a",{"b":1}],"n":[1.0,12345678901234567890]';
  const text = `{"uuid":"o","type":"user-create","state":"pending","x":{"y":null},"data":{${data},"uuid":"u","approved":"pending"}}`;
  const answer = toResponse(readApplication(Buffer.from(text)), 'true', {});
  expect(answer.value).toBe(text.replace('"pending"}}', '"true"}}'));
});

test('the work comes first, then the answer, and the fault point when it is acknowledged', async () => {
  const story: string[] = [];
  const sent: Message[] = [];
  const handle = approving(
    { rule: 'denylist', denylist: new Set(['hans']), ratio: 1 },
    {
      work: { run: async () => void story.push('work') },
      producer: {
        async send({ topic, messages }) {
          story.push(`send to ${topic}`);
          sent.push(...messages);
        },
      },
      faults: { at: async (point) => void story.push(point) },
    },
  );
  const headers = { traceparent: 'of this message', 'content-type': 'application/json' };
  const message = { value: bytes(envelope) };
  const answer = await handle({ message, headers } as unknown as Incoming, () => undefined);
  expect(story).toEqual(['work']);
  await answer(() => undefined);
  expect(story).toEqual(['work', 'send to user-approve-response', 'decision-produced']);
  const expected = { ...envelope, data: { ...envelope.data, approved: 'false' } };
  expect(sent).toEqual([{ key: 'operation', value: serializeEnvelope(expected), headers }]);
});
