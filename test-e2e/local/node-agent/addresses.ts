import { createServer, type Server } from 'node:net';

/** The kubelet's port: holding it on the range's first address reserves the range on this machine. */
const reservationPort = 10250;
const firstOctet = 16;
const octets = 200;

/** Loopback addresses for the pods of one agent: a /16 of 127.0.0.0/8 of its own. */
export class PodAddresses {
  readonly #prefix: string;
  readonly #reservation: Server;
  readonly #used = new Set<string>();
  #next = 2;

  private constructor(octet: number, reservation: Server) {
    this.#prefix = `127.${octet}`;
    this.#reservation = reservation;
  }

  /** Takes the first free range at or after the one that `seed` (the state directory) points at. */
  static async reserve(seed: string): Promise<PodAddresses> {
    const start = hash(seed) % octets;
    for (let i = 0; i < octets; i++) {
      const octet = firstOctet + ((start + i) % octets);
      const reservation = await listen(`127.${octet}.0.1`, reservationPort);
      if (reservation) return new PodAddresses(octet, reservation);
    }
    throw new Error(
      'every loopback range 127.16.0.0 to 127.215.0.0 is taken by another node agent',
    );
  }

  /**
   * An address on which each of the ports is free: the preferred one when it is ours and unused.
   * Addresses are handed out in turn, so that one is not used again right after its pod's end.
   */
  async take(ports: readonly number[], preferred?: string): Promise<string> {
    if (preferred?.startsWith(`${this.#prefix}.`) && (await this.#claim(preferred, ports))) {
      return preferred;
    }
    for (let tries = 0; tries < 65_000; tries++) {
      const ip = this.#advance();
      if (await this.#claim(ip, ports)) return ip;
    }
    throw new Error(`no free address in ${this.#prefix}.0.0/16`);
  }

  /** In CIDR notation. */
  get range(): string {
    return `${this.#prefix}.0.0/16`;
  }

  release(ip: string): void {
    this.#used.delete(ip);
  }

  close(): void {
    this.#reservation.close();
  }

  #advance(): string {
    const n = this.#next;
    this.#next = n >= 65_000 ? 2 : n + 1;
    return `${this.#prefix}.${n >> 8}.${n & 255}`;
  }

  async #claim(ip: string, ports: readonly number[]): Promise<boolean> {
    if (this.#used.has(ip)) return false;
    this.#used.add(ip); // before the first await: two pods start at the same time
    for (const port of ports) {
      const server = await listen(ip, port);
      if (!server) {
        this.#used.delete(ip);
        return false;
      }
      await new Promise((resolve) => server.close(resolve));
    }
    return true;
  }
}

function listen(host: string, port: number): Promise<Server | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(undefined));
    server.listen(port, host, () => resolve(server));
  });
}

function hash(text: string): number {
  let value = 0;
  for (const char of text) value = (value * 31 + (char.codePointAt(0) ?? 0)) >>> 0;
  return value;
}
