import { decide } from '../../autoscaler/decide.ts';
import { afterWrite, initialMemory } from '../../autoscaler/memory.ts';
import { OffsetHistory } from '../../autoscaler/offset-history.ts';
import { learnedOf, type Times } from '../../autoscaler/sizing/learned.ts';
import { learnedFrom } from '../../autoscaler/sizing/pick-up.ts';
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
  /** From before a restart. */
  let kept: Memory | undefined;
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
        memory: memory ?? pickUp(kept, view.replicas, now),
      });
      const isWritten = decision.action === 'scale';
      memory = afterWrite(decision, now, isWritten);
      const replicas = isWritten ? decision.desiredReplicas : view.replicas;
      return { replicas, reason: `${decision.reason}: ${decision.message}` };
    },
    restart() {
      kept = memory ?? kept;
      memory = undefined;
      history = new OffsetHistory();
    },
  };
}

/** Times as plain numbers: what is kept is the same. */
const times: Times = { parseTime: Number, formatTime: String };
const historyLength = 10;

/** What the status of the resource keeps over a restart. */
function pickUp(kept: Memory | undefined, replicas: number, now: number): Memory | undefined {
  if (!kept) return undefined;
  const { sizing, latched, recommendations } = learnedFrom(learnedOf(kept, times), now, times);
  const scaleEvents = kept.scaleEvents.slice(-historyLength);
  const seed = initialMemory({ now, replicas, scaleEvents, latched, sizing });
  return recommendations ? { ...seed, recommendations } : seed;
}

function targetOf({ replicas, pods, readyPods, isRollingOut }: View) {
  return {
    specReplicas: replicas,
    statusReplicas: pods,
    readyReplicas: readyPods,
    rollingOut: isRollingOut,
  };
}
