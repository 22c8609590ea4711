import {
  AuthenticationError,
  MultipleErrors,
  NetworkError,
  ProtocolError,
  ResponseError,
  TimeoutError,
  UserError,
} from '@platformatic/kafka';
import { expect, test } from 'vitest';
import { errorOfCode } from './codes.ts';
import { toConnectionError } from './errors.ts';

const plain = {
  address: { host: 'kafka', port: 9092 },
  api: undefined,
  tls: false,
  sasl: false,
  authenticating: false,
  proven: false,
};
const coded = (code: string) => Object.assign(new Error('secret'), { code });
const failed = (cause: Error) => new NetworkError('Connection to kafka:9092 failed.', { cause });
const protocol = (id: string) => new ProtocolError(id);
const request = { ...plain, api: 'OffsetFetch' };
const sasl = { ...plain, sasl: true };

test.for([
  [
    'an unknown name',
    failed(coded('ENOTFOUND')),
    plain,
    'KafkaUnreachable',
    'connect: DNS: the name',
  ],
  ['a name server that is down', failed(coded('EAI_AGAIN')), plain, 'KafkaUnreachable', 'DNS'],
  ['a closed port', failed(coded('ECONNREFUSED')), plain, 'KafkaUnreachable', 'TCP: refused'],
  ['a missing route', failed(coded('EHOSTUNREACH')), plain, 'KafkaUnreachable', 'TCP: no route'],
  ['a silent host', new TimeoutError('x'), plain, 'KafkaUnreachable', 'TCP: no answer in time'],
  [
    'a silent TLS port',
    new TimeoutError('x'),
    { ...plain, tls: true },
    'KafkaUnreachable',
    'TLS: no answer in time',
  ],
  [
    'silence during SASL',
    new TimeoutError('x'),
    { ...sasl, authenticating: true },
    'KafkaUnreachable',
    'SASL: no answer in time',
  ],
  [
    'a silent broker',
    new TimeoutError('x'),
    request,
    'KafkaUnreachable',
    'OffsetFetch: request: no',
  ],
  [
    'a listener that hangs up',
    new NetworkError('x'),
    request,
    'KafkaUnreachable',
    'need TLS or SASL?',
  ],
  [
    'a broker that served us before',
    new NetworkError('x'),
    { ...request, proven: true },
    'KafkaUnreachable',
    'the connection was lost: is the broker restarting',
  ],
  [
    'an unknown CA',
    failed(coded('UNABLE_TO_VERIFY_LEAF_SIGNATURE')),
    plain,
    'KafkaUnreachable',
    'TLS: UNABLE_TO_VERIFY_LEAF_SIGNATURE: the CA in spec.kafka.tls',
  ],
  [
    'a certificate for another name',
    failed(coded('ERR_TLS_CERT_ALTNAME_INVALID')),
    plain,
    'KafkaUnreachable',
    'set spec.kafka.tls.serverName',
  ],
  ['an expired one', failed(coded('CERT_HAS_EXPIRED')), plain, 'KafkaUnreachable', 'has expired'],
  ['TLS on one side only', failed(new UserError('x')), plain, 'KafkaUnreachable', 'TLS: one side'],
  [
    'a refused client certificate',
    failed(coded('ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED')),
    plain,
    'AuthenticationFailed',
    'TLS: the broker refused the client certificate',
  ],
  [
    'a wrong password, however deep',
    new MultipleErrors('x', [
      failed(new AuthenticationError('x', { cause: protocol('SASL_AUTHENTICATION_FAILED') })),
    ]),
    sasl,
    'AuthenticationFailed',
    'SASL: the broker refused the credentials',
  ],
  [
    'a mechanism the broker lacks',
    failed(new ResponseError(17, 1, { '/': [33, null] }, {})),
    sasl,
    'AuthenticationFailed',
    'does not offer spec.kafka.sasl.mechanism',
  ],
  [
    'SASL where there is none',
    failed(new AuthenticationError('x', { cause: protocol('ILLEGAL_SASL_STATE') })),
    sasl,
    'AuthenticationFailed',
    'the listener does not use SASL',
  ],
  [
    'a broker that dies during SASL is no verdict on the credentials',
    failed(new AuthenticationError('x', { cause: new NetworkError('closed') })),
    { ...sasl, authenticating: true },
    'KafkaUnreachable',
    'SASL: the connection ended',
  ],
  [
    'an answer that cannot be read',
    new RangeError('x'),
    request,
    'KafkaUnreachable',
    'OffsetFetch: request: the answer makes no sense',
  ],
  ['something that is no error', 'boom', request, 'KafkaUnreachable', 'request: the broker closed'],
] as const)('%s', ([, error, context, reason, part]) => {
  const found = toConnectionError(error, context);
  expect(found.reason).toBe(reason);
  expect(found.message).toContain('kafka:9092: ');
  expect(found.message).toContain(part);
  expect(found.message).not.toContain('secret');
  expect(found.cause).toBe(error);
});

