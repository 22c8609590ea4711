/** A connection could not be made; `cause` is what the library or the system threw. */
export class ConnectFailure extends Error {
  override readonly name = 'ConnectFailure';
  /** TCP and TLS had succeeded. */
  readonly authenticating: boolean;
  /** Somebody had accepted the connection. */
  readonly wasMet: boolean;
  constructor(met: { authenticating: boolean; wasMet: boolean }, cause: unknown) {
    super('The connection could not be made', { cause });
    this.authenticating = met.authenticating;
    this.wasMet = met.wasMet;
  }
}
