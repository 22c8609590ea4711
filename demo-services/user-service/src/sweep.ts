import type { Logger } from '@lagscaler/demo-shared/log.ts';
import type { Coordinator } from './coordinator.ts';
import type { User, UserStore } from './store.ts';

export interface SweepOptions {
  readonly store: Pick<UserStore, 'unsentSince' | 'pendingSince'>;
  readonly coordinator: Pick<Coordinator, 'resend' | 'timeOut'>;
  readonly resendAfterMs: number;
  /** 0: nobody times out. */
  readonly timeoutMs: number;
  /** Ends the sweep with the users in hand. */
  readonly signal: AbortSignal;
  readonly log: Pick<Logger, 'error'>;
}

/** How many users are worked on side by side. */
const pageSize = 100;

/**
 * Finishes what was left undone: messages whose sender has gone, and users nobody decided about.
 * @param now epoch milliseconds
 * @throws what the database says
 */
export async function sweep(options: SweepOptions, now: number): Promise<void> {
  const { store, coordinator, resendAfterMs, timeoutMs } = options;
  const unsent = () => store.unsentSince(now - resendAfterMs, pageSize);
  await forEachUser(unsent, coordinator.resend, options);
  if (timeoutMs === 0) return;
  const overdue = () => store.pendingSince(now - timeoutMs, pageSize);
  await forEachUser(overdue, coordinator.timeOut, options);
}

/** Page by page: the work takes a user out of the next page, unless it fails, which ends this sweep. */
async function forEachUser(
  page: () => Promise<readonly User[]>,
  work: (user: User) => Promise<void>,
  { signal, log }: SweepOptions,
): Promise<void> {
  while (!signal.aborted) {
    const users = await page();
    if (signal.aborted) return;
    const results = await Promise.allSettled(users.map(work));
    const failed = results.filter((result) => result.status === 'rejected');
    for (const { reason } of failed) log.error({ err: reason }, 'cannot finish a user');
    if (users.length < pageSize || failed.length > 0) return;
  }
}
