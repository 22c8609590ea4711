import { pause } from '@lagscaler/demo-shared/time.ts';
import type { Balance, SettledOperation } from './balance.ts';
import { createHttpClient, errorCode, type Target } from './http-client.ts';
import { increment } from './load-tally.ts';
import { look } from './look.ts';
import type { LoadObserver } from './observer.ts';
import { createLedger, type OperationLedger } from './operation-ledger.ts';
import { createOperationsApi, type OperationsApi } from './operations-api.ts';

export interface FollowOptions {
  readonly target: Target;
  /** Between two looks, at least; default 250. */
  readonly intervalMs?: number;
  /** For one request; default 10,000. */
  readonly requestTimeoutMs?: number;
  /** Called once for each operation, when it is seen terminal. It must not throw. */
  readonly onSettled?: (operation: SettledOperation) => void;
}

export interface FollowReport extends Balance {
  /** Looks that operation-service did not answer, by the code of the error. */
  readonly lookErrors: Readonly<Record<string, number>>;
}

export interface Follower {
  /** Give it to `generateLoad`: it tells which operations were accepted. */
  readonly observer: Required<Pick<LoadObserver, 'onAnswered'>>;
  /** So far. */
  report(): FollowReport;
  /** Once the load is over: waits until every accepted operation is terminal, or the signal aborts. */
  settled(signal: AbortSignal): Promise<FollowReport>;
  /** Asks no more. */
  stop(): Promise<void>;
}

/** A fifth of the time for looking, the rest is a pause: following must not become a load itself. */
const pausePerLook = 4;
const longestPauseMs = 30_000;
const longestBackoffMs = 5_000;
const settledCheckMs = 20;

/**
 * Follows accepted operations to their terminal states by asking operation-service again and again, one
 * request at a time, during the load and after it. How often depends on how long the answers take; the
 * report tells how precise the SAGA times are. Errors are counted, and asked again.
 */
export function followOperations(options: FollowOptions): Follower {
  const { target, intervalMs = 250, requestTimeoutMs = 10_000 } = options;
  const client = createHttpClient({ target, requestTimeoutMs, maxConnections: 1 });
  const ledger = createLedger(options.onSettled ?? (() => undefined));
  const lookErrors: Record<string, number> = {};
  const stopping = new AbortController();
  const looking = keepLooking(ledger, createOperationsApi(client), {
    intervalMs,
    signal: stopping.signal,
    onError: (code) => increment(lookErrors, code),
  });
  const report = () => ({ ...ledger.balance(), lookErrors: { ...lookErrors } });
  return {
    observer: {
      onAnswered({ uuid, ...answered }) {
        if (uuid !== undefined) ledger.accept({ uuid, ...answered });
      },
    },
    report,
    async settled(signal) {
      while (ledger.pendingCount() > 0 && !signal.aborted) await pause(settledCheckMs, signal);
      return report();
    },
    async stop() {
      stopping.abort();
      client.close();
      await looking;
    },
  };
}

interface LookingOptions {
  readonly intervalMs: number;
  readonly signal: AbortSignal;
  readonly onError: (code: string) => void;
}

async function keepLooking(
  ledger: OperationLedger,
  api: OperationsApi,
  { intervalMs, signal, onError }: LookingOptions,
): Promise<void> {
  const now = () => performance.now();
  let failures = 0;
  while (!signal.aborted) {
    const beganAtMs = now();
    try {
      await look({ ledger, api, now });
      failures = 0;
    } catch (error) {
      if (!signal.aborted) onError(errorCode(error));
      failures += 1;
    }
    const lookedMs = now() - beganAtMs;
    await pause(pauseMs(lookedMs, failures, intervalMs), signal);
  }
}

function pauseMs(lookedMs: number, failures: number, intervalMs: number): number {
  if (failures > 0) return Math.min(intervalMs * 2 ** failures, longestBackoffMs);
  return Math.max(intervalMs, Math.min(lookedMs * pausePerLook, longestPauseMs));
}
