import { parseEnvelope } from '@lagscaler/demo-shared/envelope.ts';
import { fromBson } from '@lagscaler/demo-shared/mongo.ts';
import { BSON } from 'mongodb';
import { expect, test } from 'vitest';
import { fromDocument, toDocument, type UserDocument } from './documents.ts';
import { newUser } from './messages.ts';
import { transitions } from './transitions.ts';

const at = {
  now: Date.parse('2026-01-01T12:00:00.123Z'),
  claim: 'claim',
  headers: { traceparent: '00-a-b-01' },
};

function userOf(data: string) {
  const text = `{"uuid":"operation","type":"user-create","state":"pending","data":${data}}`;
  const envelope = parseEnvelope(Buffer.from(text));
  return newUser(envelope, 'user', transitions.absent['user-create'], at);
}

test('a user is stored flat, with what the coordinator needs beside it', () => {
  const document = toDocument(userOf('{"name":"hans","tags":["a",{"b":1}]}'));
  expect(document).toEqual({
    name: 'hans',
    tags: ['a', { b: 1 }],
    createdAt: '2026-01-01T12:00:00.123Z',
    uuid: 'user',
    approved: 'pending',
    operationUuid: 'operation',
    saga: {
      envelope: userOf('{"name":"hans","tags":["a",{"b":1}]}').envelope,
      headers: at.headers,
      pendingSince: new Date(at.now),
      unsent: { topic: 'user-approve', since: new Date(at.now), claim: 'claim' },
    },
  });
});

test('a field of the client with one of our names is kept in the envelope only', () => {
  const user = userOf('{"name":"hans","_id":1,"operationUuid":2,"saga":3}');
  const document = toDocument(user);
  expect(document['_id']).toBeUndefined();
  expect(document.operationUuid).toBe('operation');
  expect(document.saga.envelope).toContain('"_id":1,"operationUuid":2,"saga":3');
});

test.for([
  '{"name":"hans"}',
  '{"name":"hans","a.b":{"$c":[1.0,1e400,12345678901234567890]},"__proto__":{"x":1},"_id":7}',
  '{"name":"hans","text":"\\u0000 \\ud800 日本","_bsontype":"ObjectId"}',
])('what comes back from the database is what went in: %s', (data) => {
  const user = userOf(data);
  const bytes = BSON.serialize(toDocument(user), { ignoreUndefined: true });
  const stored = BSON.deserialize(bytes, { promoteLongs: false }) as UserDocument;
  const { data: _, startedAt: __, ...same } = user;
  expect(fromDocument(stored)).toEqual(same);
  const { operationUuid: ___, saga: ____, ...flat } = stored;
  const sent = JSON.parse(user.envelope).data;
  delete sent._id;
  expect(JSON.parse(JSON.stringify(fromBson(flat)))).toEqual(sent);
});
