import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Binaries } from './binaries.ts';
import type { KafkaJars } from './kafka-jars.ts';
import type { MongoJars } from './mongo.ts';
import { portRegistry } from './paths.ts';
import { block, choosePorts } from './ports.ts';

/** One account of the brokers' SASL listeners. */
export interface KafkaUser {
  readonly mechanism: 'PLAIN' | 'SCRAM-SHA-256' | 'SCRAM-SHA-512';
  readonly username: string;
  readonly password: string;
}

/** One account per mechanism, and one that needs ACLs to be allowed anything. */
export interface KafkaUsers {
  readonly plain: KafkaUser;
  readonly scram256: KafkaUser;
  readonly scram512: KafkaUser;
  readonly limited: KafkaUser;
}

/** What stays the same for the life of a stack, and all that another process needs to attach to it. */
export interface StackState {
  readonly dir: string;
  readonly portBlock: number;
  readonly clusterId: string;
  readonly users: KafkaUsers;
  readonly binaries: Binaries;
  readonly kafka: KafkaJars;
  readonly mongo: MongoJars;
  /** The node agent hosts many pods of one image in one process. */
  readonly light: boolean;
  /** How many pods the node takes. */
  readonly capacityPods: number;
}

export const brokerIds = [1, 2, 3] as const;
export type BrokerId = (typeof brokerIds)[number];

/** Ports on 127.0.0.1. */
export function portsOf({ portBlock }: Pick<StackState, 'portBlock'>) {
  const { port, nodePorts } = block(portBlock);
  const broker = (id: BrokerId) => ({
    plaintext: port(2 + 5 * id),
    sasl: port(3 + 5 * id),
    tls: port(4 + 5 * id),
    saslTls: port(5 + 5 * id),
    controller: port(6 + 5 * id),
  });
  return {
    etcd: port(0),
    etcdPeer: port(1),
    apiServer: port(2),
    controllerManager: port(3),
    scheduler: port(4),
    broker,
    mongo: port(22),
    /** For Services of type NodePort. */
    nodePorts,
  };
}

const fileName = 'stack.json';

/** @returns undefined when no stack was ever started in the directory */
export function readState(dir: string): StackState | undefined {
  const file = join(dir, fileName);
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as StackState) : undefined;
}

/**
 * Remembers how this start runs the stack. What clients and data depend on (ports, users, cluster id) is kept from the
 * first start on, and so is the kind of node unless it is asked for anew.
 */
export async function updateState(
  dir: string,
  software: Pick<StackState, 'binaries' | 'kafka' | 'mongo'>,
  node: Readonly<{ light?: boolean | undefined; capacityPods?: number | undefined }>,
): Promise<StackState> {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const { index: portBlock } = await choosePorts(dir, portRegistry());
  const before = readState(dir);
  const clusterId = before?.clusterId ?? randomBytes(16).toString('base64url');
  const users = { ...createUsers(), ...before?.users };
  const light = node.light ?? before?.light ?? false;
  const capacityPods = node.capacityPods ?? before?.capacityPods ?? 500;
  const state = { dir, portBlock, clusterId, users, ...software, light, capacityPods };
  const file = join(dir, fileName);
  writeFileSync(`${file}.new`, `${JSON.stringify(state, undefined, 2)}\n`, { mode: 0o600 });
  renameSync(`${file}.new`, file);
  return state;
}

function createUsers(): KafkaUsers {
  const password = () => randomBytes(12).toString('hex');
  return {
    plain: { mechanism: 'PLAIN', username: 'alice', password: password() },
    scram256: { mechanism: 'SCRAM-SHA-256', username: 'bob', password: password() },
    scram512: { mechanism: 'SCRAM-SHA-512', username: 'carol', password: password() },
    // PLAIN, since SCRAM accounts are made when a disk is formatted: stacks of before have it too.
    limited: { mechanism: 'PLAIN', username: 'dave', password: password() },
  };
}
