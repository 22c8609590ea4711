import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { type Fault, Pair } from './pair.ts';
import type { Advertise, BrokerAddress } from './wire.ts';

export interface FaultProxy {
  /** Where clients find it. */
  readonly address: BrokerAddress;
  /** Applies to connections that are open and to new ones; comes back when it is in force. */
  set(fault: Fault): Promise<void>;
  /** Connections that clients have open. */
  connections(): number;
  close(): Promise<void>;
}

export interface ProxyOptions {
  /** The address of the proxies. Default 127.0.0.1. */
  readonly host?: string;
  /** What brokers are said to be at. Default: their proxy. */
  readonly advertise?: Advertise;
}

/**
 * One proxy before each broker's plaintext listener. Answers that name brokers are changed on the way,
 * so that clients who begin at a proxy never get round it.
 * @param brokers `host:port` of each as the cluster advertises it
 */
export async function startFaultProxies(
  brokers: readonly string[],
  { host = '127.0.0.1', advertise }: ProxyOptions = {},
): Promise<readonly FaultProxy[]> {
  const addressOf = new Map<string, BrokerAddress>();
  const toProxy: Advertise = (_, real) => addressOf.get(`${real.host}:${real.port}`) ?? real;
  const proxies = brokers.map((broker) => new BrokerProxy(broker, host, advertise ?? toProxy));
  for (const [i, proxy] of proxies.entries()) {
    addressOf.set(brokers[i] ?? '', await proxy.listen());
  }
  return proxies;
}

class BrokerProxy implements FaultProxy {
  readonly #broker: string;
  readonly #host: string;
  readonly #advertise: Advertise;
  readonly #pairs = new Set<Pair>();
  #server: Server | undefined;
  #port = 0;
  #fault: Fault = { kind: 'none' };
  /** Resolves when what was silent speaks again. */
  #change = Promise.withResolvers<void>();

  constructor(broker: string, host: string, advertise: Advertise) {
    this.#broker = broker;
    this.#host = host;
    this.#advertise = advertise;
  }

  get address(): BrokerAddress {
    return { host: this.#host, port: this.#port };
  }

  connections(): number {
    return this.#pairs.size;
  }

  async listen(): Promise<BrokerAddress> {
    const server = createServer({ allowHalfOpen: true }, (client) => this.#accept(client));
    server.listen(this.#port, this.#host);
    await once(server, 'listening');
    this.#server = server;
    this.#port = (server.address() as AddressInfo).port;
    return this.address;
  }

  async set(fault: Fault): Promise<void> {
    this.#fault = fault;
    this.#change.resolve();
    this.#change = Promise.withResolvers();
    if (fault.kind === 'refuse') await this.close();
    else if (!this.#server) await this.listen();
  }

  async close(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    for (const pair of this.#pairs) pair.reset();
    if (server) await new Promise((resolve) => server.close(resolve));
  }

  #accept(client: Socket): void {
    const at = this.#broker.lastIndexOf(':');
    const broker = connect(Number(this.#broker.slice(at + 1)), this.#broker.slice(0, at));
    const pair = new Pair(client, broker, {
      advertise: this.#advertise,
      fault: () => this.#fault,
      changed: () => this.#change.promise,
    });
    this.#pairs.add(pair);
    client.once('close', () => this.#pairs.delete(pair));
  }
}
