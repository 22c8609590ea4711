import type { ServerResponse } from 'node:http';
import { afterEach, expect, test, vi } from 'vitest';
import { fakeApi } from './fake-api.ts';
import { aPod } from './fixtures.ts';
import { StatusWriter } from './status-writer.ts';
import type { Phase, PodStatus } from './types.ts';

const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const clean of cleanups.splice(0)) clean();
  vi.restoreAllMocks();
});

const accept = (response: ServerResponse) =>
  response.end(JSON.stringify(aPod({}, { resourceVersion: '50' })));
const refuse = (code: number) => (response: ServerResponse) => {
  response.statusCode = code;
  response.end(JSON.stringify({ reason: 'x', message: 'y' }));
};

async function startWriter(answers: ((response: ServerResponse) => void)[] = []) {
  const status: { phase: Phase } = { phase: 'Pending' };
  const written: (string | undefined)[] = [];
  const { api, close } = await fakeApi((_request, response, body) => {
    const patch = JSON.parse(body) as { metadata: { uid: string }; status: PodStatus };
    expect(patch.metadata.uid).toBe('u-1');
    written.push(patch.status.phase);
    (answers[written.length - 1] ?? accept)(response);
  });
  const writer = new StatusWriter(api, aPod(), () => ({ ...status }));
  cleanups.push(() => writer.close(), close);
  vi.spyOn(console, 'warn').mockImplementation(() => undefined);
  return { status, written, writer };
}

test('a burst of changes is one write, of the last state', async () => {
  const { status, written, writer } = await startWriter();
  writer.changed();
  status.phase = 'Running';
  writer.changed();
  await expect.poll(() => written).toEqual(['Running']);
  await writer.flush();
  expect(written).toEqual(['Running']);
});

test('what is written already is not written again', async () => {
  const { written, writer } = await startWriter();
  writer.changed();
  await writer.flush();
  writer.changed();
  await writer.flush();
  expect(written).toEqual(['Pending']);
});

test('a failed write is tried again until it is accepted', async () => {
  const { written, writer } = await startWriter([refuse(500), refuse(429)]);
  writer.changed();
  await writer.flush();
  expect(written).toEqual(['Pending', 'Pending', 'Pending']);
});

test('a pod that is gone ends the writing', async () => {
  const { status, written, writer } = await startWriter([refuse(404)]);
  writer.changed();
  await writer.flush();
  status.phase = 'Running';
  writer.changed();
  await writer.flush();
  expect(written).toEqual(['Pending']);
});

const seenWith = (phase: Phase, resourceVersion: string) => ({
  ...aPod({}, { resourceVersion }),
  status: { phase },
});

test('what somebody else wrote over it is written back, an echo of the past is not', async () => {
  const { written, writer } = await startWriter();
  writer.changed();
  await writer.flush();
  writer.reconcile(seenWith('Unknown', '49')); // older than our write
  writer.reconcile(seenWith('Pending', '51')); // newer and the same
  await writer.flush();
  expect(written).toHaveLength(1);
  writer.reconcile(seenWith('Unknown', '52'));
  await writer.flush();
  expect(written).toEqual(['Pending', 'Pending']);
});
