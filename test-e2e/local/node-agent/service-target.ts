import { HandlerError, resolvePort } from './handler.ts';
import type { Pod, Service, ServicePort } from './types.ts';

/** What a node port leads to. */
export interface Target {
  readonly service: Service;
  readonly port: ServicePort;
}

export interface Address {
  readonly host: string;
  readonly port: number;
}

/** By node port; only TCP is routed. */
export function targetsOf(services: Iterable<Service>): ReadonlyMap<number, Target> {
  const targets = new Map<number, Target>();
  for (const service of services) {
    const ports = service.spec.ports?.filter(({ protocol = 'TCP' }) => protocol === 'TCP') ?? [];
    for (const port of ports) if (port.nodePort) targets.set(port.nodePort, { service, port });
  }
  return targets;
}

/** Where a pod serves the target; undefined when it is another's, is not ready or is about to end. */
export function addressOf(pod: Pod, { service, port }: Target): Address | undefined {
  const host = pod.status?.podIP;
  if (!host || !isBehind(service, pod) || !isServing(pod)) return undefined;
  const number = portOf(pod, port);
  return number === undefined ? undefined : { host, port: number };
}

function isBehind({ metadata, spec }: Service, pod: Pod): boolean {
  const selector = Object.entries(spec.selector ?? {});
  return (
    selector.length > 0 && // without a selector somebody else names the addresses
    metadata.namespace === pod.metadata.namespace &&
    selector.every(([key, value]) => pod.metadata.labels?.[key] === value)
  );
}

function isServing({ metadata, status }: Pod): boolean {
  const isReady = status?.conditions?.some(
    ({ type, status: is }) => type === 'Ready' && is === 'True',
  );
  return metadata.deletionTimestamp === undefined && isReady === true;
}

function portOf(pod: Pod, { port, targetPort = port }: ServicePort): number | undefined {
  for (const container of pod.spec.containers) {
    try {
      return resolvePort(targetPort, container);
    } catch (error) {
      if (!(error instanceof HandlerError)) throw error; // another container may have the name
    }
  }
  return undefined;
}
