import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type ControlPlane, controlPlaneOf, kubectl } from './control-plane.ts';
import { kubeconfigPaths, prepareControlPlane } from './control-plane-config.ts';
import { bootstrapServers, brokerControls, prepareBrokers, waitForKafka } from './kafka.ts';
import { withLock } from './lock.ts';
import { mongoControls, mongoUrl } from './mongo.ts';
import { endPods, nodeAgentControls } from './nodes.ts';
import { stackDir } from './paths.ts';
import { pkiPaths, readPair } from './pki.ts';
import { prepareSoftware } from './prepare.ts';
import { endProcess, type ProcessControls, until } from './process.ts';
import { createProgress, type Progress } from './progress.ts';
import {
  type BrokerId,
  brokerIds,
  type KafkaUsers,
  portsOf,
  readState,
  type StackState,
  updateState,
} from './state.ts';
import { writeWrappers } from './wrappers.ts';

/** A running stack: three Kafka brokers, MongoDB, a Kubernetes control plane and one node. Everything listens on 127.0.0.1 only. */
export interface Stack extends ControlPlane, AsyncDisposable {
  readonly dir: string;
  readonly state: StackState;
  /** Path of the admin's kubeconfig. */
  readonly kubeconfig: string;
  readonly apiServerPort: number;
  /** Plaintext listeners, no authentication. */
  readonly bootstrapServers: readonly string[];
  readonly saslBootstrapServers: readonly string[];
  /** TLS; a client certificate is accepted, not demanded. */
  readonly tlsBootstrapServers: readonly string[];
  readonly saslTlsBootstrapServers: readonly string[];
  /** PEM of the authority behind every TLS listener. */
  readonly ca: string;
  /** PEM of a client certificate and its key. */
  readonly kafkaClientCertificate: Readonly<{ cert: string; key: string }>;
  /** One account per SASL mechanism. */
  readonly users: KafkaUsers;
  readonly kafka: {
    /** @param id 1, 2 or 3 */
    broker(id: BrokerId): ProcessControls;
    /** Waits until all brokers serve, all replicas are in sync and every group coordinator answers. Default 60 s. */
    waitUntilHealthy(withinMs?: number): Promise<void>;
  };
  readonly nodeAgent: ProcessControls;
  /** A stand-in for MongoDB: see docs/embedded-stack.md for what it does not do. */
  readonly mongo: ProcessControls;
  /** Where a database is reached, from this machine and from pods alike; there is no authentication. */
  mongoUrl(database: string): string;
  /** @throws CommandError with kubectl's words */
  kubectl(...args: string[]): Promise<string>;
  /** `kubectl apply -f -` */
  apply(yaml: string): Promise<string>;
  /** Starts and resumes whatever a test has stopped, killed or frozen, and waits until all is healthy. */
  heal(): Promise<void>;
  /** Ends everything; the data stay for the next start unless purged. */
  stop(options?: StopOptions): Promise<void>;
}

interface StopOptions {
  /** Deletes the stack's directory too: data, logs, ports. */
  readonly purge?: boolean;
}

interface StartOptions {
  /** Default: `stackDir()`, which follows the environment's STACK. */
  readonly dir?: string;
  /** Receives a line for each step; without it (and without `progress`) nothing is told. */
  readonly log?: (line: string) => void;
  readonly progress?: Progress;
  readonly signal?: AbortSignal;
  /** Many pods of one image in one process. Default: the environment's LIGHT (1 or 0), else as at the last start, else no. */
  readonly light?: boolean;
  /** Default: as at the last start, else 500. */
  readonly capacityPods?: number;
}

/**
 * Starts a stack, or completes one that runs in part: what runs and answers is kept.
 * Disposing of the result ends the stack; its data stay.
 * @throws Error that names what is missing, or the part that did not start with the end of its log
 */
export async function startStack(options: StartOptions = {}): Promise<Stack> {
  const { dir = stackDir(), log = () => {}, signal = new AbortController().signal } = options;
  const progress = options.progress ?? createProgress({ log });
  const onWait = () => progress.note(`another process is starting or stopping ${dir}: waiting`);
  const software = await prepareSoftware(progress, signal);
  const { light = lightFrom(process.env['LIGHT']), capacityPods } = options;
  return withLock(
    dir,
    async () => {
      const state = await updateState(dir, software, { light, capacityPods });
      prepareControlPlane(state);
      writeWrappers(state);
      const stack = stackOf(state, (self) => self.stop());
      await startParts(stack, progress, signal);
      return stack;
    },
    { signal, onWait },
  );
}

function lightFrom(variable: string | undefined): boolean | undefined {
  return variable ? variable === '1' : undefined;
}

/**
 * The stack that another process started in a directory. Disposing of it leaves it running.
 * @throws Error when no stack was started there
 */
