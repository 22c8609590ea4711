import { AuthenticationError, NetworkError, TimeoutError, UserError } from '@platformatic/kafka';
import type { Reason } from '../api/conditions.ts';
import { KafkaError, type Reaction } from './kafka-error.ts';
import { type Address, addressText } from './transport.ts';

/** Where a connection or request got stuck. */
type Step = 'DNS' | 'TCP' | 'TLS' | 'SASL' | 'request';

export interface FailureContext {
  readonly address: Address;
  /** Undefined while connecting; else the API that was asked, e.g. `OffsetFetch`. */
  readonly api: string | undefined;
  readonly tls: boolean;
  readonly sasl: boolean;
  /** The connection had got as far as SASL when it ended. */
  readonly authenticating: boolean;
  /** The broker has answered real requests before, so that address, TLS and SASL are right. */
  readonly proven: boolean;
}

interface Finding {
  readonly step: Step;
  readonly reason: Reason;
  readonly reaction: Reaction;
  readonly what: string;
}

/** Turns what the client library threw into reason, step and remedy; no message text is ever read. */
export function toConnectionError(error: unknown, context: FailureContext): KafkaError {
  const chain = flatten(error);
  const where = `${brokerText(context.address)}: ${context.api ?? 'connect'}`;
  // What our own part of SASL has said already, e.g. that there is no token.
  const own = chain.find((e) => e instanceof KafkaError);
  if (own) {
    const { reason, reaction } = own;
    return new KafkaError(reason, `${where}: SASL: ${own.message}`, { cause: error, reaction });
  }
  const finding =
    authentication(chain) ?? clientCertificate(chain) ?? tls(chain) ?? network(chain, context);
  const { step, reason, reaction, what } = finding;
  const message = `${where}: ${step}: ${what}${advertised(finding, context)}`;
  return new KafkaError(reason, message, { cause: error, reaction });
}

/** As an operator knows it: `broker 2 at kafka-2:9092`, or `kafka:9092` for a bootstrap server. */
const brokerText = (address: Address): string =>
  address.nodeId === undefined
    ? addressText(address)
    : `broker ${address.nodeId} at ${addressText(address)}`;

/** An address at which nobody was ever met, and which the cluster itself has named. */
function advertised({ reaction }: Finding, { address, proven }: FailureContext): string {
  if (address.nodeId === undefined || proven || reaction === 'answer') return '';
  return ' (the cluster advertises this address: check advertised.listeners of the broker)';
}

/** Nested errors hide the cause: outer ones even say they can be retried for a wrong password. */
function flatten(error: unknown): readonly Error[] {
  const found: Error[] = [];
  const queue: unknown[] = [error];
  while (queue.length > 0 && found.length < 50) {
    const next = queue.shift();
    if (!(next instanceof Error) || found.includes(next)) continue;
    found.push(next);
    if (next instanceof AggregateError) queue.push(...next.errors);
    queue.push(next.cause);
  }
  return found;
}

const field = (error: Error, name: 'code' | 'apiId'): string => {
  const value = (error as { code?: unknown; apiId?: unknown })[name];
  return typeof value === 'string' ? value : '';
};

function authentication(chain: readonly Error[]): Finding | undefined {
  const refused = chain.map((e) => field(e, 'apiId'));
  const finding = (what: string): Finding => ({
    step: 'SASL',
    reason: 'AuthenticationFailed',
    reaction: 'answer',
    what,
  });
  if (refused.includes('UNSUPPORTED_SASL_MECHANISM')) {
    return finding('the broker does not offer spec.kafka.sasl.mechanism: choose another one');
  }
  if (refused.includes('ILLEGAL_SASL_STATE')) {
    return finding('the listener does not use SASL: remove spec.kafka.sasl or use another port');
  }
  const denied = refused.includes('SASL_AUTHENTICATION_FAILED');
  // A broker that dies in the middle of SASL is no verdict on the credentials.
  const verdict = chain.some((e) => e instanceof AuthenticationError) && !isInterrupted(chain);
  if (!denied && !verdict) return undefined;
  return finding('the broker refused the credentials: check the Secret of spec.kafka.sasl');
}

const isInterrupted = (chain: readonly Error[]): boolean =>
  chain.some(
    (e, i) => e instanceof TimeoutError || (e instanceof NetworkError && i > 0) || isSocketError(e),
  );

