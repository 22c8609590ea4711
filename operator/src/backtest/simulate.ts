import { type Conditions, FaultSchedule } from './conditions.ts';
import { Consumers } from './consumers.ts';
import type { Controller, View } from './controller.ts';
import { Group } from './group.ts';
import { Log } from './log.ts';
import { type Metrics, metricsOf } from './metrics.ts';
import { arrivals, normals, streamOf } from './random.ts';
import { RecordQueues } from './record-queues.ts';
import { partitionShares, type Setup } from './setup.ts';
import { meanRate, type Trace } from './trace.ts';

/** What came of a run. */
export interface Outcome {
  readonly metrics: Metrics;
  readonly log: Log;
}

/** Streams of the seed, see `streamOf`. */
const streams = { arrivals: 1, speed: 2, starts: 3 } as const;

/**
 * Runs a controller against a trace, second by second: arrivals, joins and leaves, consumption, commits,
 * then the tick. The same arguments give the same outcome, and the same trace and seed the same arrivals
 * and the same speed of the consumers, whatever the controller does.
 */
export function simulate(trace: Trace, setup: Setup, controller: Controller): Outcome {
  const world = new World(trace, setup, controller);
  for (let second = 0; second < trace.rates.length; second++) world.step(second);
  return world.outcome();
}

class World {
  readonly #trace: Trace;
  readonly #setup: Setup;
  readonly #controller: Controller;
  readonly #queues: RecordQueues;
  readonly #group: Group;
  readonly #consumers: Consumers;
  readonly #faults: FaultSchedule;
  readonly #log: Log;
  readonly #shares: Float64Array;
  readonly #committed: Float64Array;
  readonly #uniform: () => number;
  readonly #normal: () => number;
  #recreations = 0;
  #lost = 0;

  constructor(trace: Trace, setup: Setup, controller: Controller) {
    const { partitions, seed } = setup;
    this.#trace = trace;
    this.#setup = setup;
    this.#controller = controller;
    this.#queues = new RecordQueues(partitions);
    this.#group = new Group({ ...setup, random: streamOf(seed, streams.starts) });
    this.#consumers = new Consumers(setup, streamOf(seed, streams.speed));
    this.#faults = new FaultSchedule(setup.faults, { partitions, meanRate: meanRate(trace) });
    this.#log = new Log(trace.rates.length, controller.intervalSeconds);
    this.#shares = partitionShares(setup);
    this.#committed = new Float64Array(partitions);
    this.#uniform = streamOf(seed, streams.arrivals);
    this.#normal = normals(this.#uniform);
  }

  step(second: number): void {
    const conditions = this.#faults.at(second);
    this.#begin(conditions, second);
    this.#group.advance(second);
    this.#arrive(second, conditions.arrivalFactors);
    this.#consumers.consume(this.#queues, this.#group, second, conditions);
    this.#commit(second);
    this.#account(second, conditions);
    const isTick = second % this.#controller.intervalSeconds === 0;
    if (isTick && !conditions.isControllerDown) this.#tick(second, conditions);
  }

  outcome(): Outcome {
    const counts = { queues: this.#queues, group: this.#group, lost: this.#lost };
    return { metrics: metricsOf(this.#trace, this.#setup, this.#log, counts), log: this.#log };
  }

  #begin({ beginning, joinsBlockedUntil }: Conditions, second: number): void {
    this.#group.pods.joinsBlockedUntil = joinsBlockedUntil;
    if (beginning.includes('rollout')) this.#group.pods.startRollout(second);
    if (beginning.includes('restart')) this.#controller.restart();
    if (!beginning.includes('recreate')) return;
    this.#lost += this.#queues.restart();
    this.#committed.fill(0);
    this.#recreations++;
  }

  #arrive(second: number, factors: Float64Array): void {
    const rate = this.#trace.rates[second] ?? 0;
    const shares = this.#shares;
    for (let p = 0; p < shares.length; p++) {
      const mean = rate * (shares[p] ?? 0) * (factors[p] ?? 1);
      this.#queues.arrive(p, second, arrivals(mean, this.#uniform, this.#normal));
    }
  }

  /** Partitions commit at different moments, as consumers that started at different times do. */
  #commit(second: number): void {
    const { commitSeconds } = this.#setup;
    const { taken } = this.#queues;
    for (let p = 0; p < taken.length; p++)
      if ((second + 3 * p + 1) % commitSeconds === 0) this.#committed[p] = taken[p] ?? 0;
  }

  #account(second: number, conditions: Conditions): void {
    let oldest = 0;
    for (let p = 0; p < this.#queues.partitions; p++)
      oldest = Math.max(oldest, this.#queues.oldestAge(p, second));
    const isLate = oldest > this.#setup.objectiveSeconds;
    this.#log.addSecond({ oldest, isLate, pods: this.#group.pods.count });
    if (second % this.#controller.intervalSeconds !== 0) return;
    const { replicas, ready: readyPods } = this.#group.pods;
    const capacity = this.#group.capacity(this.#consumers.speed(conditions));
    this.#log.addSample({ rate: this.#trace.rates[second] ?? 0, capacity, replicas, readyPods });
  }

  #tick(second: number, conditions: Conditions): void {
    const { pods } = this.#group;
    const { replicas, reason } = this.#controller.decide(this.#view(second, conditions));
    if (replicas === pods.replicas) return;
    this.#log.addScaling({ seconds: second, from: pods.replicas, to: replicas, reason });
    pods.scaleTo(replicas, second);
  }

  #view(second: number, { isUnavailable, readable }: Conditions): View {
    const { pods, consumers, consumerOf } = this.#group;
    return {
      seconds: second,
      replicas: pods.replicas,
      pods: pods.staying,
      readyPods: pods.ready,
      isRollingOut: pods.isRollingOut,
      consumers,
      consumerOf,
      isRebalancing: this.#group.isRebalancing(second),
      offsets: isUnavailable
        ? undefined
        : {
            committed: this.#committed,
            end: this.#queues.arrived,
            readable,
            recreations: this.#recreations,
          },
    };
  }
}
