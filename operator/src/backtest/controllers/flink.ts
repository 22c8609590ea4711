import type { ReplicaBounds } from '../../autoscaler/sizing/demand.ts';
import type { Controller, View, Wish } from '../controller.ts';
import { flinkAligned, flinkBacklogBand, flinkBand, isFlinkBacklog } from './flink-rules.ts';
import { RateWindow, type Totals, totalsOf } from './totals.ts';

export interface FlinkTuning {
  readonly utilization: number;
  /** Accepted above and below the utilization. */
  readonly boundary: number;
  readonly windowSeconds: number;
  readonly stabilizationSeconds: number;
  readonly catchUpSeconds: number;
  readonly restartSeconds: number;
  readonly scaleDownSeconds: number;
}

export const flinkDefaults: FlinkTuning = {
  utilization: 0.7,
  boundary: 0.3,
  windowSeconds: 900,
  stabilizationSeconds: 300,
  catchUpSeconds: 1800,
  restartSeconds: 300,
  scaleDownSeconds: 3600,
};

export interface FlinkOptions extends ReplicaBounds {
  readonly name: string;
  readonly tuning: FlinkTuning;
  /** Given, where Flink reads it off its own idle time. */
  readonly capacityPerReplica: number;
}

/** Backlog beyond which a job counts as catching up. */
const backlogSeconds = 300;
const maxDownFraction = 0.6;

/** The Flink autoscaler; it would restart the job, here the group rebalances. */
export function flink(options: FlinkOptions): Controller {
  const { name, tuning } = options;
  const arrived = new RateWindow(tuning.windowSeconds);
  const downs = new DelayedDowns(tuning.scaleDownSeconds);
  let scaledAt = Number.NEGATIVE_INFINITY;
  const rateOf = (view: View, totals: Totals): number | undefined => {
    if (view.seconds - scaledAt < tuning.stabilizationSeconds) return undefined;
    const rate = arrived.add(view.seconds, totals.end);
    return arrived.span < tuning.windowSeconds ? undefined : rate;
  };
  const decide = (view: View): Wish => {
    const totals = totalsOf(view);
    const rate = totals && rateOf(view, totals);
    if (!totals || rate === undefined)
      return { replicas: view.replicas, reason: 'not enough metrics' };
    const wanted = wish(options, view, totals, rate);
    const replicas = downs.delay(view.seconds, view.replicas, wanted);
    if (replicas !== view.replicas) {
      scaledAt = view.seconds;
      arrived.clear();
    }
    return { replicas, reason: `asks for ${wanted}` };
  };
  return { name, intervalSeconds: 60, decide, restart: () => undefined };
}

/** A job that is too large shrinks later, to the largest size asked for meanwhile. */
class DelayedDowns {
  readonly #seconds: number;
  #since: number | undefined;
  #most = 0;

  constructor(seconds: number) {
    this.#seconds = seconds;
  }

  delay(now: number, current: number, wanted: number): number {
    if (wanted >= current) {
      this.#forget();
      return wanted;
    }
    this.#since ??= now;
    this.#most = Math.max(this.#most, wanted);
    if (now - this.#since < this.#seconds) return current;
    const most = this.#most;
    this.#forget();
    return most;
  }

  #forget(): void {
    this.#since = undefined;
    this.#most = 0;
  }
}

function wish(options: FlinkOptions, { replicas }: View, totals: Totals, rate: number): number {
  const { tuning, capacityPerReplica, minReplicas, maxReplicas } = options;
  const { utilization, boundary, catchUpSeconds, restartSeconds } = tuning;
  const capacity = replicas * capacityPerReplica;
  const target = { rate, lag: totals.lag, catchUpSeconds, restartSeconds };
  const isBacklog = isFlinkBacklog(totals.lag, rate, backlogSeconds);
  const [up, down] = isBacklog
    ? flinkBacklogBand(rate, totals.lag / catchUpSeconds)
    : flinkBand(target, { max: utilization + boundary, min: utilization - boundary });
  if (capacity >= up && capacity <= down) return replicas;
  const wanted =
    totals.lag / catchUpSeconds + (rate * restartSeconds) / catchUpSeconds + rate / utilization;
  const factor = Math.max(1 - maxDownFraction, wanted / capacity);
  const size = Math.max(1, Math.ceil(replicas * factor - 1e-9));
  const bounded = Math.min(maxReplicas, Math.max(minReplicas, size));
  return flinkAligned(bounded, totals.partitions);
}
