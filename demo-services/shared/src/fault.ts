import { setTimeout as sleep } from 'node:timers/promises';
import type { EnvReader } from './env-reader.ts';

/** Places in a service where a test can break it. */
export interface FaultPoints {
  /** Called when the service comes by; does nothing unless a fault is set for this point. */
  at(point: string): Promise<void>;
}

/** The point of every consuming service: a message was taken up, nothing was done for it yet. */
export const messageBegun = 'message-begun';

type Fault = { readonly kind: 'kill' | 'hang' } | { readonly kind: 'delay'; readonly ms: number };

const example = '"<point>:kill", "<point>:hang" or "<point>:delay=<ms>", separated by commas';
const maxDelayMs = 3_600_000;

/**
 * The variable FAULT_AT, such as `operation-stored:kill,message-begun:delay=500`. `kill` is a SIGKILL
 * of this process, `hang` never goes on. It is for tests: set while NODE_ENV is `production`, it is a
 * problem of the configuration, as an unknown point is.
 * @param points of the service, beside `message-begun`
 * @param kill replaced in tests
 */
export function readFaults(
  env: EnvReader,
  points: readonly string[],
  kill: () => void = killThisProcess,
): FaultPoints {
  const faults = new Map<string, Fault>();
  const known = [messageBegun, ...points];
  for (const item of env.list('FAULT_AT', '')) {
    const [point = '', text = ''] = item.split(':', 2);
    const fault = parseFault(text);
    if (fault === undefined) env.problem(`FAULT_AT has "${item}": write ${example}`);
    else if (known.includes(point)) faults.set(point, fault);
    else env.problem(`FAULT_AT names the point "${point}": this service has ${known.join(', ')}`);
  }
  if (env.optional('FAULT_AT') !== undefined && env.optional('NODE_ENV') === 'production') {
    env.problem('FAULT_AT is set in production: it breaks the service on purpose, remove it');
  }
  return { at: (point) => strike(faults.get(point), kill) };
}

function parseFault(text: string): Fault | undefined {
  if (text === 'kill' || text === 'hang') return { kind: text };
  const ms = /^delay=(\d{1,7})$/.exec(text)?.[1];
  return ms === undefined || Number(ms) > maxDelayMs
    ? undefined
    : { kind: 'delay', ms: Number(ms) };
}

async function strike(fault: Fault | undefined, kill: () => void): Promise<void> {
  if (fault === undefined) return;
  if (fault.kind === 'delay') return sleep(fault.ms);
  if (fault.kind === 'kill') kill();
  await new Promise<never>(() => undefined);
}

function killThisProcess(): void {
  process.kill(process.pid, 'SIGKILL');
}
