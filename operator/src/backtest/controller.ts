/** What a controller may know at a tick. Valid during the call only: the arrays live on. */
export interface View {
  /** Since the start of the trace. */
  readonly seconds: number;
  /** spec.replicas of the target. */
  readonly replicas: number;
  /** status.replicas: pods that exist and stay. */
  readonly pods: number;
  readonly readyPods: number;
  readonly isRollingOut: boolean;
  readonly consumers: number;
  /** Per partition the index of its consumer, 0 to `consumers - 1`; -1 without one. */
  readonly consumerOf: Int32Array;
  readonly isRebalancing: boolean;
  /** Undefined while nobody can read them. */
  readonly offsets: Offsets | undefined;
}

/** One value per partition. */
export interface Offsets {
  readonly committed: Float64Array;
  readonly end: Float64Array;
  /** 0 where the end offset cannot be read. */
  readonly readable: Uint8Array;
  /** How many times the topic was created before. */
  readonly recreations: number;
}

export interface Wish {
  readonly replicas: number;
  /** Why, for whoever reads the list of scalings. */
  readonly reason: string;
}

/** Whoever sets the replicas: the operator, or a baseline. */
export interface Controller {
  readonly name: string;
  /** Between two calls of `decide`. */
  readonly intervalSeconds: number;
  decide(view: View): Wish;
  /** It starts anew, without what it kept in memory. */
  restart(): void;
}
