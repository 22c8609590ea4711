import type { Tick } from './worker-protocol.ts';

interface Running {
  readonly startedAt: number;
  readonly requests: Map<string, number>;
  begun: number;
  ended: number;
  failed: number;
  wallMs: number | undefined;
  cpuMs: number | undefined;
}

/** What the meter tells: `read` when the last reading of a tick has ended, `tick` once its CPU is known too. */
export interface TickEvents {
  read(): void;
  tick(tick: Tick): void;
}

/** Tells ticks apart and measures them: one begins with a reading after every group has begun its own. */
export class TickMeter {
  readonly #groups: number;
  readonly #events: TickEvents;
  readonly #cpuMs: () => number;
  #running: Running;
  #cpuAtStart = 0;

  /** @param cpuMs of this process so far */
  constructor(groups: number, events: TickEvents, cpuMs: () => number = processCpuMs) {
    this.#groups = groups;
    this.#events = events;
    this.#cpuMs = cpuMs;
    this.#running = newTick();
  }

  countRequest(api: string): void {
    const { requests } = this.#running;
    requests.set(api, (requests.get(api) ?? 0) + 1);
  }

  /** Measures one reading of one group. @param read resolves to whether it is complete */
  async reading(read: () => Promise<boolean>): Promise<void> {
    if (this.#running.begun === this.#groups) this.#next();
    const tick = this.#running;
    tick.begun += 1;
    if (!(await read())) tick.failed += 1;
    tick.ended += 1;
    if (tick.ended < this.#groups) return;
    tick.wallMs = performance.now() - tick.startedAt;
    this.#events.read();
    this.#tell(tick);
  }

  #next(): void {
    const before = this.#running;
    this.#running = newTick();
    const cpuMs = this.#cpuMs();
    before.cpuMs = cpuMs - this.#cpuAtStart;
    this.#cpuAtStart = cpuMs;
    this.#tell(before);
  }

  #tell({ wallMs, cpuMs, requests, failed }: Running): void {
    if (wallMs === undefined || cpuMs === undefined) return;
    this.#events.tick({ wallMs, cpuMs, requests: Object.fromEntries(requests), failed });
  }
}

const newTick = (): Running => ({
  startedAt: performance.now(),
  requests: new Map(),
  begun: 0,
  ended: 0,
  failed: 0,
  wallMs: undefined,
  cpuMs: undefined,
});

function processCpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}
