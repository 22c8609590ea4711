import type { Conditions } from './conditions.ts';
import type { Group } from './group.ts';
import { normals, type Random } from './random.ts';
import type { RecordQueues } from './record-queues.ts';
import type { Setup } from './setup.ts';

/** Rate at which the noise goes back to 1, per second. */
const reversion = 0.002;
const slowest = 0.5;
const fastest = 1.5;
/** Keeps sums of fractions from falling short of a whole number. */
const rounding = 1e-9;

/** What the consumers of a group read in a second. */
export class Consumers {
  readonly #setup: Setup;
  readonly #normal: Random;
  readonly #step: number;
  #noise = 1;
  /** What a consumer could have read beyond whole records. */
  #spare = 0;
  #active: Uint8Array;
  /** Per consumer, grown on demand: records that wait, records it may read, shares dealt out so far. */
  #waiting = new Float64Array(0);
  #budget = new Float64Array(0);
  #dealt = new Float64Array(0);

  constructor(setup: Setup, random: Random) {
    this.#setup = setup;
    this.#normal = normals(random);
    this.#step = setup.noise * Math.sqrt(reversion * (2 - reversion));
    this.#active = new Uint8Array(setup.partitions);
  }

  /** Records per second that one replica can do now. */
  speed({ speed }: Conditions): number {
    return this.#setup.capacityPerReplica * this.#noise * speed;
  }

  consume(queues: RecordQueues, group: Group, second: number, conditions: Conditions): void {
    this.#drift();
    const each = this.speed(conditions) / this.#setup.threadsPerReplica + this.#spare;
    const whole = Math.floor(each + rounding);
    this.#spare = each - whole;
    this.#look(queues, group, second, conditions);
    this.#share(whole, conditions.groupLimit);
    const { consumerOf } = group;
    for (let p = 0; p < queues.partitions; p++) {
      if (this.#active[p] === 0) continue;
      const portion = this.#portion(consumerOf[p] ?? 0, queues.waiting(p));
      if (portion > 0) queues.consume(p, second, portion);
    }
  }

  #drift(): void {
    const next = this.#noise + reversion * (1 - this.#noise) + this.#step * this.#normal();
    this.#noise = Math.min(fastest, Math.max(slowest, next));
  }

  /** Which partitions are read in this second, and how much waits for each consumer. */
  #look(queues: RecordQueues, group: Group, second: number, { poisoned }: Conditions): void {
    const { consumerOf, resumesAt, consumers } = group;
    this.#reset(consumers);
    for (let p = 0; p < queues.partitions; p++) {
      const consumer = consumerOf[p] ?? -1;
      const isRead = consumer >= 0 && second >= (resumesAt[p] ?? 0) && poisoned[p] === 0;
      this.#active[p] = isRead ? 1 : 0;
      if (isRead) this.#waiting[consumer] = (this.#waiting[consumer] ?? 0) + queues.waiting(p);
    }
  }

  #reset(consumers: number): void {
    if (this.#waiting.length !== consumers) {
      this.#waiting = new Float64Array(consumers);
      this.#budget = new Float64Array(consumers);
      this.#dealt = new Float64Array(consumers);
    }
    this.#waiting.fill(0);
    this.#dealt.fill(0);
  }

  /** What each consumer may read; where downstream limits the group, in proportion to what it would read. */
  #share(each: number, groupLimit: number): void {
    let wanted = 0;
    for (const [consumer, waiting] of this.#waiting.entries()) {
      this.#budget[consumer] = Math.min(each, waiting);
      wanted += Math.min(each, waiting);
    }
    if (wanted <= groupLimit) return;
    let dealt = 0;
    for (const [consumer, budget] of this.#budget.entries()) {
      const before = Math.floor(dealt + rounding);
      dealt += (budget * groupLimit) / wanted;
      this.#budget[consumer] = Math.floor(dealt + rounding) - before;
    }
  }

  /** Of the records of a partition those that its consumer reads now: in proportion to what waits. */
  #portion(consumer: number, waiting: number): number {
    const budget = this.#budget[consumer] ?? 0;
    const all = this.#waiting[consumer] ?? 0;
    if (budget >= all) return waiting;
    const before = this.#dealt[consumer] ?? 0;
    const after = before + (budget * waiting) / all;
    this.#dealt[consumer] = after;
    return Math.floor(after + rounding) - Math.floor(before + rounding);
  }
}
