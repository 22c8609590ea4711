import { randomUUID } from 'node:crypto';
import type { Clock } from '../controller/clock.ts';
import type { ApiRequest, KubeClient } from './client.ts';
import { KubeError, toKubeError } from './errors.ts';
import { type Lease, leaseFor, leases } from './lease.ts';
import { collectionPath, objectPath } from './resource.ts';
import { sleep } from './sleep.ts';

export interface LeaderElectionOptions {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly namespace: string;
  /** Name of the Lease. */
  readonly name: string;
  /** For people, e.g. the pod's name; made unique here, since two processes may share it. */
  readonly identity: string;
  /** Now only this process may write. `signal` aborts when it may not any more. Must not throw. */
  readonly onStartedLeading: (signal: AbortSignal) => void;
  /** Called once for each onStartedLeading, also by `close`. Must not throw. */
  readonly onStoppedLeading: () => void;
  /** An attempt failed; the next one follows. */
  readonly onError?: (error: KubeError) => void;
  /** Others take the Lease when it has not changed for so long. Default 15 s; whole seconds. */
  readonly leaseDurationMs?: number;
  /** We stop when we could not renew for so long; shorter than leaseDurationMs. Default 10 s. */
  readonly renewDeadlineMs?: number;
  /** Between two attempts. Default 2 s. */
  readonly retryMs?: number;
  readonly random?: () => number;
}

export interface LeaderElection {
  start(): void;
  /** Asks the clock each time: false at the deadline even if the process was frozen until now. */
  isLeader(): boolean;
  /** Stops leading and gives the Lease back, so that another takes over at once. */
  close(): Promise<void>;
}

/**
 * Leader election on a Lease (traps C19): each write carries the resourceVersion that was read, and
 * whether another's lease has expired is judged by how long *we* have seen it unchanged, never by
 * comparing clocks of two machines.
 */
export function createLeaderElection(options: LeaderElectionOptions): LeaderElection {
  const { client, clock, namespace, name, random = Math.random } = options;
  const { leaseDurationMs = 15_000, renewDeadlineMs = 10_000, retryMs = 2000 } = options;
  if (renewDeadlineMs >= leaseDurationMs) throw new Error('renewDeadlineMs >= leaseDurationMs');
  const identity = `${options.identity}_${randomUUID()}`;
  const path = objectPath(leases, { namespace, name });
  const stopped = new AbortController();
  let seen: { readonly lease: Lease; readonly at: number } | undefined;
  let term: Term | undefined;
  let running: Promise<void> | undefined;

  async function run(): Promise<void> {
    while (!stopped.signal.aborted) {
      await attempt().catch(failed);
      // Jitter for those who wait, so that they don't collide; the leader keeps its pace.
      const waitMs = term ? retryMs : retryMs * (1 + 0.2 * random());
      await sleep(clock, waitMs, stopped.signal);
    }
  }

  async function attempt(): Promise<void> {
    // The leader knows the Lease it wrote last; whoever waits must look.
    const current = term && seen ? seen.lease : await look();
    if (current && isHeldByOther(current)) return;
    const startedAt = clock.monotonic(); // before the request: others count from later on
    await write(current, { identity, durationMs: leaseDurationMs }, stopped.signal);
    renewed(startedAt);
  }

  function failed(error: unknown): void {
    if (stopped.signal.aborted) return;
    seen = undefined; // whatever is there now: read it before the next write
    const failure = toKubeError(error);
    if (failure.code !== 'Conflict') options.onError?.(failure);
  }

  async function look(): Promise<Lease | undefined> {
    const lease = await send<Lease>({ verb: 'get', path }, stopped.signal).catch(ignoreNotFound);
    if (term && lease && lease.spec?.holderIdentity !== identity) stopLeading();
    const isNews = seen?.lease.metadata.resourceVersion !== lease?.metadata.resourceVersion;
    if (isNews) seen = lease && { lease, at: clock.monotonic() };
    return lease;
  }

  function isHeldByOther({ spec }: Lease): boolean {
    if (!spec?.holderIdentity || spec.holderIdentity === identity) return false;
    const durationMs = (spec.leaseDurationSeconds ?? leaseDurationMs / 1000) * 1000;
    return seen !== undefined && clock.monotonic() < seen.at + durationMs;
  }

  async function write(
    current: Lease | undefined,
    holder: Parameters<typeof leaseFor>[1],
    signal: AbortSignal,
  ): Promise<void> {
    const body = leaseFor(current ?? { metadata: { namespace, name } }, holder, clock.now());
    const create = { verb: 'create', path: collectionPath(leases, namespace), body } as const;
    const lease = await send<Lease>(current ? { verb: 'update', path, body } : create, signal);
    seen = { lease, at: clock.monotonic() };
  }

  function send<T>(
    request: Pick<ApiRequest, 'verb' | 'path' | 'body'>,
    signal: AbortSignal,
  ): Promise<T> {
    // Half the deadline: a request that hangs leaves time for another.
    const limit = AbortSignal.any([signal, AbortSignal.timeout(renewDeadlineMs / 2)]);
    return client.request<T>({ ...request, resource: 'leases', signal: limit });
  }

  function renewed(startedAt: number): void {
    const leftMs = startedAt + renewDeadlineMs - clock.monotonic();
    if (leftMs <= 0 || stopped.signal.aborted) return; // the answer came too late to be of use
    term?.cancelDeadline();
    const cancelDeadline = clock.after(leftMs, stopLeading);
    const isNew = term === undefined;
    term = { ended: term?.ended ?? new AbortController(), renewedAt: startedAt, cancelDeadline };
    if (isNew) options.onStartedLeading(term.ended.signal);
  }

  function stopLeading(): void {
    const ending = term;
    term = undefined;
    if (!ending) return;
    ending.cancelDeadline();
    ending.ended.abort(new Error('this replica does not lead any more'));
    options.onStoppedLeading();
  }

  async function release(): Promise<void> {
    const current = await send<Lease>({ verb: 'get', path }, AbortSignal.timeout(releaseMs));
    if (current.spec?.holderIdentity !== identity) return;
    // One second: whoever does not understand an empty holder need not wait for long either.
    const nobody = { identity: undefined, durationMs: 1000 };
    await write(current, nobody, AbortSignal.timeout(releaseMs));
  }

  return {
    start() {
      running ??= run();
    },
    isLeader: () => term !== undefined && clock.monotonic() < term.renewedAt + renewDeadlineMs,
    async close() {
      stopped.abort();
      await running;
      const wasLeader = term !== undefined;
      stopLeading();
      if (wasLeader) await release().catch((error) => options.onError?.(toKubeError(error)));
    },
  };
}

/** From becoming leader to the end of it. */
interface Term {
  readonly ended: AbortController;
  /** Monotonic ms at which the last renewal that succeeded was sent. */
  readonly renewedAt: number;
  readonly cancelDeadline: () => void;
}

/** Giving the Lease back must fit into the seconds a shutdown may take. */
const releaseMs = 1500;

function ignoreNotFound(error: unknown): undefined {
  if (!(error instanceof KubeError) || error.code !== 'NotFound') throw error;
}