const advertised = { ...plain, address: { host: 'kafka-2', port: 9092, nodeId: 2 } };

test.for([
  [
    'is named with its node id and sends you to advertised.listeners when nobody was ever met there',
    failed(coded('ENOTFOUND')),
    advertised,
    'broker 2 at kafka-2:9092: connect: DNS: the name is not known: check the name (the cluster advertises this address: check advertised.listeners of the broker)',
  ],
  [
    'may accept connections and never answer there',
    new TimeoutError('x'),
    { ...advertised, api: 'OffsetFetch' },
    'broker 2 at kafka-2:9092: OffsetFetch: request: no answer in time: is the broker overloaded, paused or behind a firewall? (the cluster advertises this address: check advertised.listeners of the broker)',
  ],
  [
    'that has answered there before is just down',
    failed(coded('ECONNREFUSED')),
    { ...advertised, proven: true },
    'broker 2 at kafka-2:9092: connect: TCP: refused: is the broker running, is the port right?',
  ],
  [
    'that says what is wrong is where it should be',
    failed(coded('CERT_HAS_EXPIRED')),
    advertised,
    'broker 2 at kafka-2:9092: connect: TLS: the broker certificate has expired',
  ],
] as const)('a broker that the cluster names %s', ([, error, context, message]) => {
  expect(toConnectionError(error, context).message).toBe(message);
});

test.for([
  ['an unknown name', failed(coded('ENOTFOUND')), plain, 'none'],
  ['a refused connection', failed(coded('ECONNREFUSED')), plain, 'none'],
  ['silence while connecting', new TimeoutError('x'), plain, 'none'],
  ['silence of a request', new TimeoutError('x'), request, 'none'],
  ['a connection that ends', new NetworkError('x'), request, 'hangUp'],
  ['a reset', failed(coded('ECONNRESET')), plain, 'hangUp'],
  ['a certificate that is not trusted', failed(coded('INVALID_CA')), plain, 'answer'],
  ['refused credentials', failed(protocol('SASL_AUTHENTICATION_FAILED')), sasl, 'answer'],
] as const)('the reaction behind %s', ([, error, context, reaction]) => {
  expect(toConnectionError(error, context).reaction).toBe(reaction);
});

test('an error that contains itself ends', () => {
  const loop = new Error('x');
  loop.cause = loop;
  expect(toConnectionError(loop, plain).reason).toBe('KafkaUnreachable');
});

test.for([
  [3, 'TopicNotFound', 'UNKNOWN_TOPIC_OR_PARTITION'],
  [17, 'TopicNotFound', 'INVALID_TOPIC_EXCEPTION'],
  [29, 'AuthorizationFailed', 'TOPIC_AUTHORIZATION_FAILED'],
  [30, 'AuthorizationFailed', 'GROUP_AUTHORIZATION_FAILED'],
  [31, 'AuthorizationFailed', 'CLUSTER_AUTHORIZATION_FAILED'],
  [35, 'UnsupportedBroker', 'UNSUPPORTED_VERSION'],
  [15, 'LagUnknown', 'COORDINATOR_NOT_AVAILABLE'],
  [12345, 'LagUnknown', 'error 12345'],
] as const)('code %d is %s', ([code, reason, name]) => {
  const error = errorOfCode(code, 'topic orders');
  expect(error.reason).toBe(reason);
  expect(error.message).toMatch(new RegExp(`^topic orders: ${name}: .+`));
});
