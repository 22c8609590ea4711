import { recordToConfirm } from '../autoscaler/confirmation.ts';
import type { LagReading } from '../autoscaler/types.ts';
import { connectionOf } from './connection.ts';
import type { Ports, Scaler } from './ports.ts';
import type { ScalerState } from './state.ts';

/**
 * Looks up how old the next unread record really is where the history can only guess: it was written
 * before anybody watched. The answer serves the next polls; no decision and no poll waits for it. Never
 * rejects.
 */
export async function confirmAge(
  scaler: Scaler,
  state: Pick<ScalerState, 'history' | 'confirmedAt'>,
  reading: LagReading,
  { ports, signal }: { readonly ports: Ports; readonly signal: AbortSignal },
): Promise<void> {
  const record = recordToConfirm(reading, state.confirmedAt);
  if (!record || reading.kind !== 'observed') return;
  state.confirmedAt = reading.at;
  try {
    const connection = await connectionOf(scaler, ports, signal);
    const position = { connection, ...record };
    const timestamp = await ports.lag.timestampOf(scaler.key, position, signal);
    if (timestamp !== undefined) state.history.confirm(record, timestamp);
  } catch {
    // A Secret that is gone by now: the next reading tells, and the age stays an estimate.
  }
}
