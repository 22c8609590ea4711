import { type Connection, type ConnectionPool, NetworkError } from '@platformatic/kafka';
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
export function watchPool(pool: ConnectionPool): WatchedPool {
  const handshaken = new WeakSet<Connection>();
  pool.on('sasl:handshake', ({ connection }) => handshaken.add(connection));
  return {
    async connect(to) {
      const pending = pool.get(to);
      const connection = pool.getEstablishedConnection(to);
      try {
        return await pending;
      } catch (error) {
        const authenticating =
          connection !== undefined &&
          (connection.status === 'authenticating' || handshaken.has(connection));
        const wasClosing = error instanceof NetworkError && error.cause === undefined;
        throw wasClosing && !authenticating ? error : new ConnectFailure(authenticating, error);
      }
    },
    async close() {
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, closeWithinMs);
      });
      await Promise.race([pool.close(), late]).finally(() => clearTimeout(timer));
    },
  };
}
