import { runHandler } from './handler.ts';
import type { ContainerStart, RunningContainer } from './runtime.ts';
import type { Handler } from './types.ts';

/** A container whose preStop hook used up the grace period still gets this after SIGTERM. */
const minimumGraceMs = 2_000;

/** One run of a container, from its start to its exit. */
export class ContainerRun {
  readonly start: ContainerStart;
  readonly container: RunningContainer;
  readonly startedAt = performance.now();
  /** Aborts when probing has to end. */
  readonly probes = new AbortController();
  readonly #podIP: string;
  #ending = false;
  #killTimer: NodeJS.Timeout | undefined;
  #killAt = Number.POSITIVE_INFINITY;

  constructor(start: ContainerStart, container: RunningContainer, podIP: string) {
    this.start = start;
    this.container = container;
    this.#podIP = podIP;
    void container.exited.then(() => {
      this.probes.abort();
      clearTimeout(this.#killTimer);
    });
  }

  get ending(): boolean {
    return this.#ending;
  }

  /** Where its probes and hooks run. */
  get handlerContext() {
    const { container, env, cwd } = this.start;
    return { podIP: this.#podIP, container, env, cwd };
  }

  /**
   * Ends it: preStop hook, SIGTERM, SIGKILL after the grace period; 0 kills at once. A second call
   * can only bring the kill forward. Returns when it has ended.
   * @param hookFailed told why the preStop hook failed; the end goes on
   */
  async end(graceMs: number, hookFailed: (why: string) => void): Promise<void> {
    this.probes.abort();
    const hook = this.start.container.lifecycle?.preStop;
    this.#killAfter(graceMs > 0 && hook ? graceMs + minimumGraceMs : graceMs);
    if (!this.#ending && graceMs > 0) {
      this.#ending = true;
      if (hook) await this.#preStop(hook, graceMs, hookFailed);
      this.container.terminate();
    }
    await this.container.exited;
  }

  /** Only brings the kill forward. */
  #killAfter(graceMs: number): void {
    const at = performance.now() + graceMs;
    if (at >= this.#killAt) return;
    this.#killAt = at;
    clearTimeout(this.#killTimer);
    if (graceMs <= 0) this.container.kill();
    else this.#killTimer = setTimeout(() => this.container.kill(), graceMs);
  }

  async #preStop(hook: Handler, graceMs: number, hookFailed: (why: string) => void): Promise<void> {
    const graceEnd = performance.now() + graceMs;
    try {
      await runHandler(hook, this.handlerContext, AbortSignal.timeout(graceMs));
    } catch (error) {
      hookFailed(error instanceof Error ? error.message : String(error));
    }
    this.#killAfter(Math.max(graceEnd - performance.now(), minimumGraceMs));
  }
}
