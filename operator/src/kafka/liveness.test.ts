import { expect, test } from 'vitest';
import { answers } from './liveness.ts';
import { onFrames } from './stub-frames.ts';
import {
  type Behaviour,
  hangUp,
  kafka41,
  plainText,
  reset,
  silent,
  speaking,
  startStub,
} from './testing.ts';

/** The first bytes of an answer, and then the end of the connection. */
const cutting: Behaviour = (socket) => onFrames(socket, () => socket.end(Buffer.alloc(6, 1)));
/** A byte in each segment. */
const trickling: Behaviour = (socket) => {
  const send = ([byte, ...rest]: readonly number[]): void => {
    if (byte !== undefined) socket.write(Buffer.of(byte), () => setTimeout(send, 2, rest));
  };
  onFrames(socket, () => send([0, 0, 0, 4, 0, 0, 0, 1]));
};

test.for<[string, Behaviour, boolean]>([
  ['answers', speaking(kafka41, []), true],
  ['answers in pieces', trickling, true],
  ['begins an answer', cutting, false],
  ['is silent', silent, false],
  ['hangs up', hangUp, false],
  ['resets', reset, false],
  ['is no broker', plainText, false],
])('a listener that %s', async ([, behave, expected]) => {
  const { address } = await startStub(behave);
  const reacts = answers(address, undefined, AbortSignal.timeout(200));
  expect(
    await reacts.then(
      () => true,
      () => false,
    ),
  ).toBe(expected);
});
