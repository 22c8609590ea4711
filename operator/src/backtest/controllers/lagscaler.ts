import { decide } from '../../autoscaler/decide.ts';
import { afterWrite } from '../../autoscaler/memory.ts';
import { OffsetHistory } from '../../autoscaler/offset-history.ts';
import type {
  GroupDescription,
  Memory,
  OffsetReading,
  PartitionOffsets,
  ScalingPolicy,
} from '../../autoscaler/types.ts';
import type { Controller, Offsets, View } from '../controller.ts';

export interface LagscalerOptions {
  readonly policy: ScalingPolicy;
  readonly intervalSeconds: number;
  /** Epoch milliseconds of second 0. */
  readonly startMs: number;
}

/** The operator: its own `decide`, on the readings it would have. */
export function lagscaler({ policy, intervalSeconds, startMs }: LagscalerOptions): Controller {
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
        lag: history.observe(readingOf(view, now), policy),
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

function readingOf(view: View, at: number): OffsetReading {
  if (!view.offsets)
    return {
      kind: 'unavailable',
      reason: 'KafkaUnreachable',
      message: 'no broker answers, as the fault "gap" has it',
    };
  const partitions = partitionsOf(view.offsets);
  return { kind: 'observed', at, partitions, group: groupOf(view) };
}

function partitionsOf({ committed, end, readable, recreations }: Offsets): PartitionOffsets[] {
  const topicId = `topic-${recreations}`;
  return Array.from(end, (offset, partition) => ({
    topic: 'topic',
    topicId,
    partition,
    committed: BigInt(committed[partition] ?? 0),
    end: readable[partition] === 1 ? BigInt(offset) : undefined,
    logStart: 0n,
  }));
}

function groupOf({ consumers, isRebalancing }: View): GroupDescription {
  const isEmpty = consumers === 0;
  const state = isRebalancing ? 'PreparingRebalance' : 'Stable';
  return {
    kind: 'classic',
    state: isEmpty ? 'Empty' : state,
    members: consumers,
    assignedMembers: undefined,
    assignor: isEmpty ? undefined : 'cooperative-sticky',
    assignments: undefined,
  };
}
