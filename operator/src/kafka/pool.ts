import { isIP } from 'node:net';
import { Connection, type ConnectionOptions } from '@platformatic/kafka';
import { ConnectFailure } from './connect-failure.ts';
import { answers } from './liveness.ts';
import type { Names } from './names.ts';
import type { TokenSource } from './tokens.ts';
import { type Address, addressText } from './transport.ts';

export interface PoolOptions {
  readonly clientId: string;
  /** `connectTimeout`: of each address of a host; 1,000. */
  readonly connection: ConnectionOptions;
  readonly names: Names;
  /** Of the connection's SASL; closed with the pool. */
  readonly tokens?: TokenSource | undefined;
}

/** Addresses of one name that are tried, one after the other. */
const mostAddresses = 3;

interface Entry {
  readonly made: Promise<Connection>;
  /** Undefined while it is being made. */
  connection: Connection | undefined;
}

/**
 * One connection per broker. Not the library's pool (traps P7): that one forgets a new connection when
 * an old one to the same broker closes late, and leaves the sockets of failed ones to the peer.
 */
export class Pool {
  readonly #options: PoolOptions;
  readonly #connectMs: number;
  readonly #entries = new Map<string, Entry>();
  readonly #alive = new Set<Connection>();
  /** Where a host of several addresses was last met. */
  readonly #lastGood = new Map<string, string>();
  #isClosed = false;

  constructor(options: PoolOptions) {
    this.#options = options;
    this.#connectMs = options.connection.connectTimeout ?? 1_000;
  }

  /**
   * The one connection to this broker, made when there is none.
   * @throws ConnectFailure
   */
  async connect(to: Address): Promise<Connection> {
    const key = addressText(to);
    const known = this.#entries.get(key);
    if (known && isUsable(known)) return await readyOf(known);
    const entry: Entry = { made: this.#open(to), connection: undefined };
    this.#entries.set(key, entry);
    try {
      entry.connection = await entry.made;
      entry.connection.once('close', () => this.#forget(key, entry));
      return entry.connection;
    } catch (error) {
      this.#forget(key, entry);
      throw error;
    }
  }

  /** Resolves when somebody at an address of the broker reacts, as `answers` says. */
  async reacts(at: Address, signal: AbortSignal): Promise<void> {
    const { connection, names } = this.#options;
    const addresses = await names.addressesOf(at.host, this.#connectMs);
    const servername = this.#serverName(at.host);
    const tls = connection.tls && { ...connection.tls, ...(servername && { servername }) };
    const some = addresses.slice(0, mostAddresses);
    await Promise.any(some.map((host) => answers({ host, port: at.port }, tls, signal)));
  }

  close(): void {
    this.#isClosed = true;
    this.#options.tokens?.close();
    for (const { socket } of this.#alive) socket?.destroy(new Error('The pool is closed'));
  }

  #forget(key: string, entry: Entry): void {
    if (this.#entries.get(key) === entry) this.#entries.delete(key);
  }

  /** @throws ConnectFailure of the last address that was tried */
  async #open(to: Address): Promise<Connection> {
    const addresses = await this.#addressesOf(to.host);
    await this.#haveToken();
    for (const [i, address] of addresses.entries()) {
      try {
        const connection = await this.#dial(address, to);
        if (addresses.length > 1) this.#lastGood.set(to.host, address);
        return connection;
      } catch (error) {
        // Who was met at one address would say the same at the others.
        const isLast = i === addresses.length - 1 || this.#isClosed;
        if (isLast || !(error instanceof ConnectFailure) || error.wasMet) throw error;
      }
    }
    throw new ConnectFailure(nobody, new Error(`${to.host} has no address`));
  }

  async #addressesOf(host: string): Promise<readonly string[]> {
    try {
      const found = await this.#options.names.addressesOf(host, this.#connectMs);
      const good = found.filter((address) => address === this.#lastGood.get(host));
      return [...new Set([...good, ...found])].slice(0, mostAddresses);
    } catch (error) {
      throw new ConnectFailure(nobody, error);
    }
  }

  /** Beforehand, since asking for a token may take longer than a connection may. */
  async #haveToken(): Promise<void> {
    try {
      await this.#options.tokens?.get();
    } catch (error) {
      throw new ConnectFailure({ authenticating: true, wasMet: true }, error);
    }
  }

  async #dial(address: string, { host, port }: Address): Promise<Connection> {
    const { clientId, connection: options } = this.#options;
    if (this.#isClosed) throw new ConnectFailure(nobody, new Error('The pool is closed'));
    const tlsServerName = this.#serverName(host) ?? false;
    const connection = new Connection(clientId, { ...options, tlsServerName });
    this.#watch(connection);
    let hasBegunSasl = false;
    let wasMet = false;
    connection.once('sasl:handshake', () => {
      hasBegunSasl = true;
    });
    try {
      const made = connection.connect(address, port);
      connection.socket?.once('connect', () => {
        wasMet = true;
      });
      await made;
      return connection;
    } catch (error) {
      const authenticating = hasBegunSasl || connection.status === 'authenticating';
      connection.socket?.destroy(); // the library leaves that to the peer
      this.#alive.delete(connection);
      throw new ConnectFailure({ authenticating, wasMet }, error);
    }
  }

  #watch(connection: Connection): void {
    this.#alive.add(connection);
    connection.on('error', () => undefined); // told to those who wait for a request
    connection.once('close', () => {
      this.#alive.delete(connection);
      void connection.close(); // ends its timer of the next authentication (traps A2)
    });
  }

  /** The name the certificate must hold; undefined for an address, which is no name (RFC 6066). */
  #serverName(host: string): string | undefined {
    const { tlsServerName } = this.#options.connection;
    if (typeof tlsServerName === 'string') return tlsServerName;
    return isIP(host) ? undefined : host;
  }
}

const nobody = { authenticating: false, wasMet: false };

function isUsable({ connection }: Entry): boolean {
  if (!connection) return true;
  const { status, socket } = connection;
  return !socket.destroyed && (status === 'connected' || status === 'reauthenticating');
}

async function readyOf({ made, connection }: Entry): Promise<Connection> {
  if (connection?.status !== 'reauthenticating') return await made;
  try {
    await connection.ready(); // requests in the middle of an authentication are refused
    return connection;
  } catch (error) {
    throw new ConnectFailure({ authenticating: true, wasMet: true }, error);
  }
}
