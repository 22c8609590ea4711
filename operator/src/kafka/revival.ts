import type { Clock } from '../controller/clock.ts';
import type { Address } from './transport.ts';

/** Pause between two checks of a broker that does not react. */
const pauseMs = 1_000;
/** A broker that reacts sooner than this to the first check was never gone. */
const promptMs = 250;

/**
 * Watches brokers that did not answer and reports the first that comes back, so that a back-off of up
 * to a minute does not outlast the outage: a tick after the cluster answers, readings are right again.
 *
 * A check is a bare connection without credentials (`Transport.answers`), one at a time per broker. A
 * broker that reacts at once was not gone (its trouble lies elsewhere) and does not count: only the
 * back-off helps there.
 */
export class RevivalWatch {
  readonly #clock: Clock;
  readonly #answers: (at: Address, signal: AbortSignal) => Promise<void>;
  #stop: AbortController | undefined;

  constructor(clock: Clock, answers: (at: Address, signal: AbortSignal) => Promise<void>) {
    this.#clock = clock;
    this.#answers = answers;
  }

  /** Goes on until a revival or `stop`; while it does, starting again changes nothing. */
  start(brokers: readonly Address[], onRevival: () => void): void {
    if (this.#stop) return;
    const stop = new AbortController();
    this.#stop = stop;
    for (const broker of brokers) {
      void this.#watch(broker, stop.signal).then((revived) => {
        if (!revived || stop.signal.aborted) return;
        this.stop();
        onRevival();
      });
    }
  }

  stop(): void {
    this.#stop?.abort();
    this.#stop = undefined;
  }

  async #watch(broker: Address, signal: AbortSignal): Promise<boolean> {
    const startedAt = this.#clock.now();
    for (let checks = 0; !signal.aborted; checks += 1) {
      const reacts = await this.#answers(broker, signal).then(
        () => true,
        () => false,
      );
      if (reacts) return checks > 0 || this.#clock.now() - startedAt >= promptMs;
      await this.#pause(signal);
    }
    return false;
  }

  #pause(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal.aborted) return resolve();
      const done = () => {
        cancel();
        signal.removeEventListener('abort', done);
        resolve();
      };
      const cancel = this.#clock.after(pauseMs, done);
      signal.addEventListener('abort', done);
    });
  }
}
