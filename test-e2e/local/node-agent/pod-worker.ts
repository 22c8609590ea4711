import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type AgentContext, hostIP } from './agent-context.ts';
import { ApiError } from './api.ts';
import { sleep, timestamp } from './clock.ts';
import { ContainerRunner } from './container-runner.ts';
import { type PodSandbox, volumesDir } from './prepare.ts';
import { type ContainerRecord, newRecord, podStatus } from './status.ts';
import { StatusWriter } from './status-writer.ts';
import { keepTokenFresh, wantsToken, writePodKubeconfig } from './tokens.ts';
import type { Container, ContainerStatus, Pod, PodStatus } from './types.ts';
import { makeVolumes } from './volumes.ts';

const retryMs = 2_000;

/** One pod on this node, from its binding to its deletion. */
export class PodWorker {
  readonly #agent: AgentContext;
  readonly #dir: string;
  readonly #startTime: string;
  readonly #init: readonly ContainerRecord[];
  readonly #main: readonly ContainerRecord[];
  readonly #writer: StatusWriter;
  readonly #stopping = new AbortController();
  /** Its containers have ended for good. */
  readonly #over: Promise<void>;
  #pod: Pod;
  #podIP: string | undefined;
  #runners: readonly ContainerRunner[] = [];
  #graceMs = Number.POSITIVE_INFINITY;
  #deletion: Promise<void> | undefined;
  #ended = false;
  #last: PodStatus = {};

  constructor(agent: AgentContext, pod: Pod) {
    this.#agent = agent;
    this.#pod = pod;
    this.#dir = join(agent.dir, 'pods', pod.metadata.uid);
    this.#startTime = pod.status?.startTime ?? timestamp();
    const { initContainerStatuses, containerStatuses } = pod.status ?? {};
    this.#init = records(pod.spec.initContainers, initContainerStatuses);
    this.#main = records(pod.spec.containers, containerStatuses);
    this.#writer = new StatusWriter(agent.api, pod, () => this.#status());
    // A pod that was over before this agent came, or is being deleted, does not start again.
    const phase = pod.status?.phase;
    const finished = phase === 'Succeeded' || phase === 'Failed';
    const nothingToRun = finished || pod.metadata.deletionTimestamp !== undefined;
    this.#over = nothingToRun ? Promise.resolve() : this.#live();
    if (nothingToRun) this.#writer.close();
    this.observe(pod);
  }

  get uid(): string {
    return this.#pod.metadata.uid;
  }

  /** The pod as the API server has it now. */
  observe(pod: Pod): void {
    this.#pod = pod;
    const { deletionTimestamp, deletionGracePeriodSeconds } = pod.metadata;
    if (deletionTimestamp) {
      this.#stop((deletionGracePeriodSeconds ?? 30) * 1000);
      this.#deletion ??= this.#delete();
    } else {
      this.#writer.reconcile(pod);
    }
  }

  /** The pod no longer exists (deleted by force): its processes are killed at once. */
  async vanish(): Promise<void> {
    this.#writer.close();
    this.#stop(0);
    await this.#over;
    await this.#forget();
  }

  /** Ends the containers without a word to the API server: the agent itself ends. */
  async shutDown(graceMs: number): Promise<void> {
    this.#writer.close();
    this.#stop(graceMs);
    await this.#over;
    await this.#forget();
  }

  #stop(graceMs: number): void {
    if (graceMs >= this.#graceMs) return;
    this.#graceMs = graceMs;
    this.#stopping.abort();
    for (const runner of this.#runners) void runner.stop(graceMs);
  }

  async #live(): Promise<void> {
    const { signal } = this.#stopping;
    this.#writer.changed();
    const sandbox = await this.#sandbox();
    if (!sandbox) return;
    try {
      const policy = this.#pod.spec.restartPolicy ?? 'Always';
      for (const record of this.#init) {
        await this.#runAll([record], sandbox, policy === 'Always' ? 'OnFailure' : policy);
        if (record.state.terminated?.exitCode !== 0) return; // it failed for good
      }
      if (!signal.aborted) await this.#runAll(this.#main, sandbox, policy);
    } finally {
      this.#agent.addresses.release(sandbox.podIP);
      this.#stopping.abort(); // the token needs no renewal any more
    }
  }

