import { type ReplicaBounds, smallestSize } from '../../autoscaler/sizing/demand.ts';
import type { Layout } from '../../autoscaler/sizing/layout.ts';
import type { Controller } from '../controller.ts';
import type { Trace } from '../trace.ts';

export interface OracleOptions extends ReplicaBounds {
  readonly name: string;
  readonly layout: Layout;
  readonly capacityPerReplica: number;
  /** How far it sees, in seconds. */
  readonly horizonSeconds: number;
  /** Share of its capacity that a replica is used for. */
  readonly utilization: number;
}

/** Knows the load to come and the capacity of a replica; its pods start no faster than anybody's. */
export function oracle(trace: Trace, options: OracleOptions): Controller {
  const { layout, capacityPerReplica, horizonSeconds, utilization } = options;
  return {
    name: options.name,
    intervalSeconds: 15,
    decide({ seconds }) {
      const ahead = trace.rates.subarray(seconds, seconds + horizonSeconds);
      const most = ahead.reduce((max, rate) => Math.max(max, rate), 0);
      const wanted = Math.ceil(most / (capacityPerReplica * utilization));
      const { replicas } = smallestSize(layout, options, (size) => size.replicas >= wanted);
      return { replicas, reason: `at most ${Math.round(most)}/s in the next ${horizonSeconds} s` };
    },
    restart: () => undefined,
  };
}
