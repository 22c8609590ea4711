import { type ApiClient, isNotFound, reasonOf } from './api.ts';
import { sleep } from './clock.ts';
import type { Pod, PodStatus } from './types.ts';

/** Changes within this time become one patch; becoming ready or not is told sooner. */
const coalesceMs = 100;
const urgentMs = 10;
const retry = { firstMs: 250, maxMs: 5_000 };

/** Writes the status of one pod: one patch per real change, one at a time, until it is accepted. */
export class StatusWriter {
  readonly #api: ApiClient;
  readonly #pod: Pod;
  readonly #build: () => PodStatus;
  readonly #closed = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> | undefined;
  #dirty = false;
  #written = '';
  #failed = false;
  /** resourceVersion after our last write: older watch events are echoes of the past. */
  #version = 0n;

  constructor(api: ApiClient, pod: Pod, build: () => PodStatus) {
    this.#api = api;
    this.#pod = pod;
    this.#build = build;
  }

  /** Something changed. */
  changed(urgent = false): void {
    this.#dirty = true;
    if (this.#writing || this.#closed.signal.aborted) return;
    if (this.#timer && !urgent) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.flush(), urgent ? urgentMs : coalesceMs);
  }

  /** Writes what is not written yet and waits until the API server has it (or the pod is gone). */
  async flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    while (this.#dirty && !this.#closed.signal.aborted) {
      this.#writing ??= this.#write().finally(() => {
        this.#writing = undefined;
      });
      await this.#writing;
    }
    await this.#writing;
  }

  /**
   * Somebody else wrote: the node lifecycle controller marks pods unready while it does not hear
   * from this node. Says it again when the pod as seen differs from what was written.
   */
  reconcile(seen: Pod): void {
    if (this.#writing || this.#dirty || !this.#written) return;
    if (BigInt(seen.metadata.resourceVersion ?? 0) <= this.#version) return;
    const ours = JSON.parse(this.#written) as PodStatus;
    if (gist(ours) === gist(seen.status ?? {})) return;
    this.#written = '';
    this.changed();
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#closed.abort();
  }

  async #write(): Promise<void> {
    this.#dirty = false;
    const status = this.#build();
    const text = JSON.stringify(status);
    if (text === this.#written) return;
    let waitMs = retry.firstMs;
    while (!this.#closed.signal.aborted && !(await this.#patch(status, text))) {
      if (this.#dirty) return; // what could not be written is out of date: build anew
      await sleep(waitMs, this.#closed.signal);
      waitMs = Math.min(waitMs * 2, retry.maxMs);
    }
  }

  /** Returns false when it should be tried again. */
  async #patch(status: PodStatus, text: string): Promise<boolean> {
    const { uid } = this.#pod.metadata; // in the patch, it refuses a new pod of the same name
    try {
      const body = { metadata: { uid }, status };
      const answer = await this.#api.patch<Pod>(this.#path, body, 'strategic-merge');
      this.#written = text;
      this.#version = BigInt(answer.metadata.resourceVersion ?? 0);
      this.#failed = false;
      return true;
    } catch (error) {
      if (isNotFound(error)) this.close();
      else if (!this.#failed) this.#warn(error);
      this.#failed = true;
      return false;
    }
  }

  get #path(): string {
    const { namespace, name } = this.#pod.metadata;
    return `/api/v1/namespaces/${namespace}/pods/${name}/status`;
  }

  #warn(error: unknown): void {
    const { name } = this.#pod.metadata;
    console.warn(`status of pod ${name} not written: ${reasonOf(error)}; retrying`);
  }
}

/** What controllers act on. */
function gist({ phase, podIP, conditions }: PodStatus): string {
  const of = (type: string) => conditions?.find((each) => each.type === type)?.status;
  return [phase, podIP, of('Ready'), of('ContainersReady')].join();
}
