/**
 * `node test-e2e/local/self-test.ts`: proves on throw-away stacks what the embedded stack promises; about a minute.
 * Run it after a change in this folder. It leaves nothing behind.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Kafka, logLevel, type SASLOptions } from 'kafkajs';
import {
  commitOffsets,
  createTopic,
  deleteTopics,
  endOffsets,
  growTopic,
  produce,
} from '../kafka.ts';
import { kafkaTool, withAdmin } from './kafka.ts';
import { describeGroupLag } from './lag-oracle.ts';
import { stackDir } from './paths.ts';
import { isFrozen } from './pidfile.ts';
import { until } from './process.ts';
import { consoleProgress, type Progress } from './progress.ts';
import { mongoChecks } from './self-test-mongo.ts';
import { podChecks } from './self-test-pods.ts';
import { attachStack, type Stack, startStack, stopStack } from './stack.ts';
import { brokerIds, type KafkaUser } from './state.ts';

process.removeAllListeners('warning'); // traps K9
const progress = consoleProgress();
const dirs = { a: stackDir('self-test-a'), b: stackDir('self-test-b') };
const quiet: Progress = { step: (_title, work) => work(() => {}), note: () => {} };

const checks: readonly (readonly [string, (stack: Stack) => Promise<void>])[] = [
  ['starting it again keeps every process', keepsProcesses],
  ['another process can attach to it', attaches],
  ['topics: create, grow, produce, commit, delete', servesTopics],
  ['every listener and every account lets a client in', servesListeners],
  ['a wrong password is refused', refusesWrongPassword],
  ['a frozen broker is resumed by heal', healsFrozenBroker],
  ['a broker keeps its data over kill -9', keepsDataOverKill],
  ['etcd keeps its data over kill -9', keepsEtcdData],
  ['the API server restarts on its port', restartsApiServer],
  ...mongoChecks,
  ...podChecks,
  ['a part with other arguments is started anew', replacesOnOtherArguments],
  ['a stopped and purged stack leaves no process and no file', endsAll],
];

try {
  await endAll();
  const both = await progress.step('two stacks start at once', startTwo);
  await progress.step('ending one leaves the other alone', () => endsOneOnly(both));
  for (const [title, check] of checks) await progress.step(title, () => check(both.a));
  await progress.step('kill -9 of the parent, then down', survivesParent);
} finally {
  await endAll();
}

async function endAll(): Promise<void> {
  await stopStack(dirs.a, { purge: true });
  await stopStack(dirs.b, { purge: true });
}

async function startTwo(): Promise<{ a: Stack; b: Stack }> {
  const [a, b] = await Promise.all([
    startStack({ dir: dirs.a, progress: quiet }),
    startStack({ dir: dirs.b, progress: quiet }),
  ]);
  assert.equal(new Set([...a.bootstrapServers, ...b.bootstrapServers]).size, 6);
  return { a, b };
}

async function endsOneOnly({ a, b }: { a: Stack; b: Stack }): Promise<void> {
  const before = pidsOf(a);
  await b.stop({ purge: true });
  assert.deepEqual(pidsOf(a), before);
  assert.ok(pidsOf(b).every((pid) => pid === undefined));
}

function parts(of: Stack) {
  const { etcd, apiServer, controllerManager, scheduler, mongo, nodeAgent } = of;
  const brokers = brokerIds.map((id) => of.kafka.broker(id));
  return [...brokers, etcd, apiServer, controllerManager, scheduler, mongo, nodeAgent];
}

function pidsOf(of: Stack): (number | undefined)[] {
  return parts(of).map((part) => part.pid());
}

async function keepsProcesses(of: Stack): Promise<void> {
  const before = pidsOf(of);
  assert.ok(before.every((pid) => pid !== undefined));
  const again = await startStack({ dir: of.dir, progress: quiet });
  assert.deepEqual(pidsOf(again), before);
}

async function attaches(of: Stack): Promise<void> {
  const attached = await attachStack(of.dir);
  assert.match(await attached.kubectl('get', 'nodes'), / Ready /);
  await attached[Symbol.asyncDispose]();
  assert.deepEqual(pidsOf(attached), pidsOf(of));
}

async function servesTopics({ state, bootstrapServers: servers }: Stack): Promise<void> {
  await createTopic(servers, 'orders', 4);
  await produce(servers, 'orders', { partitions: 4, records: 100 });
  assert.deepEqual([...(await endOffsets(servers, 'orders')).values()], [25n, 25n, 25n, 25n]);
  await commitOffsets(servers, 'shop', 'orders', new Map([[0, 5n]]));
  const [lag] = await describeGroupLag(state, 'shop');
  const { topic, partition, committed, end, lag: records } = lag ?? {};
  assert.deepEqual([topic, partition, committed, end, records], ['orders', 0, 5n, 25n, 20n]);
  await growTopic(servers, 'orders', 6);
  await deleteTopics(servers, ['orders']);
  const topics = await kafkaTool(state, 'org.apache.kafka.tools.TopicCommand', ['--list']);
  assert.doesNotMatch(topics, /orders/);
}

async function servesListeners(of: Stack): Promise<void> {
  const { cert, key } = of.kafkaClientCertificate;
  const tls = { ca: of.ca };
  await connects(of.tlsBootstrapServers, { ssl: tls });
  await connects(of.tlsBootstrapServers, { ssl: { ...tls, cert, key } });
  for (const user of Object.values(of.users)) {
    await connects(of.saslBootstrapServers, { sasl: saslOf(user) });
    await connects(of.saslTlsBootstrapServers, { sasl: saslOf(user), ssl: tls });
  }
}

async function refusesWrongPassword({ users, saslBootstrapServers }: Stack): Promise<void> {
  const sasl = saslOf({ ...users.scram512, password: 'wrong' });
  await assert.rejects(connects(saslBootstrapServers, { sasl }), /authentication/i);
}

function saslOf({ mechanism, username, password }: KafkaUser): SASLOptions {
  const names = {
    PLAIN: 'plain',
    'SCRAM-SHA-256': 'scram-sha-256',
    'SCRAM-SHA-512': 'scram-sha-512',
  } as const;
  return { mechanism: names[mechanism], username, password } as SASLOptions;
}

async function connects(
  brokers: readonly string[],
  security: { ssl?: object; sasl?: SASLOptions },
): Promise<void> {
  const client = new Kafka({
    brokers: [...brokers],
    logLevel: logLevel.NOTHING,
    retry: { retries: 1 },
    // By default it would authenticate again at once where sessions are shorter than 10 s, and in a way that brokers refuse.
    reauthenticationThreshold: 0,
    ...security,
  });
  const admin = client.admin();
  try {
    await admin.connect();
    assert.equal((await admin.describeCluster()).brokers.length, 3);
  } finally {
    await admin.disconnect();
  }
}

async function healsFrozenBroker(of: Stack): Promise<void> {
  const broker = of.kafka.broker(2);
  const pid = broker.pid() ?? 0;
  await broker.freeze();
  assert.ok(isFrozen(pid));
  // The others must notice: it disappears from the cluster when its session ends.
  const others = () => withAdmin(of.state, (admin) => admin.describeCluster());
  await until(
    async () => (await others().catch(() => undefined))?.brokers.length === 2,
    30_000,
    'the frozen broker is not fenced',
  );
  await of.heal();
  assert.equal(broker.pid(), pid);
}

async function keepsDataOverKill(of: Stack): Promise<void> {
  await createTopic(of.bootstrapServers, 'kept', 1);
  await produce(of.bootstrapServers, 'kept', { partitions: 1, records: 3 });
  for (const id of brokerIds) await of.kafka.broker(id).kill();
  await of.heal();
  assert.equal((await endOffsets(of.bootstrapServers, 'kept')).get(0), 3n);
  await of.kafka.broker(3).stop();
  assert.equal(await of.kafka.broker(3).start(), 'started');
  await of.kafka.waitUntilHealthy();
}

async function keepsEtcdData(of: Stack): Promise<void> {
  await of.kubectl('create', 'configmap', 'kept', '--from-literal=a=b');
  await of.etcd.kill();
  assert.equal(of.etcd.pid(), undefined);
  await of.heal();
  assert.match(await of.kubectl('get', 'configmap', 'kept', '-o=yaml'), /a: b/);
}

async function restartsApiServer(of: Stack): Promise<void> {
  const before = of.apiServer.pid();
  await of.apiServer.stop();
  assert.equal(await of.apiServer.start(), 'started');
  assert.notEqual(of.apiServer.pid(), before);
  await of.apiServer.freeze();
  await of.apiServer.kill();
  await of.heal();
  await of.apply('{apiVersion: v1, kind: ConfigMap, metadata: {name: after-restart}}');
}

async function replacesOnOtherArguments(of: Stack): Promise<void> {
  const before = pidsOf(of);
  const light = await startStack({ dir: of.dir, progress: quiet, light: true });
  const after = pidsOf(light);
  assert.deepEqual(after.slice(0, -1), before.slice(0, -1));
  assert.notEqual(after.at(-1), before.at(-1));
}

async function endsAll(of: Stack): Promise<void> {
  await of.kafka.broker(1).freeze(); // a frozen part must end too
  await of.stop({ purge: true });
  assert.deepEqual(processesOf(of.dir), []);
  assert.ok(!existsSync(of.dir));
}

/** The parent dies in the middle of the start; `down` in this process must find all it had started. */
async function survivesParent(): Promise<void> {
  const cli = join(import.meta.dirname, 'cli.ts');
  const parent = spawn(process.execPath, [cli, 'up', '--name', 'self-test-b'], { stdio: 'ignore' });
  await until(() => processesOf(dirs.b).length >= 5, 60_000, 'the stack does not start');
  parent.kill('SIGKILL');
  await once(parent, 'exit');
  await sleep(500); // what it spawned last is now on its way; nobody else will start more
  assert.ok(processesOf(dirs.b).length > 0);
  await stopStack(dirs.b);
  assert.deepEqual(processesOf(dirs.b), []);
}

/** Pids of all processes whose command line names the directory, found without pid files. */
function processesOf(dir: string): string[] {
  return readdirSync('/proc').filter((pid) => {
    if (!/^\d+$/.test(pid) || Number(pid) === process.pid) return false;
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(`${dir}/`);
    } catch {
      return false; // ended meanwhile
    }
  });
}
