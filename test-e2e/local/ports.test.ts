import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { block, candidateBlocks, choosePorts, isListening, waitForFreePorts } from './ports.ts';

let root: string;
const servers: Server[] = [];
const registry = () => join(root, 'registry');
const stack = (name: string) => join(root, name);

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'ports-'));
});
afterEach(async () => {
  for (const server of servers.splice(0))
    await new Promise((closed) => server.close(() => closed(undefined)));
  rmSync(root, { recursive: true });
});

function listen(port: number): Promise<void> {
  const server = createServer();
  servers.push(server);
  return new Promise((resolve) => server.listen(port, '127.0.0.1', resolve));
}

test('a stack finds its ports again', async () => {
  const first = await choosePorts(stack('a'), registry());
  const again = await choosePorts(stack('a'), registry());
  expect(again.index).toBe(first.index);
});

test('many stacks that start at once get different ports', async () => {
  const names = Array.from({ length: 12 }, (_, i) => stack(`s${i}`));
  const blocks = await Promise.all(names.map((dir) => choosePorts(dir, registry())));
  expect(new Set(blocks.map(({ index }) => index)).size).toBe(names.length);
});

test('a block with a port in use is passed over', async () => {
  const [wanted = 0] = candidateBlocks(stack('a'));
  await listen(block(wanted).port(31));
  expect((await choosePorts(stack('a'), registry())).index).not.toBe(wanted);
});

test('the ports of a stack that was deleted are given out again', async () => {
  const [wanted = 0] = candidateBlocks(stack('b'));
  await choosePorts(stack('other'), registry());
  writeFileSync(join(registry(), String(wanted)), stack('deleted'));
  expect((await choosePorts(stack('b'), registry())).index).toBe(wanted);
});

test('the ports of a stack that is only down are not given out', async () => {
  const [wanted = 0] = candidateBlocks(stack('b'));
  await choosePorts(stack('down'), registry());
  writeFileSync(join(stack('down'), 'ports'), `${wanted}\n`);
  writeFileSync(join(registry(), String(wanted)), stack('down'));
  expect((await choosePorts(stack('b'), registry())).index).not.toBe(wanted);
});

function nodePortsOf(index: number): number[] {
  const { first, last } = block(index).nodePorts;
  return Array.from({ length: last - first + 1 }, (_, i) => first + i);
}

test('a block with a node port in use is passed over', async () => {
  const [wanted = 0] = candidateBlocks(stack('a'));
  await listen(block(wanted).nodePorts.last);
  expect((await choosePorts(stack('a'), registry())).index).not.toBe(wanted);
});

test('all ports lie below the range of outgoing connections and no two blocks overlap', () => {
  const ports = candidateBlocks('any').flatMap((index) => [
    ...Array.from({ length: 32 }, (_, offset) => block(index).port(offset)),
    ...nodePortsOf(index),
  ]);
  expect(new Set(ports).size).toBe(200 * (32 + 31));
  expect(Math.max(...ports)).toBeLessThan(32_768);
  expect(() => block(0).port(32)).toThrow('port 32');
});

test('waiting for a port that stays in use ends with an error that names it', async () => {
  const port = block(199).port(31);
  await listen(port);
  expect(await isListening(port)).toBe(true);
  await expect(waitForFreePorts([port], 100)).rejects.toThrow(String(port));
});