  async #runAll(
    records: readonly ContainerRecord[],
    sandbox: PodSandbox,
    policy: 'Always' | 'OnFailure' | 'Never',
  ): Promise<void> {
    if (this.#stopping.signal.aborted) return;
    const changed = (urgent?: boolean) => this.#writer.changed(urgent);
    this.#runners = records.map(
      (record) => new ContainerRunner(this.#agent, sandbox, record, changed),
    );
    await Promise.all(this.#runners.map((runner) => runner.run(policy)));
  }

  /** Address, token and volumes; tried until it works, undefined when the pod goes first. */
  async #sandbox(): Promise<PodSandbox | undefined> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      try {
        return await this.#prepare(signal);
      } catch (error) {
        const message = error instanceof Error ? error.message : String(error);
        for (const record of [...this.#init, ...this.#main]) {
          record.state = { waiting: { reason: 'ContainerCreating', message } };
        }
        this.#writer.changed();
        this.#agent.events.publish(this.#pod, 'Warning', 'FailedMount', message);
        await sleep(retryMs, signal);
      }
    }
    if (this.#podIP) this.#agent.addresses.release(this.#podIP);
    return undefined;
  }

  async #prepare(signal: AbortSignal): Promise<PodSandbox> {
    const { api, addresses, reader } = this.#agent;
    const pod = this.#pod;
    this.#podIP ??= await addresses.take(portsOf(pod), pod.status?.podIP);
    const podIP = this.#podIP;
    const files = wantsToken(pod) ? await writePodKubeconfig(api, pod, this.#dir) : undefined;
    const readToken = () => readFile(files?.token ?? '', 'utf8');
    const network = { podIP, hostIP };
    await makeVolumes(pod, volumesDir(this.#dir), { reader, network, readToken });
    if (files) void keepTokenFresh(api, pod, files.token, signal);
    return { pod, podIP, dir: this.#dir, kubeconfig: files?.kubeconfig };
  }

  /** Containers end, the final status is told, then the API server may forget the pod. */
  async #delete(): Promise<void> {
    await this.#over;
    this.#ended = true;
    this.#writer.changed();
    await this.#writer.flush();
    this.#writer.close();
    const { namespace, name, uid } = this.#pod.metadata;
    const options = { kind: 'DeleteOptions', apiVersion: 'v1' };
    const body = { ...options, gracePeriodSeconds: 0, preconditions: { uid } };
    for (;;) {
      try {
        await this.#agent.api.delete(`/api/v1/namespaces/${namespace}/pods/${name}`, body);
        return await this.#forget();
      } catch (error) {
        // 404 and 409: gone, or replaced by a pod of the same name
        if (error instanceof ApiError && (error.code === 404 || error.code === 409)) {
          return await this.#forget();
        }
        await sleep(retryMs, new AbortController().signal);
      }
    }
  }

  /** Removes the pod's files; its logs stay. */
  async #forget(): Promise<void> {
    try {
      await rm(this.#dir, { recursive: true, force: true, maxRetries: 3 });
    } catch (error) {
      console.warn(`the files of pod ${this.#pod.metadata.name} stay:`, error);
    }
  }

  #status(): PodStatus {
    this.#last = podStatus(
      {
        pod: this.#pod,
        podIP: this.#podIP,
        hostIP,
        startTime: this.#startTime,
        init: this.#init,
        main: this.#main,
        ended: this.#ended,
        conditions: this.#last.conditions ?? [],
      },
      timestamp(),
    );
    return this.#last;
  }
}

function records(
  containers: readonly Container[] | undefined,
  earlier: readonly ContainerStatus[] | undefined,
): readonly ContainerRecord[] {
  const statusOf = (name: string) => earlier?.find((each) => each.name === name);
  return (containers ?? []).map((each) => newRecord(each, statusOf(each.name)));
}

/** The ports that the pod says it listens on: its address must have them free. */
function portsOf(pod: Pod): readonly number[] {
  const ports = pod.spec.containers.flatMap((container) => [
    ...(container.ports ?? []).map((port) => port.containerPort),
    ...[container.startupProbe, container.readinessProbe, container.livenessProbe]
      .map((probe) => probe?.httpGet?.port ?? probe?.tcpSocket?.port)
      .filter((port) => typeof port === 'number'),
  ]);
  return [...new Set(ports)];
}
