import { type Container, type Manifest, type PodSpec, settings } from './workload.ts';

/** What is wrong with the time that a pod has between SIGTERM and SIGKILL. */

export function gracePeriod({ terminationGracePeriodSeconds: seconds, containers = [] }: PodSpec) {
  if (seconds === undefined) return ['no terminationGracePeriodSeconds'];
  const asleep = Math.max(0, ...containers.map(preStopSeconds));
  if (asleep < seconds || asleep === 0) return [];
  return [
    `terminationGracePeriodSeconds ${seconds} is over when preStop is: nothing is left to stop`,
  ];
}

const shutdownVariable = 'SHUTDOWN_TIMEOUT_MS';
/** What a service takes at most for stopping when the variable is not set. */
const defaultShutdownMs = 25_000;

/** SIGKILL must not come before a service gives up by itself, with its last words in the log. */
export function shutdown(container: Container, pod: PodSpec | undefined): readonly string[] {
  const graceSeconds = pod?.terminationGracePeriodSeconds;
  // Which is a finding of its own.
  if (graceSeconds === undefined) return [];
  const set = container.env?.find(({ name }) => name === shutdownVariable)?.value;
  const shutdownSeconds = Number(set ?? defaultShutdownMs) / 1_000;
  if (preStopSeconds(container) + shutdownSeconds < graceSeconds) return [];
  return [
    `container ${container.name}: preStop ${preStopSeconds(container)} s and ${shutdownVariable} ${shutdownSeconds} s must be over before terminationGracePeriodSeconds ${graceSeconds} is`,
  ];
}

/** In a ConfigMap it could not be compared with the grace period of who takes it from there. */
export function hiddenShutdown(manifest: Manifest): readonly string[] {
  if (manifest.kind !== 'ConfigMap') return [];
  return settings(manifest['data'])
    .filter(([name]) => name === shutdownVariable)
    .map(([name]) => `${name} in a ConfigMap: set it under env of the container`);
}

const preStopSeconds = ({ lifecycle }: Container) => lifecycle?.preStop?.sleep?.seconds ?? 0;
