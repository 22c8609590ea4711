import type { PodAddresses } from './addresses.ts';
import type { ApiClient } from './api.ts';
import type { BackoffSettings } from './backoff.ts';
import type { ConfigReader } from './env.ts';
import type { EventRecorder } from './events.ts';
import type { LightRuntime } from './light-runtime.ts';
import type { ContainerRuntime } from './runtime.ts';
import type { StartLimit } from './starts.ts';

/** What all pods of one agent share. */
export interface AgentContext {
  readonly api: ApiClient;
  readonly node: string;
  /** The state directory: `logs/pods` and `pods/<uid>` are below it. */
  readonly dir: string;
  readonly light: boolean;
  readonly backoff: BackoffSettings;
  readonly addresses: PodAddresses;
  readonly reader: ConfigReader;
  readonly events: EventRecorder;
  readonly starts: StartLimit;
  readonly processes: ContainerRuntime;
  readonly lightRuntime: LightRuntime;
}

/** The address of the node itself. */
export const hostIP = '127.0.0.1';
