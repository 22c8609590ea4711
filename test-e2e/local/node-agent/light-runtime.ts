import { type ChildProcess, fork } from 'node:child_process';
import { closeSync, mkdirSync, openSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { lightModulePath } from '../images.ts';
import { writePidFile } from '../pidfile.ts';
import type { FromHost, ToHost } from './light-protocol.ts';
import { signalGroup } from './process-runtime.ts';
import type { ContainerRuntime, ContainerStart, Exit, RunningContainer } from './runtime.ts';

const podsPerHost = 40;
const killed: Exit = { exitCode: 137, signal: 9 };

interface LightPod {
  readonly exited: Promise<Exit>;
  readonly exit: (exit: Exit) => void;
  readonly started: () => void;
}

interface Host {
  readonly module: string;
  readonly child: ChildProcess;
  readonly pods: Map<string, LightPod>;
}

/**
 * Runs the pods of one image in shared processes, up to 40 each, so that hundreds of consumers fit
 * in memory. Kafka sees no difference: each pod has its own client, address and group member.
 *
 * Limits: SIGTERM is the module's `stop()`. SIGKILL cannot end a part of a process: such a pod is
 * reported dead and its host forgets it, while whatever it still runs ends only with the host.
 * An uncaught exception in one pod ends all pods of the host, and so does the end of the agent.
 */
export class LightRuntime implements ContainerRuntime {
  readonly #dir: string;
  readonly #node: string;
  readonly #hosts = new Set<Host>();
  #lastId = 0;

  constructor(dir: string, node: string) {
    this.#dir = dir;
    this.#node = node;
  }

  async start(start: ContainerStart): Promise<RunningContainer> {
    const module = lightModulePath(start.image);
    if (!module) throw new Error(`image ${start.container.image} has no light module`);
    const host = this.#hostFor(module);
    const id = `${start.pod.metadata.uid}/${++this.#lastId}`;
    const { promise: exited, resolve: exit } = Promise.withResolvers<Exit>();
    const { promise: settled, resolve: started } = Promise.withResolvers<void>();
    host.pods.set(id, { exited, exit, started });
    const env = { ...start.env, LOG_FILE: start.logFile };
    send(host, { type: 'start', id, module, env, logFile: start.logFile });
    return {
      exited,
      settled,
      terminate: () => send(host, { type: 'stop', id }),
      kill: () => {
        send(host, { type: 'drop', id });
        this.#ended(host, id, killed);
      },
    };
  }

  /** Ends every host at once. */
  close(): void {
    for (const host of this.#hosts) signalGroup(host.child.pid ?? 0, 'SIGKILL');
  }

  #hostFor(module: string): Host {
    for (const host of this.#hosts) {
      if (host.module === module && host.pods.size < podsPerHost) return host;
    }
    return this.#fork(module);
  }

  #fork(module: string): Host {
    const name = `light-host-${this.#node}-${++this.#lastId}`;
    const logs = join(this.#dir, 'logs');
    mkdirSync(logs, { recursive: true });
    const log = openSync(join(logs, `${name}.log`), 'a');
    const child = fork(join(import.meta.dirname, 'light-host.ts'), [], {
      detached: true,
      execArgv: [],
      stdio: ['ignore', log, log, 'ipc'],
    });
    closeSync(log);
    const host: Host = { module, child, pods: new Map() };
    this.#hosts.add(host);
    const pidFile = join(this.#dir, 'pods', name, 'host.pid');
    if (child.pid) writePidFile(pidFile, child.pid, { node: this.#node, lightHost: name });
    child.on('message', (message: FromHost) => this.#received(host, message));
    const gone = () => {
      this.#hosts.delete(host);
      rmSync(dirname(pidFile), { recursive: true, force: true });
      for (const id of [...host.pods.keys()]) this.#ended(host, id, killed);
    };
    child.once('error', gone);
    child.once('exit', gone);
    return host;
  }

  #received(host: Host, message: FromHost): void {
    if (message.type === 'started') {
      host.pods.get(message.id)?.started();
    } else {
      const { id, exitCode, message: why } = message;
      this.#ended(host, id, { exitCode, ...(why && { message: why }) });
    }
  }

  #ended(host: Host, id: string, exit: Exit): void {
    const pod = host.pods.get(id);
    pod?.started();
    pod?.exit(exit);
    host.pods.delete(id);
    // The last pod is gone: end the host, and free what dropped pods may have left in it.
    if (host.pods.size > 0 || !this.#hosts.delete(host)) return;
    signalGroup(host.child.pid ?? 0, 'SIGKILL');
  }
}

function send(host: Host, message: ToHost): void {
  if (host.child.connected) host.child.send(message, () => undefined);
}
