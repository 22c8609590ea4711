import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { withLock } from './lock.ts';

// Blocks lie below the kernel's ephemeral range (32768 and up): there an outgoing connection could take the port of a
// broker that is down for a moment.
const firstPort = 20_000;
const blockSize = 32;
const blockCount = 200;
// Above all blocks, so that a block of 32 stays where it was in stacks that were made before there were node ports.
const firstNodePort = firstPort + blockCount * blockSize;
const nodePortsPerBlock = 31;

/** A stack's own run of `blockSize` neighbouring ports, and another of ports for Services of type NodePort. */
export interface PortBlock {
  /** 0..199; also tells the pods' addresses of two stacks apart. */
  readonly index: number;
  port(offset: number): number;
  /** First and last, both included. */
  readonly nodePorts: Readonly<{ first: number; last: number }>;
}

/**
 * Chooses a block of free ports at the first call for a directory; later calls find the same one in its `ports` file.
 * @param registry a directory shared by all stacks, where each claims its block
 * @throws Error when no block is free
 */
export function choosePorts(dir: string, registry: string): Promise<PortBlock> {
  return withLock(registry, async () => {
    mkdirSync(dir, { recursive: true });
    mkdirSync(registry, { recursive: true });
    const remembered = rememberedBlock(dir);
    if (remembered !== undefined) {
      writeFileSync(join(registry, String(remembered)), dir);
      return block(remembered);
    }
    const taken = claimedBlocks(registry);
    for (const index of candidateBlocks(dir)) {
      if (taken.has(index) || !(await isBlockFree(index))) continue;
      writeFileSync(join(registry, String(index)), dir);
      writeFileSync(join(dir, 'ports'), `${index}\n`);
      return block(index);
    }
    throw new Error(
      `no free block of ${blockSize} ports between ${firstPort} and ${firstPort + blockCount * blockSize}: ` +
        'end stacks that are no longer needed with `make stack-down`',
    );
  });
}

/** All blocks, from one that depends on the directory: stacks rarely meet, and a stack made anew keeps its ports. */
export function candidateBlocks(dir: string): number[] {
  const start = createHash('sha256').update(dir).digest().readUInt32BE() % blockCount;
  return Array.from({ length: blockCount }, (_, i) => (start + i) % blockCount);
}

/** Blocks that other directories hold. A directory that is gone, or has chosen other ports, holds nothing. */
function claimedBlocks(registry: string): Set<number> {
  const claims = readdirSync(registry).filter((file) => /^\d+$/.test(file));
  return new Set(claims.map(Number).filter((index) => isClaimLive(registry, index)));
}

function isClaimLive(registry: string, index: number): boolean {
  const file = join(registry, String(index));
  if (rememberedBlock(readFileSync(file, 'utf8')) === index) return true;
  rmSync(file);
  return false;
}

function rememberedBlock(dir: string): number | undefined {
  const file = join(dir, 'ports');
  if (!existsSync(file)) return undefined;
  const index = Number(readFileSync(file, 'utf8'));
  return Number.isInteger(index) && index >= 0 && index < blockCount ? index : undefined;
}

export function block(index: number): PortBlock {
  const first = firstNodePort + index * nodePortsPerBlock;
  return {
    index,
    nodePorts: { first, last: first + nodePortsPerBlock - 1 },
    port(offset) {
      if (offset >= blockSize) throw new Error(`port ${offset} of a block of ${blockSize}`);
      return firstPort + index * blockSize + offset;
    },
  };
}

async function isBlockFree(index: number): Promise<boolean> {
  const { port, nodePorts } = block(index);
  const own = Array.from({ length: blockSize }, (_, offset) => port(offset));
  const forNodes = Array.from({ length: nodePortsPerBlock }, (_, i) => nodePorts.first + i);
  const free = await Promise.all([...own, ...forNodes].map(isPortFree));
  return free.every(Boolean);
}

function isPortFree(port: number): Promise<boolean> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}

/**
 * Waits until nobody listens on the ports, since a process that just ended may hold them for a while.
 * @throws Error naming the port after `withinMs`
 */
export async function waitForFreePorts(ports: readonly number[], withinMs: number): Promise<void> {
  const deadline = Date.now() + withinMs;
  for (const port of ports) {
    while (!(await isPortFree(port))) {
      if (Date.now() > deadline)
        throw new Error(`port ${port} is in use by a process that is not of this stack`);
      await sleep(50);
    }
  }
}

/** @returns whether somebody accepts connections on a loopback port within 1 s */
export function isListening(port: number): Promise<boolean> {
  const socket = connect({ port, host: '127.0.0.1', timeout: 1000 });
  return new Promise((resolve) => {
    const answer = (listening: boolean) => {
      socket.destroy();
      resolve(listening);
    };
    socket.once('connect', () => answer(true));
    socket.once('timeout', () => answer(false));
    socket.once('error', () => answer(false));
  });
}
