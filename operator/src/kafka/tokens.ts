import type { Clock } from '../controller/clock.ts';
import { type Backoff, delayMs } from './backoff.ts';
import { expiryOf } from './jwt.ts';
import { KafkaError } from './kafka-error.ts';

export interface Token {
  readonly value: string;
  /** Epoch milliseconds; undefined when its issuer does not tell. */
  readonly expiresAt: number | undefined;
}

/** Where the tokens of one session come from; all its connections share it. */
export interface TokenSource {
  /**
   * A token that is good for now.
   * @throws KafkaError also when that takes longer than a reading can wait
   */
  get(): Promise<string>;
  /** A broker refused it: the next `get` asks afresh. Returns what a person should look at. */
  refused(token: string): string;
  close(): void;
}

export interface TokenOrigin {
  /** @throws KafkaError */
  readonly load: (signal: AbortSignal) => Promise<Token>;
  /** Longest time of one load, in ms; beyond what a reading waits, so that a slow answer is of use. */
  readonly timeoutMs: number;
  /** Told to who cannot wait any longer. */
  readonly late: () => KafkaError;
  /** What to check when brokers refuse what it gives. */
  readonly remedy: string;
}

/** How long a token without an expiry is used again: long enough for all brokers to be connected to. */
const unknownLifetimeMs = 60_000;
/** Half of the time of a reading: the other half is for telling whose fault it is. */
const patienceMs = 1_500;
/** After failed loads, however many connections ask. */
const outage: Backoff = { leastMs: 1_000, firstMs: 1_000, longestMs: 60_000 };
/** A token this close to its end might not reach the broker in time. */
const spareMs = 1_000;

interface Kept extends Token {
  readonly renewAt: number;
  readonly endsAt: number;
}

/**
 * Asks once for all connections and uses a token for half of its life, so that a connection always
 * starts with a long session. A load goes on when the connection that wanted it has given up; while
 * loads fail, a token that is still valid is used on, and the next load is backed off from.
 * @param random in [0, 1)
 */
export function createTokenCache(
  origin: TokenOrigin,
  clock: Clock,
  random: () => number,
): TokenSource {
  const closed = new AbortController();
  let kept: Kept | undefined;
  let failed:
    | { readonly error: unknown; readonly until: number; readonly times: number }
    | undefined;
  let flight: { readonly token: Promise<string>; readonly startedAt: number } | undefined;

  async function load(): Promise<string> {
    try {
      const token = await withDeadline(origin, clock, closed.signal);
      kept = toKept(token, clock.now());
      failed = undefined;
      return token.value;
    } catch (error) {
      const times = failed?.times ?? 0;
      const until = clock.monotonic() + delayMs(outage, times, random);
      failed = { error, until, times: times + 1 };
      throw error;
    } finally {
      flight = undefined;
    }
  }

  function standIn(error: unknown): string {
    if (kept && clock.now() < kept.endsAt - spareMs) return kept.value;
    throw error;
  }

  /** All who wait give up at the same time, however late they came. */
  async function patiently(token: Promise<string>, startedAt: number): Promise<string> {
    const late = Promise.withResolvers<string>();
    const remainingMs = startedAt + patienceMs - clock.monotonic();
    const cancel = clock.after(Math.max(remainingMs, 0), () => late.reject(origin.late()));
    return await Promise.race([token, late.promise]).catch(standIn).finally(cancel);
  }

  return {
    async get() {
      if (kept && clock.now() < kept.renewAt) return kept.value;
      if (failed && clock.monotonic() < failed.until) return standIn(failed.error);
      flight ??= { startedAt: clock.monotonic(), token: load() };
      return await patiently(flight.token, flight.startedAt);
    },
    refused(token) {
      if (kept?.value === token) kept = undefined;
      return `${origin.remedy}${expiryText(token, clock.now())}`;
    },
    close: () => closed.abort(),
  };
}

function toKept(token: Token, now: number): Kept {
  const endsAt = token.expiresAt ?? now + unknownLifetimeMs;
  return { ...token, endsAt, renewAt: now + (endsAt - now) / 2 };
}

async function withDeadline(
  { load, timeoutMs, late }: TokenOrigin,
  clock: Clock,
  closed: AbortSignal,
): Promise<Token> {
  const expired = new AbortController();
  const ended = Promise.withResolvers<never>();
  const cancel = clock.after(timeoutMs, () => {
    ended.reject(late());
    expired.abort();
  });
  try {
    return await Promise.race([load(AbortSignal.any([closed, expired.signal])), ended.promise]);
  } finally {
    cancel();
  }
}

export function expiryText(token: string, now: number): string {
  const expiry = expiryOf(token);
  if (expiry === undefined || expiry > now) return '';
  return `; it expired at ${new Date(expiry).toISOString()}`;
}

/**
 * The text of a token, without the line break of a file.
 * @param where it came from, for the message
 * @throws KafkaError when it cannot be one: anything but visible ASCII would break the SASL message
 */
export function checkedToken(text: string, where: string): string {
  const token = text.trim();
  if (/^[\x21-\x7e]{1,65536}$/.test(token)) return token;
  throw new KafkaError('AuthenticationFailed', `${where}: what it holds is not a token`);
}
