import type { Image } from '../images.ts';
import type { Container, Pod } from './types.ts';

/** Everything a runtime needs to start one container once. */
export interface ContainerStart {
  readonly pod: Pod;
  readonly container: Container;
  readonly image: Image;
  readonly command: readonly [string, ...string[]];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  readonly logFile: string;
  readonly pidFile: string;
}

/** How a container ended: as `docker wait` shows it, 128 + signal when a signal ended it. */
export interface Exit {
  readonly exitCode: number;
  readonly signal?: number;
  readonly message?: string;
}

/** A container that was started. */
export interface RunningContainer {
  readonly exited: Promise<Exit>;
  /** Resolves when its start has cost what it costs, or it has ended: the next one may start. */
  readonly settled: Promise<void>;
  /** Asks it to end (SIGTERM). */
  terminate(): void;
  /** Ends it now (SIGKILL); `exited` resolves soon after. */
  kill(): void;
}

export interface ContainerRuntime {
  /** Throws when the container could not be started at all. */
  start(start: ContainerStart): Promise<RunningContainer>;
}