export async function attachStack(dir: string = stackDir()): Promise<Stack> {
  const state = readState(dir);
  if (!state) throw new Error(`no stack in ${dir}: start it with \`make stack-up\``);
  return stackOf(state, async () => {});
}

function stackOf(state: StackState, dispose: (self: Stack) => Promise<void>): Stack {
  const { dir } = state;
  const pki = pkiPaths(join(dir, 'pki'));
  const brokers = {
    1: brokerControls(state, 1),
    2: brokerControls(state, 2),
    3: brokerControls(state, 3),
  };
  const listeners = (listener: 'sasl' | 'tls' | 'saslTls') =>
    brokerIds.map((id) => `127.0.0.1:${portsOf(state).broker(id)[listener]}`);
  const forever = new AbortController().signal;
  return {
    dir,
    state,
    ...controlPlaneOf(state),
    nodeAgent: nodeAgentControls(state),
    mongo: mongoControls(state),
    mongoUrl: (database) => mongoUrl(state, database),
    kubeconfig: kubeconfigPaths(dir).admin,
    apiServerPort: portsOf(state).apiServer,
    bootstrapServers: bootstrapServers(state),
    saslBootstrapServers: listeners('sasl'),
    tlsBootstrapServers: listeners('tls'),
    saslTlsBootstrapServers: listeners('saslTls'),
    users: state.users,
    get ca() {
      return readFileSync(pki.ca, 'utf8');
    },
    get kafkaClientCertificate() {
      return readPair(pki.kafkaClient);
    },
    kafka: {
      broker: (id) => brokers[id],
      waitUntilHealthy: (withinMs = 60_000) => waitForKafka(state, withinMs, forever),
    },
    kubectl: (...args) => kubectl(state, args),
    apply: (yaml) => kubectl(state, ['apply', '-f', '-'], yaml),
    heal() {
      return startParts(this, createProgress({ log: () => {} }), forever);
    },
    stop: (options = {}) => stopStack(dir, options),
    [Symbol.asyncDispose]() {
      return dispose(this);
    },
  };
}

/** Kafka, Kubernetes and MongoDB come up side by side. */
async function startParts(stack: Stack, progress: Progress, signal: AbortSignal): Promise<void> {
  const start = (part: ProcessControls) =>
    progress.step(part.name, async (update) => update(await part.start(signal)));
  const startKafka = async () => {
    await progress.step('Kafka disks', () => prepareBrokers(stack.state, signal));
    // Together: one alone has no quorum and would never be ready.
    await Promise.all(brokerIds.map((id) => start(stack.kafka.broker(id))));
    await progress.step('Kafka is healthy', () => waitForKafka(stack.state, 60_000, signal));
  };
  const startKubernetes = async () => {
    await start(stack.etcd);
    await start(stack.apiServer);
    await Promise.all([
      start(stack.controllerManager),
      start(stack.scheduler),
      start(stack.nodeAgent),
    ]);
    await progress.step('Kubernetes is healthy', () => untilPodsAreAdmitted(stack));
  };
  // All are seen to their end, so that no child is being started any more when the error is told.
  const results = await Promise.allSettled([startKafka(), startKubernetes(), start(stack.mongo)]);
  const failures = results.flatMap((result) =>
    result.status === 'rejected' ? [result.reason] : [],
  );
  if (failures.length > 1)
    throw new AggregateError(failures, failures.map((error) => error.message).join('\n'));
  if (failures.length > 0) throw failures[0];
}

/** Until the controller manager has made it, every pod without a service account of its own is refused. */
function untilPodsAreAdmitted(stack: Stack): Promise<void> {
  const exists = () =>
    stack.kubectl('get', 'serviceaccount', 'default', '--namespace=default').then(
      () => true,
      () => false,
    );
  return until(exists, 30_000, 'the default service account does not appear');
}

const podGraceMs = 5000;

/**
 * Ends a stack by its pid files alone: it works when whoever started it is gone.
 * A process that is not the recorded one (a recycled pid) is left alone.
 */
export async function stopStack(dir: string, { purge = false }: StopOptions = {}): Promise<void> {
  await withLock(dir, async () => {
    const run = join(dir, 'run');
    await endProcess(join(run, 'node-agent.pid'), 40_000); // first, so that pods end while Kafka and the API server are there
    await endPods(dir, podGraceMs);
    // The API server holds no data, and what etcd, Kafka and MongoDB have written is in the page cache, which survives their end;
    // a polite stop of Kafka without a quorum takes for ever.
    const rest = existsSync(run) ? readdirSync(run).filter((file) => file.endsWith('.pid')) : [];
    await Promise.all(rest.map((file) => endProcess(join(run, file), 0)));
    if (purge) rmSync(dir, { recursive: true, force: true });
  });
}
