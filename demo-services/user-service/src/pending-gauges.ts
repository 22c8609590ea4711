import { orAborted } from '@lagscaler/demo-shared/time.ts';
import { Gauge, type Registry } from 'prom-client';

export interface PendingCount {
  /** Users that are pending. */
  readonly all: number;
  /** Those pending for so long that they count as stuck. */
  readonly since: number;
}

/** A count this old is asked for anew, in milliseconds. */
const maxAgeMs = 15_000;
const deadlineMs = 2_000;

/**
 * Gauges of pending and stuck users, counted in the database when scraped, every 15 s at most. While
 * the database does not answer they are missing: unknown is not zero.
 */
export function registerPendingGauges(
  registry: Registry,
  count: () => Promise<PendingCount>,
  now: () => number,
): void {
  let last: { readonly at: number; readonly counted: Promise<PendingCount> } | undefined;
  const current = (): Promise<PendingCount> => {
    if (last === undefined || now() - last.at > maxAgeMs) {
      const counted = orAborted(count(), AbortSignal.timeout(deadlineMs));
      last = { at: now(), counted };
      counted.catch(() => {
        last = undefined;
      });
    }
    return last.counted;
  };
  const gauge = (name: string, help: string, pick: (counted: PendingCount) => number) =>
    new Gauge({
      name,
      help,
      registers: [registry],
      async collect() {
        const counted = await current().catch(() => undefined);
        if (counted === undefined) this.remove();
        else this.set(pick(counted));
      },
    });
  gauge('demo_users_pending', 'Users nobody has decided about yet.', ({ all }) => all);
  gauge('demo_saga_stuck', 'Users pending for longer than SAGA_STUCK_MS.', ({ since }) => since);
}
