import {
  type Condition,
  type ConditionFinding,
  type ConditionType,
  type Reason,
  setCondition,
  transientTypes,
} from '../api/conditions.ts';
import type { KafkaConsumerScalerStatus as Status } from '../api/types.gen.ts';
import { afterWrite } from '../autoscaler/memory.ts';
import { formatRate } from '../autoscaler/rates.ts';
import { learnedOf } from '../autoscaler/sizing/learned.ts';
import { round } from '../autoscaler/sizing/words.ts';
import type { GroupTrend } from '../autoscaler/types.ts';
import { times } from './calendar.ts';
import { findings } from './findings.ts';
import type { Outcome } from './outcome.ts';
import type { Scaler, ScalerEvent } from './ports.ts';

const historyLength = 10;

export interface Report {
  readonly status: Status;
  readonly events: readonly ScalerEvent[];
  /** Something a person would want to hear of: it scaled, failed to, or a condition flipped. */
  readonly notable: boolean;
}

/** Outcome of one poll → status, events, log level. Pure; the only place that writes words about an outcome. */
export function report(scaler: Scaler, outcome: Outcome): Report {
  const previous = scaler.status ?? {};
  const found = findings(outcome);
  const events = [...scaleEvents(previous, outcome), ...flipEvents(previous, found)];
  return {
    status: statusOf(scaler, previous, outcome, found),
    events,
    // A write that goes on failing is told by its condition once, not by a line per poll.
    notable: events.some((event) => event.reason !== 'FailedRescale'),
  };
}

function statusOf(
  scaler: Scaler,
  previous: Status,
  outcome: Outcome,
  found: readonly ConditionFinding[],
): Status {
  const time = new Date(outcome.at).toISOString();
  const at = { time, generation: scaler.generation };
  const conditions = found.map((f) => setCondition(conditionsOf(previous), f, at));
  const kept = conditionsOf(previous).filter(
    ({ type }) => !isOver(type, outcome) && !found.some((f) => f.type === type),
  );
  return {
    observedGeneration: scaler.generation,
    conditions: [...conditions, ...kept],
    history: historyOf(previous, outcome, time),
    ...scaleStatus(previous, outcome, time),
    ...lagStatus(previous, outcome),
    ...sizingStatus(previous, outcome),
  };
}

/** What the strategy timeLag knows; without a decision it knows what it knew. */
function sizingStatus(previous: Status, { decision, at, write }: Outcome): Partial<Status> {
  if (!decision) return previous.learned ? { learned: previous.learned } : {};
  const { capacityPerReplica: capacity } = decision;
  const learned = learnedOf(afterWrite(decision, at, write === 'applied'), times);
  return {
    ...(capacity !== undefined && { capacityPerReplica: round(capacity) }),
    ...(learned && { learned }),
  };
}

/** A condition that is there only while it holds, and was looked at in vain. */
function isOver(type: ConditionType, { reading, decision }: Outcome): boolean {
  const isLookedAt = type === 'Unschedulable' || (decision && reading.kind === 'observed');
  return transientTypes.some((transient) => transient === type) && Boolean(isLookedAt);
}

function scaleStatus(previous: Status, outcome: Outcome, time: string): Partial<Status> {
  const { target, unschedulable, decision, write } = outcome;
  const lastScaleTime = write === 'applied' ? time : previous.lastScaleTime;
  return {
    ...(target && { currentReplicas: currentReplicas(outcome) }),
    ...(target?.readyReplicas !== undefined && { readyReplicas: target.readyReplicas }),
    ...(unschedulable && { unschedulablePods: unschedulable }),
    ...(lastScaleTime !== undefined && { lastScaleTime }),
    ...(decision && {
      desiredReplicas: decision.desiredReplicas,
      decision: {
        reason: decision.reason,
        message: decision.message,
        steps: decision.steps.map((step) => ({ ...step })),
      },
    }),
  };
}

/** spec.replicas of the target after this poll. */
function currentReplicas({ target, decision, write }: Outcome): number {
  return write === 'applied' && decision ? decision.desiredReplicas : (target?.specReplicas ?? 0);
}

function lagStatus(previous: Status, { decision, reading }: Outcome): Partial<Status> {
  const lag = decision?.lag;
  const group = reading.kind === 'observed' ? reading.group : undefined;
  const active = decision?.memory.lastActiveAt;
  const topics = reading.kind === 'observed' ? topicsOf(reading.partitions) : previous.topics;
  return {
    ...(reading.kind === 'observed' && trendStatus(reading.trend)),
    ...(lag?.lag !== undefined && { lag: lag.lag.toString() }),
    ...(lag && { partitions: lag.partitions, unknownPartitions: lag.unknownPartitions }),
    ...(group && { members: group.members }),
    ...(topics && { topics }),
    ...(active !== undefined && { lastActiveTime: new Date(active).toISOString() }),
  };
}

