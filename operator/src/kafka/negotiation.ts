import { apiVersionsV3, type Connection } from '@platformatic/kafka';
import { KafkaError } from './kafka-error.ts';
import { type Apis, chooseApis, type VersionRange } from './versions.ts';

/**
 * Which versions each broker speaks: asked once per connection, as Kafka's own clients do. A broker that
 * is upgraded, alone among others, gets new connections.
 */
export class Negotiation {
  readonly #onRequest: (api: string) => void;
  readonly #apis = new WeakMap<Connection, Promise<Apis>>();

  constructor(onRequest: (api: string) => void) {
    this.#onRequest = onRequest;
  }

  /**
   * @param broker for messages, e.g. `kafka-0:9092`
   * @throws KafkaError UnsupportedBroker, and the same on as long as the connection lasts
   */
  of(connection: Connection, broker: string): Promise<Apis> {
    return this.#apis.get(connection) ?? this.ask(connection, broker);
  }

  /** The same, whatever is known already. */
  ask(connection: Connection, broker: string): Promise<Apis> {
    this.#onRequest('ApiVersions');
    const asked = apiVersionsV3.api
      .async(connection, 'lagscaler', '1')
      .then((answer) => chooseApis(answer.apiKeys satisfies readonly VersionRange[], broker));
    this.#apis.set(connection, asked);
    asked.catch((error: unknown) => {
      // No answer is none the next time either.
      if (!(error instanceof KafkaError)) this.forget(connection, asked);
    });
    return asked;
  }

  /** What was agreed on does not hold, or was never agreed on. */
  forget(connection: Connection, wrong = this.#apis.get(connection)): void {
    if (this.#apis.get(connection) === wrong) this.#apis.delete(connection);
  }
}
