import type { Clock } from '../controller/clock.ts';
import type { Address } from './transport.ts';

/** A broker that is up reacts within a round trip; the others must not be waited for. */
const patienceMs = 500;

/**
 * Whether any of the brokers reacts to a bare connection without credentials, within 500 ms.
 * @param answers rejects when `signal` is aborted
 */
export async function anyReacts(
  brokers: readonly Address[],
  answers: (at: Address, signal: AbortSignal) => Promise<void>,
  clock: Clock,
): Promise<boolean> {
  const stop = new AbortController();
  const cancel = clock.after(patienceMs, () => stop.abort());
  try {
    await Promise.any(brokers.map((at) => answers(at, stop.signal)));
    return true;
  } catch {
    return false;
  } finally {
    cancel();
    stop.abort();
  }
}
