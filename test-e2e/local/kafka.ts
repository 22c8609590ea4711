import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { connect, Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { quietRequestQueue } from '@lagscaler/demo-shared/kafka-request-queue.ts';
import { type Admin, Kafka, logLevel } from 'kafkajs';
import { brokerDir, offsetsPartitions, serverProperties } from './kafka-config.ts';
import { type KafkaJars, log4j } from './kafka-jars.ts';
import { allowedUrls, ensureTokenKeys } from './kafka-oauth.ts';
import { isListening } from './ports.ts';
import { controlsOf, type ProcessControls } from './process.ts';
import { run } from './run.ts';
import { type BrokerId, brokerIds, type KafkaUser, portsOf, type StackState } from './state.ts';
import { javaCommand } from './tools.ts';

/** JVM options of every Kafka program. C1 code and one collector thread: a broker at rest must cost next to nothing. */
export function javaArgs(jars: KafkaJars, heap: string): string[] {
  const archive = [`-XX:SharedArchiveFile=${jars.archive}`, '-Xshare:auto'];
  const small = [`-Xmx${heap}`, '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1'];
  return [...small, ...archive, '-cp', jars.classPath];
}

/** `host:port` of each broker's plaintext listener. */
export function bootstrapServers(state: StackState): string[] {
  return brokerIds.map((id) => `127.0.0.1:${portsOf(state).broker(id).plaintext}`);
}

export function brokerControls(state: StackState, id: BrokerId): ProcessControls {
  const { dir } = state;
  const ports = portsOf(state).broker(id);
  return controlsOf({
    name: `kafka-${id}`,
    command: javaCommand(),
    args: [
      ...[log4j, allowedUrls(dir), ...javaArgs(state.kafka, '400m')],
      ...['kafka.Kafka', propertiesFile(dir, id)],
    ],
    pidFile: join(dir, 'run', `kafka-${id}.pid`),
    logFile: join(dir, 'logs', `kafka-${id}.log`),
    ports: Object.values(ports),
    isReady: () => isListening(ports.plaintext),
    readyWithinMs: 60_000,
    stopWithinMs: 15_000, // it hands over its partitions; without a quorum it would try for ever
  });
}

function propertiesFile(dir: string, id: BrokerId): string {
  return join(brokerDir(dir, id), 'server.properties');
}

/** Writes the configuration of each broker and, the first time, formats its disk with the SCRAM accounts. */
export async function prepareBrokers(state: StackState, signal: AbortSignal): Promise<void> {
  ensureTokenKeys(state.dir);
  await Promise.all(brokerIds.map((id) => prepareBroker(state, id, signal)));
}

async function prepareBroker(state: StackState, id: BrokerId, signal: AbortSignal): Promise<void> {
  const dir = brokerDir(state.dir, id);
  mkdirSync(dir, { recursive: true });
  const config = propertiesFile(state.dir, id);
  writeFileSync(config, serverProperties(state, id), { mode: 0o600 });
  const formatted = join(dir, 'formatted');
  if (existsSync(formatted)) return;
  rmSync(join(dir, 'data'), { recursive: true, force: true }); // left by an interrupted format
  const { scram256, scram512 } = state.users;
  const scram = [scram256, scram512].flatMap((user) => ['--add-scram', scramArg(user)]);
  const format = ['kafka.tools.StorageTool', 'format', '-t', state.clusterId, '-c', config];
  await run(javaCommand(), [...javaArgs(state.kafka, '96m'), ...format, ...scram], {
    signal,
    pidFile: join(state.dir, 'run', `format-${id}.pid`),
  });
  writeFileSync(formatted, '');
}

function scramArg({ mechanism, username, password }: KafkaUser): string {
  return `${mechanism}=[name=${username},password=${password}]`;
}

/**
 * Runs `work` with a quiet kafkajs client of the plaintext listener, with deadlines (traps K3), and closes every connection it
 * opened: one that was being made while it disconnected would stay, and keep the process alive for the ten minutes until the
 * broker closes it.
 */
export async function withKafka<T>(
  state: StackState,
  clientId: string,
  work: (kafka: Kafka) => Promise<T>,
): Promise<T> {
  quietRequestQueue(); // else a timer of a closed connection keeps the process alive for ever
  const sockets: Socket[] = [];
  let ended = false;
  const isOver = new Error('withKafka has ended');
  const client = new Kafka({
    clientId,
    brokers: bootstrapServers(state),
    logLevel: logLevel.NOTHING,
    connectionTimeout: 2000,
    requestTimeout: 10_000,
    retry: { retries: 1 },
    socketFactory({ host, port, onConnect }) {
      const socket = ended ? new Socket().destroy(isOver) : connect({ host, port }, onConnect);
      socket.on('error', () => {}); // kafkajs has listeners of its own, but not from the first moment on
      sockets.push(socket);
      return socket;
    },
  });
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => late.reject(new Error(`kafkajs did not end within ${workWithinMs / 1000} s`)),
    workWithinMs,
  );
  try {
    return await Promise.race([work(client), late.promise]);
  } finally {
    clearTimeout(timer);
    ended = true;
    // With an error: kafkajs does not hear of a socket that merely closes, and its timers would keep the process alive.
    for (const socket of sockets) socket.destroy(isOver);
  }
}

