import { connect, createServer, type Server, type Socket } from 'node:net';
import { hostIP } from './agent-context.ts';
import { type Address, addressOf, type Target, targetsOf } from './service-target.ts';
import type { Pod, Service } from './types.ts';
import type { ObjectHandlers, Watched } from './watch.ts';

export const nodePortServices: Watched = {
  title: 'services of type NodePort',
  path: '/api/v1/services',
  fieldSelector: 'spec.type=NodePort',
};

const listenAgainMs = 1_000;

/**
 * In the place of kube-proxy: listens on every node port of a Service, on this machine only, and hands each connection
 * to one of the ready pods behind it, in turn. Without one the connection is closed at once.
 */
export class NodePorts {
  readonly #pods = new Map<string, Pod>();
  readonly #services = new Map<string, Service>();
  readonly #listeners = new Map<number, Listener>();
  readonly #sockets = new Set<Socket>();

  readonly podHandlers: ObjectHandlers<Pod> = {
    replaced: (pods) => replaceAll(this.#pods, pods),
    changed: (pod) => void this.#pods.set(pod.metadata.uid, pod),
    deleted: (pod) => void this.#pods.delete(pod.metadata.uid),
  };

  readonly serviceHandlers: ObjectHandlers<Service> = {
    replaced: (services) => {
      replaceAll(this.#services, services);
      this.#listen();
    },
    changed: (service) => {
      this.#services.set(service.metadata.uid, service);
      this.#listen();
    },
    deleted: (service) => {
      this.#services.delete(service.metadata.uid);
      this.#listen();
    },
  };

  /** Stops listening and breaks every connection. */
  close(): void {
    this.#services.clear();
    this.#listen();
    for (const socket of this.#sockets) socket.destroy();
  }

  /** Makes the listeners those that the Services ask for. Connections that are open stay. */
  #listen(): void {
    const wanted = targetsOf(this.#services.values());
    for (const [port, listener] of this.#listeners) {
      if (wanted.has(port)) continue;
      listener.close();
      this.#listeners.delete(port);
    }
    for (const [port, target] of wanted) {
      const listener = this.#listeners.get(port);
      if (listener) listener.target = target;
      else this.#listeners.set(port, this.#newListener(port, target));
    }
  }

  #newListener(port: number, target: Target): Listener {
    const listener = new Listener(port, target, (client) => {
      const address = listener.next(this.#pods.values());
      if (address) this.#forward(client, address);
      else client.destroy();
    });
    return listener;
  }

  #forward(client: Socket, address: Address): void {
    const pod = connect({ ...address, allowHalfOpen: true, noDelay: true });
    for (const [from, to] of [
      [client, pod],
      [pod, client],
    ] as const) {
      this.#sockets.add(from);
      from.pipe(to);
      from.on('error', () => to.destroy()); // whoever is left sees its connection break
      from.on('close', () => {
        this.#sockets.delete(from);
        if (!from.readableEnded) to.destroy();
      });
    }
  }
}

/** One node port. */
class Listener {
  target: Target;
  readonly #server: Server;
  #turn = 0;
  #again: NodeJS.Timeout | undefined;

  constructor(port: number, target: Target, onConnection: (client: Socket) => void) {
    this.target = target;
    this.#server = createServer({ allowHalfOpen: true, noDelay: true }, onConnection);
    this.#server.on('error', (error) => {
      console.warn(`node port ${port}: ${error.message}; trying again`);
      this.#again = setTimeout(() => this.#server.listen(port, hostIP), listenAgainMs);
    });
    this.#server.listen(port, hostIP);
  }

  /** The pod whose turn it is; undefined when none is ready. */
  next(pods: Iterable<Pod>): Address | undefined {
    const addresses = [...pods].flatMap((pod) => addressOf(pod, this.target) ?? []);
    return addresses[this.#turn++ % addresses.length];
  }

  close(): void {
    clearTimeout(this.#again);
    this.#server.close();
  }
}

function replaceAll<T extends { metadata: { uid: string } }>(
  known: Map<string, T>,
  objects: readonly T[],
): void {
  known.clear();
  for (const object of objects) known.set(object.metadata.uid, object);
}
