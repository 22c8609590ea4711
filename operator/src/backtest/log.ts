/** A change of the replicas. */
export interface Scaling {
  /** Since the start of the trace. */
  readonly seconds: number;
  readonly from: number;
  readonly to: number;
  readonly reason: string;
}

/** What a chart shows of a tick. */
export interface Sample {
  /** Records per second that arrive. */
  readonly rate: number;
  /** Records per second that the group could do, evenly loaded. */
  readonly capacity: number;
  readonly replicas: number;
  readonly readyPods: number;
}

/** Keeps what happened in a run. */
export class Log {
  readonly scalings: Scaling[] = [];
  readonly intervalSeconds: number;
  readonly rate: Float64Array;
  readonly capacity: Float64Array;
  readonly replicas: Float64Array;
  readonly readyPods: Float64Array;
  /** The oldest age since the sample before, in seconds. */
  readonly oldestAge: Float64Array;
  /** Pods that existed, second by second. */
  podSeconds = 0;
  /** Seconds in which some record was older than the objective. */
  lateSeconds = 0;
  #samples = 0;
  #oldest = 0;

  constructor(lengthSeconds: number, intervalSeconds: number) {
    const samples = Math.ceil(lengthSeconds / intervalSeconds);
    this.intervalSeconds = intervalSeconds;
    this.rate = new Float64Array(samples);
    this.capacity = new Float64Array(samples);
    this.replicas = new Float64Array(samples);
    this.readyPods = new Float64Array(samples);
    this.oldestAge = new Float64Array(samples);
  }

  addSecond(second: {
    readonly oldest: number;
    readonly isLate: boolean;
    readonly pods: number;
  }): void {
    this.podSeconds += second.pods;
    this.#oldest = Math.max(this.#oldest, second.oldest);
    if (second.isLate) this.lateSeconds++;
  }

  addSample({ rate, capacity, replicas, readyPods }: Sample): void {
    const index = this.#samples++;
    this.rate[index] = rate;
    this.capacity[index] = capacity;
    this.replicas[index] = replicas;
    this.readyPods[index] = readyPods;
    this.oldestAge[index] = this.#oldest;
    this.#oldest = 0;
  }

  addScaling(scaling: Scaling): void {
    this.scalings.push(scaling);
  }
}
