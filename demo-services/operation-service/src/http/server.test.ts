import { once } from 'node:events';
import type { RequestListener } from 'node:http';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test, vi } from 'vitest';
import { serve } from './server.ts';

const wholeRequest = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';

async function startServer(listener: RequestListener) {
  const seen: string[] = [];
  const http = await serve(
    (request, response) => {
      seen.push(request.url ?? '');
      listener(request, response);
    },
    '127.0.0.1',
    0,
  );
  const client = async (text: string) => {
    const socket = connect(http.port, '127.0.0.1');
    socket.on('error', () => undefined);
    const received = { text: '' };
    socket.on('data', (chunk) => {
      received.text += String(chunk);
    });
    const closed = once(socket, 'close');
    await once(socket, 'connect');
    socket.write(text);
    return { socket, received, closed };
  };
  const closing = async () => {
    const from = performance.now();
    await http.close();
    return performance.now() - from;
  };
  return { seen, client, closing };
}

const readAll: RequestListener = (request, response) => {
  request.resume().once('end', () => response.end('done'));
};

test.for([
  ['says nothing', ''],
  ['has sent half of its headers', 'POST / HTTP/1.1\r\nHost: a'],
])('a client that %s does not delay the close', async ([, text]) => {
  const { client, closing } = await startServer(readAll);
  const { closed } = await client(String(text));
  const other = await client(wholeRequest);
  await vi.waitUntil(() => other.received.text.endsWith('done')); // and so ours has been read too
  expect(await closing()).toBeLessThan(1_000);
  await closed;
});

const halfBody = 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n{"n';

test('half a body is waited for, but not long', async () => {
  const { seen, client, closing } = await startServer(readAll);
  await client(halfBody);
  await vi.waitUntil(() => seen.length === 1);
  const tookMs = await closing();
  expect(tookMs).toBeGreaterThan(2_000);
  expect(tookMs).toBeLessThan(5_000);
});

test('the other half comes in time: the request is answered', async () => {
  const { seen, client, closing } = await startServer(readAll);
  const { socket, received } = await client(halfBody);
  await vi.waitUntil(() => seen.length === 1);
  const closed = closing();
  socket.write('ame":"');
  expect(await closed).toBeLessThan(2_000);
  expect(received.text).toMatch(/^HTTP\/1.1 200 .*done/s);
});

test('an answer that is long in the making is waited for', async () => {
  const { seen, client, closing } = await startServer((_request, response) => {
    void sleep(3_500).then(() => response.end('done'));
  });
  const { received, closed } = await client(wholeRequest);
  await vi.waitUntil(() => seen.length === 1);
  expect(await closing()).toBeGreaterThan(3_000);
  await closed;
  expect(received.text).toMatch(/^HTTP\/1.1 200 .*done/s);
});

test('an answer that nobody takes is not waited for', async () => {
  const { seen, client, closing } = await startServer((_request, response) => {
    response.end('x'.repeat(64 * 1024 * 1024));
  });
  const { socket } = await client(wholeRequest);
  socket.pause();
  await vi.waitUntil(() => seen.length === 1);
  const tookMs = await closing();
  expect(tookMs).toBeGreaterThan(2_000);
  expect(tookMs).toBeLessThan(5_000);
  socket.destroy();
});

test('an answer that is on its way arrives whole', async () => {
  const bytes = 16 * 1024 * 1024;
  const { seen, client, closing } = await startServer((_request, response) => {
    response.end('x'.repeat(bytes));
  });
  const { socket, received, closed } = await client(wholeRequest);
  socket.pause();
  await vi.waitUntil(() => seen.length === 1);
  const ended = closing();
  await sleep(300); // several sweeps
  socket.resume();
  expect(await ended).toBeLessThan(2_500);
  await closed;
  expect(received.text.length).toBeGreaterThan(bytes);
});
