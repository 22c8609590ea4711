import { decide } from '../../autoscaler/decide.ts';
import { afterWrite } from '../../autoscaler/memory.ts';
import { OffsetHistory } from '../../autoscaler/offset-history.ts';
import type { Memory, ScalingPolicy } from '../../autoscaler/types.ts';
import type { Controller, View } from '../controller.ts';
import type { Rebalance } from '../group.ts';
import { readingOf } from './reading.ts';

export interface LagscalerOptions {
  readonly policy: ScalingPolicy;
  readonly intervalSeconds: number;
  readonly protocol: Rebalance['protocol'];
  /** Epoch milliseconds of second 0. */
  readonly startMs: number;
}

/** The operator: its own `decide`, on the readings it would have. */
export function lagscaler(options: LagscalerOptions): Controller {
  const { policy, intervalSeconds, protocol, startMs } = options;
  let memory: Memory | undefined;
  let history = new OffsetHistory();
  return {
    name: 'lagscaler',
    intervalSeconds,
    decide(view) {
      const now = startMs + view.seconds * 1000;
      const decision = decide({
        now,
        target: targetOf(view),
        unschedulable: 0,
        lag: history.observe(readingOf(view, now, protocol), policy),
        policy,
        conflict: undefined,
        memory,
      });
      const isWritten = decision.action === 'scale';
      memory = afterWrite(decision, now, isWritten);
      const replicas = isWritten ? decision.desiredReplicas : view.replicas;
      return { replicas, reason: `${decision.reason}: ${decision.message}` };
    },
    restart() {
      memory = undefined;
      history = new OffsetHistory();
    },
  };
}

function targetOf({ replicas, pods, readyPods, isRollingOut }: View) {
  return {
    specReplicas: replicas,
    statusReplicas: pods,
    readyReplicas: readyPods,
    rollingOut: isRollingOut,
  };
}
