import type { AgentContext } from './agent-context.ts';
import { nextBackoffMs } from './backoff.ts';
import { sleep, timestamp } from './clock.ts';
import { runProbes } from './container-probes.ts';
import { ContainerRun } from './container-run.ts';
import { ContainerConfigError } from './env.ts';
import {
  ImageError,
  newContainerID,
  type PodSandbox,
  prepareContainer,
  runtimeFor,
} from './prepare.ts';
import type { ContainerStart, Exit, RunningContainer } from './runtime.ts';
import type { ContainerRecord } from './status.ts';
import type { RestartPolicy, Terminated } from './types.ts';

const configRetryMs = 2_000;

/** Runs one container of a pod: start, probe, restart with back-off, until it is over or stopped. */
export class ContainerRunner {
  readonly #agent: AgentContext;
  readonly #sandbox: PodSandbox;
  readonly #record: ContainerRecord;
  readonly #changed: (urgent?: boolean) => void;
  readonly #stopping = new AbortController();
  #run: ContainerRun | undefined;
  #backoffMs: number | undefined;

  constructor(
    agent: AgentContext,
    sandbox: PodSandbox,
    record: ContainerRecord,
    changed: (urgent?: boolean) => void,
  ) {
    this.#agent = agent;
    this.#sandbox = sandbox;
    this.#record = record;
    this.#changed = changed;
  }

  /** Returns when the container has ended for good, by its restart policy or by `stop`. */
  async run(policy: RestartPolicy): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      const run = await this.#start();
      if (!run) continue; // it has waited
      const exit = await run.container.exited;
      this.#ended(exit);
      const again = policy === 'Always' || (policy === 'OnFailure' && exit.exitCode !== 0);
      if (!again) return;
      await this.#backOff(performance.now() - run.startedAt);
    }
    this.#neverRan();
  }

  /** Ends it: preStop hook, SIGTERM, SIGKILL after the grace period. A later call can shorten it. */
  async stop(graceMs: number): Promise<void> {
    this.#stopping.abort();
    if (this.#run) await this.#end(this.#run, graceMs);
  }

  async #start(): Promise<ContainerRun | undefined> {
    const { signal } = this.#stopping;
    let giveBack: (() => void) | undefined;
    try {
      const start = await prepareContainer(this.#agent, this.#sandbox, this.#record.container);
      giveBack = await this.#agent.starts.acquire(signal);
      const container = await runtimeFor(this.#agent, start).start(start);
      return this.#began(start, container, giveBack);
    } catch (error) {
      giveBack?.();
      if (!signal.aborted) await this.#cannotStart(error);
      return undefined;
    }
  }

  #began(start: ContainerStart, container: RunningContainer, giveBack: () => void): ContainerRun {
    const record = this.#record;
    const run = new ContainerRun(start, container, this.#sandbox.podIP);
    this.#run = run;
    record.containerID = newContainerID();
    record.state = { running: { startedAt: timestamp() } };
    this.#changed();
    void container.settled.then(giveBack);
    void this.#probe(run);
    // Stopped while it started: `stop` saw no run to end.
    if (this.#stopping.signal.aborted) void this.#end(run, 0);
    return run;
  }

  #probe(run: ContainerRun): Promise<void> {
    const record = this.#record;
    const { name } = record.container;
    return runProbes(
      run.handlerContext,
      {
        started: () => {
          record.started = true;
          this.#changed();
        },
        ready: (ready) => {
          if (record.ready === ready) return;
          record.ready = ready;
          this.#changed(true);
        },
        failed: (kind, why) => {
          if (run.ending || (kind === 'readiness' && !record.ready)) return; // not up yet: no news
          this.#warn('Unhealthy', `${kind} probe failed: ${why}`);
        },
        unhealthy: (probe, kind) => {
          this.#warn('Killing', `Container ${name} failed ${kind} probe, will be restarted`);
          void this.#end(run, (probe.terminationGracePeriodSeconds ?? graceOf(run)) * 1000);
        },
      },
      run.probes.signal,
    );
  }

  #end(run: ContainerRun, graceMs: number): Promise<void> {
    return run.end(graceMs, (why) => this.#warn('FailedPreStopHook', why));
  }

  #warn(reason: string, message: string): void {
    this.#agent.events.publish(this.#sandbox.pod, 'Warning', reason, message);
  }

  #ended(exit: Exit): void {
    this.#run = undefined;
    const record = this.#record;
    const { running } = record.state;
    record.state = { terminated: toTerminated(exit, running?.startedAt, record.containerID) };
    const wasReady = record.ready;
    record.ready = false;
    record.started = false;
    this.#changed(wasReady);
  }

  async #backOff(ranMs: number): Promise<void> {
    if (this.#stopping.signal.aborted) return;
    const record = this.#record;
    this.#backoffMs = nextBackoffMs(this.#backoffMs, ranMs, this.#agent.backoff);
    const name = record.container.name;
    const { terminated } = record.state;
    if (this.#backoffMs > 0) {
      const message = `back-off ${this.#backoffMs} ms restarting failed container=${name}`;
      if (terminated) record.lastState = { terminated };
      record.state = { waiting: { reason: 'CrashLoopBackOff', message } };
      this.#changed();
      this.#warn('BackOff', `Back-off restarting ${name}`);
      await sleep(this.#backoffMs, this.#stopping.signal);
    }
    if (this.#stopping.signal.aborted) return;
    if (terminated) record.lastState = { terminated };
    record.restartCount++;
  }

  /** Says why it waits, and waits. */
  async #cannotStart(error: unknown): Promise<void> {
    const message = error instanceof Error ? error.message : String(error);
    const waiting = { reason: waitingReason(error, this.#record), message };
    const retryMs = Math.min((this.#backoffMs ?? configRetryMs / 2) * 2, 30_000);
    if (error instanceof ImageError) this.#backoffMs = retryMs; // it will not appear by itself
    this.#record.state = { waiting };
    this.#changed();
    this.#warn('Failed', message);
    await sleep(error instanceof ImageError ? retryMs : configRetryMs, this.#stopping.signal);
  }

  /** Stopped before a start: a deleted pod must still end with a terminated container. */
  #neverRan(): void {
    const { state, lastState } = this.#record;
    if (state.terminated) return;
    const exit = { exitCode: 137, message: 'stopped before it was started' };
    const terminated = lastState.terminated ?? toTerminated(exit, undefined, undefined);
    this.#record.state = { terminated };
    this.#changed();
  }
}

const graceOf = (run: ContainerRun) => run.start.pod.spec.terminationGracePeriodSeconds ?? 30;

function waitingReason(error: unknown, record: ContainerRecord): string {
  if (error instanceof ContainerConfigError) return 'CreateContainerConfigError';
  if (!(error instanceof ImageError)) return 'RunContainerError';
  return record.state.waiting?.reason.includes('Image') ? 'ImagePullBackOff' : 'ErrImagePull';
}

function toTerminated(
  exit: Exit,
  startedAt: string | undefined,
  containerID: string | undefined,
): Terminated {
  return {
    exitCode: exit.exitCode,
    ...(exit.signal !== undefined && { signal: exit.signal }),
    reason: exit.exitCode === 0 ? 'Completed' : 'Error',
    ...(exit.message && { message: exit.message }),
    ...(startedAt && { startedAt }),
    finishedAt: timestamp(),
    ...(containerID && { containerID }),
  };
}