/** kafkajs's own deadlines do not cover everything: on a machine under load it was seen to wait for ever, without a connection. */
const workWithinMs = 30_000;

/** Runs `work` with an admin client of its own, since one that met a deleted topic fails for ever. Traps K2. */
export function withAdmin<T>(state: StackState, work: (admin: Admin) => Promise<T>): Promise<T> {
  return withKafka(state, 'stack-admin', async (kafka) => {
    const admin = kafka.admin();
    try {
      await admin.connect();
      return await work(admin);
    } finally {
      await admin.disconnect();
    }
  });
}

/**
 * Waits until the three brokers serve each other and every group coordinator answers; the offsets topic is made on the way.
 * @throws Error with the last failure as its cause after `withinMs`
 */
export async function waitForKafka(
  state: StackState,
  withinMs: number,
  signal: AbortSignal,
): Promise<void> {
  const deadline = Date.now() + withinMs;
  for (;;) {
    signal.throwIfAborted();
    try {
      return await withAdmin(state, probeKafka);
    } catch (cause) {
      if (Date.now() > deadline)
        throw new Error(`Kafka is not healthy after ${withinMs / 1000} s`, { cause });
    }
    await sleep(200);
  }
}

async function probeKafka(admin: Admin): Promise<void> {
  const { brokers } = await admin.describeCluster();
  if (brokers.length < brokerIds.length) throw new Error(`${brokers.length} of 3 brokers`);
  // The first question for a coordinator makes the offsets topic, and each answer proves that a partition of it is loaded.
  await admin.describeGroups(probeGroups(offsetsPartitions));
  const { topics } = await admin.fetchTopicMetadata();
  const behind = topics.flatMap((topic) =>
    topic.partitions.filter((p) => p.isr.length < p.replicas.length).map(() => topic.name),
  );
  if (behind.length > 0) throw new Error(`replicas of ${new Set(behind).size} topics are behind`);
}

/** Names of groups, one for each partition of the offsets topic. */
export function probeGroups(partitions: number): string[] {
  const groups = new Map<number, string>();
  for (let i = 0; groups.size < partitions; i++) {
    const name = `probe-${i}`;
    const partition = (javaHashCode(name) & 0x7fffffff) % partitions;
    if (!groups.has(partition)) groups.set(partition, name);
  }
  return [...groups.values()];
}

/** What Java's String.hashCode gives: Kafka places a group by it. */
function javaHashCode(text: string): number {
  let hash = 0;
  for (const char of text) hash = (Math.imul(31, hash) + char.charCodeAt(0)) | 0;
  return hash;
}

/**
 * Runs one of Kafka's own tools against the stack.
 * @param mainClass such as `org.apache.kafka.tools.consumer.group.ConsumerGroupCommand`
 * @returns its standard output
 * @throws CommandError when it fails or takes longer than 60 s
 */
export function kafkaTool(
  state: StackState,
  mainClass: string,
  args: readonly string[],
): Promise<string> {
  const [command = '', ...rest] = kafkaToolCommand(state, mainClass);
  return run(command, [...rest, ...args]);
}

/** The command line of a Kafka tool, to be followed by its own arguments. */
export function kafkaToolCommand(state: StackState, mainClass: string): string[] {
  const bootstrap = ['--bootstrap-server', bootstrapServers(state).join(',')];
  return [...kafkaProgramCommand(state, mainClass), ...bootstrap];
}

/** The command line of any program that uses Kafka's classes. @param main class, or source file of one */
export function kafkaProgramCommand(state: StackState, main: string): string[] {
  const quiet = log4j.replace('log4j2.xml', 'log4j2-tools.xml');
  return [javaCommand(), quiet, ...javaArgs(state.kafka, '256m'), main];
}