function trendStatus(trend: GroupTrend): Partial<Status> {
  const { maxTimeLag, arrivalRate, consumptionRate, status } = trend;
  return {
    ...(maxTimeLag !== undefined && { lagSeconds: maxTimeLag.toFixed(1) }),
    ...(arrivalRate !== undefined && { arrivalRate: formatRate(arrivalRate) }),
    ...(consumptionRate !== undefined && { consumptionRate: formatRate(consumptionRate) }),
    commitStatus: status,
  };
}

function topicsOf(partitions: readonly { topic: string }[]): string[] {
  return [...new Set(partitions.map((p) => p.topic))].sort();
}

function historyOf(
  previous: Status,
  outcome: Outcome,
  time: string,
): NonNullable<Status['history']> {
  const past = previous.history ?? [];
  const { decision, target, write } = outcome;
  if (write !== 'applied' || !decision || !target) return past;
  const lag = decision.lag?.lag ?? decision.lag?.lowerBound;
  const entry = {
    time,
    from: target.specReplicas,
    to: decision.desiredReplicas,
    ...(lag !== undefined && { lag: lag.toString() }),
    reason: decision.reason,
    message: decision.message,
  };
  return [...past, entry].slice(-historyLength);
}

function scaleEvents(previous: Status, { target, decision, write }: Outcome): ScalerEvent[] {
  if (!target || !decision) return [];
  const change = `from ${target.specReplicas} to ${decision.desiredReplicas}; ${decision.message}`;
  if (write === 'applied')
    return [{ type: 'Normal', reason: 'SuccessfulRescale', message: `New size ${change}` }];
  if (write !== 'none')
    return [
      // No numbers here: lag moves, and each poll would be a new event.
      { type: 'Warning', reason: 'FailedRescale', message: write.message },
    ];
  if (isNews(previous, decision.reason, decision.desiredReplicas, target.specReplicas))
    return [{ type: 'Normal', reason: 'WouldRescale', message: `Would scale ${change}` }];
  return [];
}

/** A recommendation is told when it begins or turns round, not for each new number: lag moves at every poll. */
function isNews(previous: Status, reason: Reason, desired: number, current: number): boolean {
  const { desiredReplicas = current, currentReplicas = current } = previous;
  const before = Math.sign(desiredReplicas - currentReplicas);
  return (
    reason === 'Recommending' && desired !== current && Math.sign(desired - current) !== before
  );
}

const told: readonly ConditionType[] = ['Ready', ...transientTypes];

function isHealthy({ type, status }: ConditionFinding): boolean {
  return type === 'Ready' && status === 'True';
}

/** One event per condition that turned bad or came back; nothing on first sight of a healthy one. */
function flipEvents(previous: Status, found: readonly ConditionFinding[]): ScalerEvent[] {
  const events: ScalerEvent[] = [];
  for (const finding of found) {
    if (!told.includes(finding.type)) continue;
    const before = conditionsOf(previous).find((c) => c.type === finding.type);
    const same = before?.status === finding.status && before.reason === finding.reason;
    const isGood = isHealthy(finding);
    if (same || (!before && isGood)) continue;
    const type = isGood ? 'Normal' : 'Warning';
    events.push({ type, reason: finding.reason, message: finding.message });
  }
  return events;
}

function conditionsOf(status: Status): readonly Condition[] {
  return (status.conditions ?? []) as readonly Condition[];
}

const quietMs = 30_000;

/**
 * Whether a status is worth a write: at once when a decision, condition, replica count or an order
 * of magnitude of lag changed; other differences at most once in 30 s; nothing changed, nothing written.
 * Among the others is commitStatus: that of a group that keeps up comes and goes.
 */
export function worthWriting(
  before: Status | undefined,
  next: Status,
  sinceLastMs: number,
): boolean {
  if (!before || JSON.stringify(gist(before)) !== JSON.stringify(gist(next))) return true;
  return sinceLastMs >= quietMs && detail(before) !== detail(next);
}

/** lastActiveTime moves at every poll of a busy group and is no reason of its own to write. */
function detail({ lastActiveTime: _, ...status }: Status): string {
  return JSON.stringify(status);
}

function gist(status: Status) {
  return [
    status.observedGeneration,
    status.currentReplicas,
    status.desiredReplicas,
    status.readyReplicas,
    status.partitions,
    status.unknownPartitions,
    status.lastScaleTime,
    status.decision?.reason,
    status.lag === '0' ? 0 : status.lag?.length,
    conditionsOf(status).map((c) => [c.type, c.status, c.reason]),
  ];
}
