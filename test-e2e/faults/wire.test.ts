import { findCoordinatorV6, metadataV12, Reader, Writer } from '@platformatic/kafka';
import { expect, test } from 'vitest';
import { advertiseIn, framed, frameReader, requestHeader } from './wire.ts';

/** Bodies as the client library writes and reads them, which knows nothing of ours. */
const correlationId = 7;
const header = (apiKey: number, apiVersion: number) => ({ apiKey, apiVersion, correlationId });
const shift = (nodeId: number, { port }: { port: number }) => ({
  host: `proxy-${nodeId}`,
  port: port + 1,
});

/** The header of a flexible answer: correlation id and no tags. */
const answer = (body: Writer): Buffer =>
  Buffer.concat([Buffer.of(0, 0, 0, correlationId, 0), body.buffer]);
const bodyOf = (frame: Buffer): Reader => Reader.from(frame.subarray(5));

test('the brokers of Metadata get their address, and all else stays', () => {
  const body = Writer.create()
    .appendInt32(0)
    .appendArray(
      [
        [1, 'kafka-1', 9092, null],
        [2, 'kafka-2.with-a-longer-name.example', 9093, 'rack-b'],
      ] as const,
      (w, [nodeId, host, port, rack]) =>
        w.appendInt32(nodeId).appendString(host).appendInt32(port).appendString(rack),
    )
    .appendString('cluster')
    .appendInt32(1)
    .appendArray([], () => {})
    .appendTaggedFields();
  const changed = advertiseIn(answer(body), header(3, 12), shift);
  const read = metadataV12.parseResponse(correlationId, 3, 12, bodyOf(changed));
  expect(read).toMatchObject({
    clusterId: 'cluster',
    controllerId: 1,
    brokers: [
      { nodeId: 1, host: 'proxy-1', port: 9093, rack: null },
      { nodeId: 2, host: 'proxy-2', port: 9094, rack: 'rack-b' },
    ],
  });
});

test('coordinators of FindCoordinator get theirs, but not those that are not there', () => {
  const body = Writer.create()
    .appendInt32(0)
    .appendArray(
      [
        ['billing', 3, 'kafka-3', 9092, 0, null],
        ['unknown', -1, '', -1, 15, 'not available'],
      ] as const,
      (w, [key, nodeId, host, port, errorCode, message]) =>
        w
          .appendString(key)
          .appendInt32(nodeId)
          .appendString(host)
          .appendInt32(port)
          .appendInt16(errorCode)
          .appendString(message),
    )
    .appendTaggedFields();
  const changed = advertiseIn(answer(body), header(10, 6), shift);
  const parse = () => findCoordinatorV6.parseResponse(correlationId, 10, 6, bodyOf(changed));
  // The library throws an answer with an error in it, and hands it over with that.
  let read: unknown;
  try {
    read = parse();
  } catch (error) {
    read = (error as { response: unknown }).response;
  }
  expect(read).toMatchObject({
    coordinators: [
      { key: 'billing', nodeId: 3, host: 'proxy-3', port: 9093 },
      { key: 'unknown', nodeId: -1, host: '', port: -1, errorCode: 15 },
    ],
  });
});

test('other answers, and versions without compact strings, stay as they are', () => {
  const frame = Buffer.from('whatever it holds');
  expect(advertiseIn(frame, header(9, 9), shift)).toBe(frame);
  expect(advertiseIn(frame, header(3, 8), shift)).toBe(frame);
});

test('frames are found however the stream is cut', () => {
  const frames = ['one', '', 'three'].map((text) => Buffer.from(text));
  const stream = Buffer.concat(frames.map(framed));
  for (let size = 1; size <= stream.length; size += 1) {
    const read = frameReader();
    const found: string[] = [];
    for (let at = 0; at < stream.length; at += size) {
      for (const frame of read(stream.subarray(at, at + size))) found.push(frame.toString());
    }
    expect(found).toEqual(['one', '', 'three']);
  }
});

test('a request says what its answer will be', () => {
  const frame = Buffer.from([0, 3, 0, 12, 0, 0, 0, 7, 0xff, 0xff]);
  expect(requestHeader(frame)).toEqual({ apiKey: 3, apiVersion: 12, correlationId: 7 });
});
