import { type Connection, type ConnectionPool, NetworkError } from '@platformatic/kafka';
import type { TokenSource } from './tokens.ts';
import type { Address } from './transport.ts';

/** A connection could not be made; `cause` is what the library threw. */
export class ConnectFailure extends Error {
  override readonly name = 'ConnectFailure';
  /** TCP and TLS had succeeded. */
  readonly authenticating: boolean;
  constructor(authenticating: boolean, cause: unknown) {
    super('The connection could not be made', { cause });
    this.authenticating = authenticating;
  }
}

export interface WatchedPool {
  /**
   * The one connection to this broker, made when there is none.
   * @throws ConnectFailure; NetworkError without a cause when an old connection was just closing
   */
  connect(to: Address): Promise<Connection>;
  close(): Promise<void>;
}

/** Longest wait for sockets to say goodbye when the pool is closed. */
const closeWithinMs = 2_000;

/** Notices how far a connection had got: the library's errors do not tell. */
export function watchPool(pool: ConnectionPool, tokens?: TokenSource): WatchedPool {
  const handshaken = new WeakSet<Connection>();
  pool.on('sasl:handshake', ({ connection }) => handshaken.add(connection));
  pool.on('sasl:authentication', ({ connection }) => handshaken.delete(connection));
  pool.on('sasl:authentication:extended', ({ connection }) => handshaken.delete(connection));
  // The library forgets the timer of a lost connection: it would authenticate the dead one again,
  // fail, and throw the living one to the same broker out of the pool.
  pool.on('disconnect', ({ connection }) => void connection.close().catch(() => undefined));
  const isAuthenticating = (connection: Connection): boolean =>
    connection.status === 'authenticating' || handshaken.has(connection);
  return {
    async connect(to) {
      // Beforehand, since asking for a token may take longer than a connection may.
      if (!pool.has(to)) await tokens?.get().catch(failBeforeSasl);
      const pending = pool.get(to);
      const connection = pool.getEstablishedConnection(to);
      try {
        return await pending;
      } catch (error) {
        const authenticating = connection !== undefined && isAuthenticating(connection);
        const wasClosing = error instanceof NetworkError && error.cause === undefined;
        throw wasClosing && !authenticating ? error : new ConnectFailure(authenticating, error);
      }
    },
    async close() {
      tokens?.close();
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, closeWithinMs);
      });
      await Promise.race([pool.close(), late]).finally(() => clearTimeout(timer));
    },
  };
}

function failBeforeSasl(cause: unknown): never {
  throw new ConnectFailure(true, cause);
}