const noNameServer = 'the name server gave no answer: check DNS, then the name';
const socketErrors: ReadonlyMap<string, readonly [Step, Reaction, string]> = new Map([
  ['ENOTFOUND', ['DNS', 'none', 'the name is not known: check the name']],
  ['EAI_AGAIN', ['DNS', 'none', noNameServer]],
  ['ETIMEOUT', ['DNS', 'none', noNameServer]],
  ['ECONNREFUSED', ['TCP', 'none', 'refused: is the broker running, is the port right?']],
  ['EHOSTUNREACH', ['TCP', 'none', 'no route: check the address and the network policy']],
  ['ENETUNREACH', ['TCP', 'none', 'no route: check the address and the network policy']],
  ['ETIMEDOUT', ['TCP', 'none', 'no answer: check the address, firewall and network policy']],
  [
    'ECONNRESET',
    ['TCP', 'hangUp', 'the peer reset the connection: check TLS and SASL of this port'],
  ],
  ['EPIPE', ['TCP', 'hangUp', 'the peer closed the connection: check TLS and SASL of this port']],
] as const);

const isSocketError = (error: Error): boolean => socketErrors.has(field(error, 'code'));

/** TLS alerts by which the peer refuses our certificate (Node spells them out in the code). */
const clientAlert = /ALERT_(CERTIFICATE_REQUIRED|BAD_CERTIFICATE|CERTIFICATE_|UNKNOWN_CA|ACCESS_D)/;

/** With TLS 1.3 the verdict on our certificate comes when the connection already counts as made. */
export const isCertificateRefused = (error: unknown): boolean =>
  flatten(error).some((e) => clientAlert.test(field(e, 'code')));

function clientCertificate(chain: readonly Error[]): Finding | undefined {
  if (!chain.some(isCertificateRefused)) return undefined;
  const what = 'the broker refused the client certificate: check spec.kafka.tls cert and key';
  return { step: 'TLS', reason: 'AuthenticationFailed', reaction: 'answer', what };
}

const certificateErrors: ReadonlySet<string> = new Set([
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'CERT_SIGNATURE_FAILURE',
  'CERT_UNTRUSTED',
  'INVALID_CA',
]);

function tls(chain: readonly Error[]): Finding | undefined {
  const codes = chain.map((e) => field(e, 'code'));
  const finding = (what: string): Finding => ({
    step: 'TLS',
    reason: 'KafkaUnreachable',
    reaction: 'answer',
    what,
  });
  const untrusted = codes.find((c) => certificateErrors.has(c));
  if (untrusted) return finding(`${untrusted}: the CA in spec.kafka.tls did not issue it`);
  if (codes.includes('ERR_TLS_CERT_ALTNAME_INVALID')) {
    return finding('the certificate is for another name: set spec.kafka.tls.serverName');
  }
  if (codes.includes('CERT_HAS_EXPIRED')) return finding('the broker certificate has expired');
  if (chain.some((e) => e instanceof UserError)) {
    return finding('one side speaks TLS and the other does not: check spec.kafka.tls and the port');
  }
  const other = codes.find((c) => c === 'EPROTO' || /^(ERR_(SSL|TLS)_|CERT_)/.test(c));
  return other ? finding(`${other}: check spec.kafka.tls and the port`) : undefined;
}

function network(chain: readonly Error[], context: FailureContext): Finding {
  const reason = 'KafkaUnreachable';
  const socket = chain.map((e) => socketErrors.get(field(e, 'code'))).find((s) => s !== undefined);
  if (socket && !context.authenticating) {
    const [step, reaction, what] = socket;
    return { reason, step, reaction, what };
  }
  const step = stepOf(context);
  if (chain.some((e) => e instanceof TimeoutError)) {
    return { reason, step, reaction: 'none', what: silent };
  }
  if (chain.length > 0 && !chain.some((e) => e instanceof NetworkError)) {
    return { reason, step, reaction: 'answer', what: senseless };
  }
  const what = step === 'SASL' ? interrupted : closed(context);
  return { reason, step, reaction: 'hangUp', what };
}

function stepOf({ api, authenticating, tls }: FailureContext): Step {
  if (api !== undefined) return 'request';
  if (authenticating) return 'SASL';
  return tls ? 'TLS' : 'TCP';
}

const silent = 'no answer in time: is the broker overloaded, paused or behind a firewall?';
const senseless = 'the answer makes no sense: does a Kafka broker listen on this port?';
const interrupted = 'the connection ended in the middle: is the broker restarting?';

/** A listener that wants TLS or SASL just hangs up on a client that speaks neither. */
function closed({ tls, sasl, proven }: FailureContext): string {
  if (proven || (tls && sasl))
    return 'the connection was lost: is the broker restarting or paused?';
  const missing = tls ? 'SASL or a client certificate' : sasl ? 'TLS' : 'TLS or SASL';
  return `the broker closed the connection: does this port need ${missing}?`;
}
