import { join } from 'node:path';
import { jwksUrl, tokenAudience } from './kafka-oauth.ts';
import { pkiPaths } from './pki.ts';
import { type BrokerId, brokerIds, type KafkaUsers, portsOf, type StackState } from './state.ts';

/** Few enough to be ready at once, enough for groups to have coordinators on every broker. */
export const offsetsPartitions = 12;
/** Whom a token must name to be allowed everything; others need ACLs. */
export const tokenSubject = 'token-user';
/** Life of a connection of the SCRAM-SHA-256 account without TLS, unless it authenticates again. */
export const shortSessionMs = 2000;

type Properties = Readonly<Record<string, string | number | boolean>>;

/** The folder of a broker's configuration and data. */
export function brokerDir(dir: string, id: BrokerId): string {
  return join(dir, 'kafka', String(id));
}

/** The server.properties of one broker. */
export function serverProperties(state: StackState, id: BrokerId): string {
  const properties = {
    ...identity(state, id),
    ...listeners(state, id),
    ...authorizer(state.users),
    ...replication,
    ...timing,
    ...smallMachine,
  };
  return Object.entries(properties)
    .map(([key, value]) => `${key}=${value}\n`)
    .join('');
}

function identity(state: StackState, id: BrokerId): Properties {
  const voters = brokerIds.map((n) => `${n}@127.0.0.1:${portsOf(state).broker(n).controller}`);
  return {
    'node.id': id,
    'process.roles': 'broker,controller',
    'controller.quorum.voters': voters.join(','),
    'log.dirs': join(brokerDir(state.dir, id), 'data'),
  };
}

function listeners(state: StackState, id: BrokerId): Properties {
  const { plaintext, sasl, tls, saslTls, controller } = portsOf(state).broker(id);
  const pki = pkiPaths(join(state.dir, 'pki'));
  return {
    listeners: [
      `PLAINTEXT://127.0.0.1:${plaintext}`,
      `SASL_PLAINTEXT://127.0.0.1:${sasl}`,
      `SSL://127.0.0.1:${tls}`,
      `SASL_SSL://127.0.0.1:${saslTls}`,
      `CONTROLLER://127.0.0.1:${controller}`,
    ].join(','),
    'listener.security.protocol.map':
      'PLAINTEXT:PLAINTEXT,SASL_PLAINTEXT:SASL_PLAINTEXT,SSL:SSL,SASL_SSL:SASL_SSL,CONTROLLER:PLAINTEXT',
    'controller.listener.names': 'CONTROLLER',
    'inter.broker.listener.name': 'PLAINTEXT',
    ...saslListener('sasl_plaintext', state),
    ...saslListener('sasl_ssl', state),
    // Connections of this account end every few seconds unless they are authenticated again.
    'listener.name.sasl_plaintext.scram-sha-256.connections.max.reauth.ms': shortSessionMs,
    'ssl.keystore.type': 'PEM',
    'ssl.keystore.location': pki.kafkaKeyStore,
    'ssl.truststore.type': 'PEM',
    'ssl.truststore.location': pki.ca,
    // Asked for, not demanded: the same listener serves clients with and without a certificate.
    'listener.name.ssl.ssl.client.auth': 'requested',
  };
}

function saslListener(listener: string, { users, dir }: StackState): Properties {
  const prefix = `listener.name.${listener}`;
  const module = (name: string, options = '') =>
    `org.apache.kafka.common.security.${name} required${options};`;
  const accounts = [users.plain, users.limited]
    .map(({ username, password }) => ` user_${username}="${password}"`)
    .join('');
  const scram = module('scram.ScramLoginModule');
  return {
    [`${prefix}.sasl.enabled.mechanisms`]: 'PLAIN,SCRAM-SHA-256,SCRAM-SHA-512,OAUTHBEARER',
    [`${prefix}.plain.sasl.jaas.config`]: module('plain.PlainLoginModule', accounts),
    [`${prefix}.scram-sha-256.sasl.jaas.config`]: scram,
    [`${prefix}.scram-sha-512.sasl.jaas.config`]: scram,
    [`${prefix}.oauthbearer.sasl.jaas.config`]: module('oauthbearer.OAuthBearerLoginModule'),
    [`${prefix}.oauthbearer.sasl.server.callback.handler.class`]:
      'org.apache.kafka.common.security.oauthbearer.OAuthBearerValidatorCallbackHandler',
    // Kafka 4.1 looks for this one without the mechanism; by default it would believe any signature, since it does
    // not look for the keys under their prefix when it chooses how to validate.
    [`${prefix}.sasl.oauthbearer.jwt.validator.class`]:
      'org.apache.kafka.common.security.oauthbearer.BrokerJwtValidator',
    [`${prefix}.oauthbearer.sasl.oauthbearer.jwks.endpoint.url`]: jwksUrl(dir),
    [`${prefix}.oauthbearer.sasl.oauthbearer.expected.audience`]: tokenAudience,
  };
}

/** Everybody whom the tests know may do everything, but for the one account that may do nothing. */
function authorizer({ plain, scram256, scram512 }: KafkaUsers): Properties {
  const accounts = [plain, scram256, scram512].map((user) => user.username);
  const principals = ['ANONYMOUS', ...accounts, 'CN=kafka-client', tokenSubject];
  return {
    'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
    'super.users': principals.map((name) => `User:${name}`).join(';'),
  };
}

const replication: Properties = {
  'default.replication.factor': 3,
  'min.insync.replicas': 2,
  'auto.create.topics.enable': false,
  'unclean.leader.election.enable': false,
  'offsets.topic.replication.factor': 3,
  'offsets.topic.num.partitions': offsetsPartitions,
  'transaction.state.log.replication.factor': 3,
  'transaction.state.log.min.isr': 2,
  'transaction.state.log.num.partitions': 3,
  'share.coordinator.state.topic.replication.factor': 3,
  'share.coordinator.state.topic.min.isr': 2,
  'share.coordinator.state.topic.num.partitions': 3,
};

const timing: Properties = {
  // A dead or frozen broker is noticed in 6 s instead of 9; less would fence brokers that only wait for a busy machine.
  'broker.session.timeout.ms': 6000,
  'broker.heartbeat.interval.ms': 1000,
  'replica.lag.time.max.ms': 10_000,
  'group.initial.rebalance.delay.ms': 0,
  'group.min.session.timeout.ms': 1000,
  'log.segment.delete.delay.ms': 1000,
};

const smallMachine: Properties = {
  'num.network.threads': 2,
  'num.io.threads': 4,
  'background.threads': 2,
  'log.cleaner.dedupe.buffer.size': 2_000_000,
};
