import {
  type Connection,
  NetworkError,
  type ConnectionOptions as PoolOptions,
  ProtocolError,
  ResponseError,
  TimeoutError,
} from '@platformatic/kafka';
import { ConnectFailure } from './connect-failure.ts';
import { isCertificateRefused, toConnectionError } from './errors.ts';
import { KafkaError } from './kafka-error.ts';
import type { Names } from './names.ts';
import { Negotiation } from './negotiation.ts';
import { Pool } from './pool.ts';
import type { TokenSource } from './tokens.ts';
import { type Address, addressText } from './transport.ts';
import type { Apis } from './versions.ts';

export interface TransportOptions {
  readonly clientId: string;
  readonly pool: PoolOptions;
  /** Of the pool's SASL; closed with it. */
  readonly tokens?: TokenSource | undefined;
  readonly names: Names;
  /** Longest time for connecting plus request; whatever the library does, the call then settles. */
  readonly callTimeoutMs: number;
  readonly onRequest: (api: string) => void;
}

interface Step<T> {
  readonly to: Address;
  /** As Kafka names it, e.g. `OffsetFetch`. */
  readonly api: string;
  readonly run: (connection: Connection) => Promise<T>;
}

/** @returns the answer; undefined, without a request, where the broker does not offer the API */
type Send<R> = (connection: Connection, apis: Apis) => R;

/** How long after its start a request may be repeated when the connection turns out to be closed. */
const repeatWithinMs = 500;

/** Sends requests over the pool and turns whatever the library throws into a KafkaError. */
export class BrokerCalls {
  readonly #options: TransportOptions;
  readonly #pool: Pool;
  readonly #negotiation: Negotiation;
  /** Brokers that have answered more than ApiVersions, which every listener answers to anybody. */
  readonly #proven = new Set<string>();

  constructor(options: TransportOptions) {
    this.#options = options;
    const { clientId, pool: connection, names, tokens } = options;
    this.#pool = new Pool({ clientId, connection, names, tokens });
    this.#negotiation = new Negotiation(options.onRequest);
  }

  /**
   * Asks for the versions whatever is known of them.
   * @throws KafkaError as `call` does
   */
  async negotiate(to: Address): Promise<void> {
    const ask = (connection: Connection) => this.#negotiation.ask(connection, addressText(to));
    await this.#inTime({ to, api: 'ApiVersions', run: ask });
  }

  /**
   * One request in a version that the broker speaks.
   * @param api as Kafka names it, e.g. `OffsetFetch`
   * @throws KafkaError when there is no usable answer; settles within callTimeoutMs
   */
  async call<R>(to: Address, api: string, send: Send<R>): Promise<Awaited<R>> {
    const run = async (connection: Connection) => {
      const apis = await this.#negotiation.of(connection, addressText(to));
      const sent = send(connection, apis);
      if (sent !== undefined) this.#options.onRequest(api);
      return await sent;
    };
    const answer = await this.#inTime({ to, api, run });
    if (answer !== undefined) this.#proven.add(addressText(to));
    return answer;
  }

  async #inTime<T>(step: Step<T>): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    // The limits of the library are those of one step each.
    const late = new Promise<never>((_, reject) => {
      const expire = () => reject(this.#toKafkaError(new TimeoutError('No answer'), step));
      timer = setTimeout(expire, this.#options.callTimeoutMs);
    });
    try {
      return await Promise.race([this.#repeatable(step), late]);
    } finally {
      clearTimeout(timer);
    }
  }

  /** See Transport.answers. */
  reacts(at: Address, signal: AbortSignal): Promise<void> {
    return this.#pool.reacts(at, signal);
  }

  close(): void {
    this.#pool.close();
  }

  async #repeatable<T>(step: Step<T>): Promise<T> {
    const started = performance.now();
    try {
      return await this.#attempt(step);
    } catch (error) {
      // The broker had closed the idle connection: the next one is new, and every request is a read.
      const again = isClosing(error) && performance.now() - started < repeatWithinMs;
      if (!again) throw this.#toKafkaError(error, step);
    }
    return await this.#attempt(step).catch((e) => Promise.reject(this.#toKafkaError(e, step)));
  }

  async #attempt<T>({ to, run }: Step<T>): Promise<T> {
    const connection = await this.#pool.connect(to);
    let refusal: unknown;
    const onError = (error: unknown) => {
      // All that the request itself is told is that the connection was closed.
      if (isCertificateRefused(error)) refusal = error;
    };
    connection.on('error', onError);
    try {
      return await run(connection);
    } catch (error) {
      const partial = partialAnswer<T>(error);
      if (partial !== undefined) return partial;
      if (isUnsupported(error)) this.#negotiation.forget(connection);
      throw refusal ?? error;
    } finally {
      connection.off('error', onError);
    }
  }

  #toKafkaError<T>(error: unknown, { to, api }: Step<T>): KafkaError {
    if (error instanceof KafkaError) return error; // of the negotiation
    if (isUnsupported(error)) {
      const what = `${addressText(to)}: ${api}: the broker is too old: use Apache Kafka 3.0 or newer`;
      return new KafkaError('UnsupportedBroker', what, { cause: error });
    }
    const { tls, sasl } = this.#options.pool;
    const context = {
      address: to,
      tls: tls !== undefined,
      sasl: sasl !== undefined,
      proven: this.#proven.has(addressText(to)),
    };
    if (error instanceof ConnectFailure) {
      const { cause, authenticating } = error;
      return toConnectionError(cause, { ...context, api: undefined, authenticating });
    }
    return toConnectionError(error, { ...context, api, authenticating: false });
  }
}

const isUnsupported = (error: unknown): boolean =>
  error instanceof ResponseError && Boolean(error.findBy('apiId', 'UNSUPPORTED_VERSION'));

const isClosing = (error: unknown): boolean =>
  error instanceof NetworkError && error['closed'] !== true && error.cause === undefined;

/** A rejected call still carries the whole answer when only some of its items failed. */
function partialAnswer<T>(error: unknown): T | undefined {
  if (!(error instanceof ResponseError)) return undefined;
  const whole = error.errors.some((e) => e instanceof ProtocolError && e['path'] === '/');
  return whole ? undefined : (error['response'] as T);
}
