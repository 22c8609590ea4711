import type { Random } from './random.ts';

export interface PodOptions {
  /** From the write of the replicas until a new pod is a member, uniform between the two. */
  readonly startSeconds: readonly [min: number, max: number];
  readonly initialReplicas: number;
  readonly random: Random;
}

/** From the write of the replicas until a pod that must go has left the group. */
const leaveSeconds = 3;
const never = Number.POSITIVE_INFINITY;

interface Pod {
  readonly id: number;
  readonly joinsAt: number;
  hasJoined: boolean;
  leavesAt: number;
  /** Of the template before the rollout that is under way. */
  isOutdated: boolean;
}

/** The pods of the target: how they start, join the group and leave it. */
export class Pods {
  replicas: number;
  /** Pods cannot join before this second. */
  joinsBlockedUntil = 0;
  readonly #options: PodOptions;
  #pods: Pod[];
  #nextId = 0;
  #nextChangeAt = never;
  #isRollingOut = false;

  /** All of them are members already. */
  constructor(options: PodOptions) {
    this.#options = options;
    this.replicas = options.initialReplicas;
    this.#pods = Array.from({ length: this.replicas }, () => this.#newPod(0, true));
  }

  /** Pods that exist, leaving ones too: each costs. */
  get count(): number {
    return this.#pods.length;
  }

  /** Pods that are not about to leave: status.replicas. */
  get staying(): number {
    return this.#pods.filter(isStaying).length;
  }

  get ready(): number {
    return this.#pods.filter((pod) => pod.hasJoined && isStaying(pod)).length;
  }

  get isRollingOut(): boolean {
    return this.#isRollingOut;
  }

  /** Ids of those that are members, oldest first. */
  get members(): readonly number[] {
    return this.#pods.filter((pod) => pod.hasJoined).map(({ id }) => id);
  }

  /** A write of spec.replicas. */
  scaleTo(replicas: number, second: number): void {
    const added = replicas - this.replicas;
    this.replicas = replicas;
    for (let i = 0; i < added; i++) this.#pods.push(this.#newPod(second));
    for (const pod of this.#victims().slice(0, Math.max(0, -added)))
      pod.leavesAt = second + leaveSeconds;
    this.#planNextChange();
  }

  /** Every pod is replaced by one of a new template, one at a time, the new one first. */
  startRollout(second: number): void {
    for (const pod of this.#pods) pod.isOutdated = true;
    this.#isRollingOut = true;
    this.#continueRollout(second);
    this.#planNextChange();
  }

  /** Joins and leaves that are due. @returns whether the members have changed */
  advance(second: number): boolean {
    if (second < this.#nextChangeAt) return false;
    const leaving = this.#pods.filter((pod) => pod.leavesAt <= second);
    const joining = this.#pods.filter(
      (pod) => !pod.hasJoined && pod.joinsAt <= second && isStaying(pod),
    );
    for (const pod of joining) pod.hasJoined = true;
    this.#pods = this.#pods.filter((pod) => pod.leavesAt > second);
    if (this.#isRollingOut) this.#continueRollout(second);
    this.#planNextChange();
    return joining.length > 0 || leaving.some((pod) => pod.hasJoined);
  }

  #newPod(second: number, hasJoined = false): Pod {
    const [min, max] = this.#options.startSeconds;
    const starts = Math.max(second, this.joinsBlockedUntil);
    const joinsAt = hasJoined ? second : starts + min + (max - min) * this.#options.random();
    return { id: this.#nextId++, joinsAt, hasJoined, leavesAt: never, isOutdated: false };
  }

  /** Who goes first: pods that are no members yet, then the youngest. */
  #victims(): readonly Pod[] {
    return this.#pods
      .filter(isStaying)
      .sort((a, b) => +a.hasJoined - +b.hasJoined || b.joinsAt - a.joinsAt || b.id - a.id);
  }

  #continueRollout(second: number): void {
    const staying = this.#pods.filter(isStaying);
    const outdated = staying.find((pod) => pod.isOutdated);
    if (!outdated) this.#isRollingOut = false;
    else if (staying.length <= this.replicas) this.#pods.push(this.#newPod(second));
    else if (staying.every((pod) => pod.hasJoined)) outdated.leavesAt = second + leaveSeconds;
  }

  #planNextChange(): void {
    const times = this.#pods.map((pod) => (pod.hasJoined ? never : pod.joinsAt));
    this.#nextChangeAt = Math.min(never, ...times, ...this.#pods.map((pod) => pod.leavesAt));
  }
}

function isStaying(pod: Pod): boolean {
  return pod.leavesAt === never;
}
