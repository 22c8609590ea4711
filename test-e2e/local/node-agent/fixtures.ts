import type { Container, Pod, PodSpec } from './types.ts';

/** A pod as the API server returns it, for tests. */
export function aPod(spec: Partial<PodSpec> = {}, metadata: Partial<Pod['metadata']> = {}): Pod {
  return {
    metadata: { name: 'web-0', namespace: 'shop', uid: 'u-1', resourceVersion: '1', ...metadata },
    spec: { nodeName: 'n1', containers: [aContainer()], ...spec },
  };
}

export function aContainer(fields: Partial<Container> = {}): Container {
  return { name: 'main', image: 'lagscaler/sleep:1', ...fields };
}
