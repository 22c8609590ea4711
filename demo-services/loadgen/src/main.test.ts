import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { startFakeOperationService } from './fake-operation-service.ts';

const mainFile = fileURLToPath(new URL('main.ts', import.meta.url));

/** The process that the image starts. */
function start(...args: readonly string[]) {
  const child = spawn(process.execPath, [mainFile, ...args], { env: {} });
  return { child, ended: ended(child) };
}

async function ended(
  child: ChildProcess & { stdout: NodeJS.ReadableStream; stderr: NodeJS.ReadableStream },
) {
  const [out, err, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'exit'),
  ]);
  return { out, err, code };
}

test('a load that is accepted and balanced exits 0, with text on stdout and JSON in a file', async () => {
  await using service = await startFakeOperationService();
  const file = join(tmpdir(), `loadgen-report-${process.pid}.json`);
  const args = ['--target', service.url, '--steps', '50x0.2,100x0.2', '--wait', '--report', file];
  const { out, code, err } = await start(...args).ended;
  expect({ code, err }).toEqual({ code: 0, err: '' });
  expect(out).toContain('30 of 30 due in 0.4 s');
  expect(out).toContain('27 completed (27 expected), 3 failed (3 expected)');
  expect(out).toContain('created = terminal, all as predicted, one user per operation');
  const report = JSON.parse(await readFile(file, 'utf8').finally(() => rm(file)));
  expect(report).toMatchObject({
    ...{ ok: true, sent: 30, accepted: 30 },
    saga: { terminal: 30, users: { balanced: true } },
  });
  expect(report.latencyMs).toMatchObject({ count: 30, p99: expect.any(Number) });
});

test.for([
  ['a refused request', { status: (index: number) => (index === 3 ? 503 : 202) }, 'status 503: 1'],
  ['an operation that never ends', { sagaMs: () => Number.POSITIVE_INFINITY }, 'NOT BALANCED'],
  [
    'a user of two operations',
    { user: (name: string) => ({ name, uuid: 'one', approved: 'true' }) },
    'with the user of another: operation',
  ],
] as const)('%s makes it exit 1', async ([, misbehaviour, told]) => {
  await using service = await startFakeOperationService(misbehaviour);
  const wait = ['--wait', '--wait-timeout', '0.5', '--wait-interval', '10'];
  const load = ['--target', service.url, '--rate', '50', '--duration', '0.2'];
  const { out, code } = await start(...load, ...wait).ended;
  expect(code).toBe(1);
  expect(out).toContain(told);
});

test('SIGTERM ends an endless schedule, and the report follows', async () => {
  const arrived = Promise.withResolvers<void>();
  await using service = await startFakeOperationService({
    status(index) {
      if (index === 10) arrived.resolve();
      return 202;
    },
  });
  const args = ['--target', service.url, '--duration', '0', '--wait', '--output', 'json'];
  const { child, ended } = start(...args);
  await arrived.promise;
  child.kill('SIGTERM');
  const { out, code } = await ended;
  expect(code).toBe(0);
  expect(JSON.parse(out)).toMatchObject({ ok: true, sent: service.operations.length });
});

test('a bad configuration is told at once, every problem of it', async () => {
  const { code, err } = await start('--rate=-1').ended;
  expect(code).toBe(1);
  expect(err).toContain('LOAD_RATE');
  expect(err).toContain('LOAD_TARGET_URL');
});
