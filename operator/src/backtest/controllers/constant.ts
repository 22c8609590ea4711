import type { Controller } from '../controller.ts';

/** The same replicas all the time. */
export function constant(name: string, replicas: number): Controller {
  return {
    name,
    intervalSeconds: 15,
    decide: () => ({ replicas, reason: name }),
    restart: () => undefined,
  };
}
