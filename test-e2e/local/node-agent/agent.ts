import { withLock } from '../lock.ts';
import { PodAddresses } from './addresses.ts';
import type { AgentContext } from './agent-context.ts';
import { ApiClient } from './api.ts';
import type { BackoffSettings } from './backoff.ts';
import { createConfigReader } from './config-reader.ts';
import { createEventRecorder } from './events.ts';
import { readKubeconfig } from './kubeconfig.ts';
import { killLeftovers } from './leftovers.ts';
import { LightRuntime } from './light-runtime.ts';
import { NodePorts, nodePortServices } from './node-ports.ts';
import { type Capacity, keepNode } from './node-registration.ts';
import { PodWorker } from './pod-worker.ts';
import { createProcessRuntime } from './process-runtime.ts';
import { StartLimit } from './starts.ts';
import type { Pod } from './types.ts';
import { type ObjectHandlers, type Watched, watchObjects } from './watch.ts';

export interface AgentSettings {
  readonly kubeconfig: string;
  readonly node: string;
  readonly dir: string;
  readonly light: boolean;
  readonly capacity: Capacity;
  readonly backoff: BackoffSettings;
  /** How many containers may be starting at the same time. */
  readonly concurrentStarts: number;
}

/** When the agent itself is asked to end, its pods get at most this long. */
const shutDownGraceMs = 3_000;

/** Runs the node until the signal aborts, then ends its pods. Resolves when they have ended. */
export async function runAgent(settings: AgentSettings, signal: AbortSignal): Promise<void> {
  const { node, dir } = settings;
  // Two agents of one node would both run each of its pods.
  const onWait = () => console.log(`waiting for another node agent of ${node} in ${dir} to end`);
  await withLock(`node-agent ${node} ${dir}`, () => run(settings, signal), { signal, onWait });
}

async function run(settings: AgentSettings, signal: AbortSignal): Promise<void> {
  const { node, dir } = settings;
  const killed = await killLeftovers(dir, node);
  if (killed > 0) console.log(`killed ${killed} processes of an earlier node agent`);
  const agent = await createContext(settings);
  const pods = new PodSet(agent);
  const registered = Promise.withResolvers<void>();
  const listed = Promise.withResolvers<void>();
  const nodePorts = new NodePorts();
  const handlers: ObjectHandlers<Pod> = {
    replaced: (all) => {
      nodePorts.podHandlers.replaced(all);
      pods.replaced(all);
      listed.resolve();
    },
    changed: (pod) => {
      nodePorts.podHandlers.changed(pod);
      pods.changed(pod);
    },
    deleted: (pod) => {
      nodePorts.podHandlers.deleted(pod);
      pods.deleted(pod);
    },
  };
  const loops = [
    keepNode(agent.api, node, settings.capacity, registered.resolve, signal),
    watchObjects(agent.api, podsOf(node), handlers, signal),
    watchObjects(agent.api, nodePortServices, nodePorts.serviceHandlers, signal),
  ];
  void Promise.all([registered.promise, listed.promise]).then(() =>
    console.log(`node agent ready: node ${node}, pods get addresses ${agent.addresses.range}`),
  );
  await Promise.all(loops);
  await pods.shutDown(shutDownGraceMs);
  nodePorts.close();
  agent.lightRuntime.close();
  agent.addresses.close();
  agent.api.close();
}

function podsOf(node: string): Watched {
  const fieldSelector = `spec.nodeName=${node}`;
  return { title: `pods of ${node}`, path: '/api/v1/pods', fieldSelector };
}

async function createContext(settings: AgentSettings): Promise<AgentContext> {
  const { node, dir, light, backoff } = settings;
  const api = new ApiClient(readKubeconfig(settings.kubeconfig));
  return {
    ...{ api, node, dir, light, backoff },
    addresses: await PodAddresses.reserve(`${dir} ${node}`),
    reader: createConfigReader(api),
    events: createEventRecorder(api, node),
    starts: new StartLimit(settings.concurrentStarts),
    processes: createProcessRuntime(node),
    lightRuntime: new LightRuntime(dir, node),
  };
}

/** The pods of this node, by uid. */
class PodSet {
  readonly #agent: AgentContext;
  readonly #workers = new Map<string, PodWorker>();

  constructor(agent: AgentContext) {
    this.#agent = agent;
  }

  replaced(pods: readonly Pod[]): void {
    const seen = new Set(pods.map((pod) => pod.metadata.uid));
    for (const worker of [...this.#workers.values()]) {
      if (!seen.has(worker.uid)) this.#vanished(worker.uid);
    }
    for (const pod of pods) this.changed(pod);
  }

  changed(pod: Pod): void {
    const { uid } = pod.metadata;
    const worker = this.#workers.get(uid);
    if (worker) worker.observe(pod);
    else this.#workers.set(uid, new PodWorker(this.#agent, pod));
  }

  deleted(pod: Pod): void {
    this.#vanished(pod.metadata.uid);
  }

  async shutDown(graceMs: number): Promise<void> {
    await Promise.all([...this.#workers.values()].map((worker) => worker.shutDown(graceMs)));
  }

  #vanished(uid: string): void {
    const worker = this.#workers.get(uid);
    this.#workers.delete(uid);
    worker?.vanish().catch((error: unknown) => console.warn(`pod ${uid}:`, error));
  }
}
