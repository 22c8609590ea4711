/** Seconds of history at the start; doubled whenever a record waits for longer. */
const initialSeconds = 512;

/**
 * The records of every partition, first in first out, as counts per second of arrival: exact ages
 * without an object for each record. Offsets count from 0.
 */
export class RecordQueues {
  readonly partitions: number;
  /** Records that ever arrived, by partition: its end offset. */
  readonly arrived: Float64Array;
  /** Records that left the queue, by partition: the position of its consumer. */
  readonly taken: Float64Array;
  /** How many records were consumed at each age in whole seconds. */
  ages = new Float64Array(initialSeconds);
  /** Per partition the second of its oldest record; without one, of the next to arrive. */
  readonly #oldest: Int32Array;
  /** Row after row: the unread records of a partition by second of arrival, modulo `#span`. */
  #counts: Int32Array;
  #span = initialSeconds;

  constructor(partitions: number) {
    this.partitions = partitions;
    this.arrived = new Float64Array(partitions);
    this.taken = new Float64Array(partitions);
    this.#oldest = new Int32Array(partitions);
    this.#counts = new Int32Array(partitions * initialSeconds);
  }

  waiting(partition: number): number {
    return (this.arrived[partition] ?? 0) - (this.taken[partition] ?? 0);
  }

  /** Seconds that the oldest unread record has waited; 0 without one. */
  oldestAge(partition: number, second: number): number {
    return this.waiting(partition) > 0 ? second - (this.#oldest[partition] ?? second) : 0;
  }

  /** The records of a second; to be called once for each second and partition, in order. */
  arrive(partition: number, second: number, records: number): void {
    if (this.waiting(partition) === 0) this.#oldest[partition] = second;
    while (second - (this.#oldest[partition] ?? 0) >= this.#span) this.#grow();
    this.#counts[this.#cell(partition, second)] = records;
    this.arrived[partition] = (this.arrived[partition] ?? 0) + records;
    if (records > 0) this.#skipEmpty(partition);
  }

  /** Takes the oldest records; at most those that wait. */
  consume(partition: number, second: number, records: number): void {
    let left = Math.min(records, this.waiting(partition));
    this.taken[partition] = (this.taken[partition] ?? 0) + left;
    let at = this.#oldest[partition] ?? 0;
    while (left > 0) {
      const cell = this.#cell(partition, at);
      const count = this.#counts[cell] ?? 0;
      const portion = Math.min(left, count);
      this.#countAge(second - at, portion);
      this.#counts[cell] = count - portion;
      left -= portion;
      if (portion === count) at++;
    }
    this.#oldest[partition] = at;
    this.#skipEmpty(partition);
  }

  /** The topic is created again: all that was unread is gone. @returns the records lost */
  restart(): number {
    let lost = 0;
    for (let p = 0; p < this.partitions; p++) lost += this.waiting(p);
    this.arrived.fill(0);
    this.taken.fill(0);
    this.#counts.fill(0);
    return lost;
  }

  #cell(partition: number, second: number): number {
    return partition * this.#span + (second & (this.#span - 1));
  }

  #skipEmpty(partition: number): void {
    if (this.waiting(partition) === 0) return;
    let at = this.#oldest[partition] ?? 0;
    while (this.#counts[this.#cell(partition, at)] === 0) at++;
    this.#oldest[partition] = at;
  }

  #countAge(age: number, records: number): void {
    if (age >= this.ages.length) {
      const longer = new Float64Array(2 * age);
      longer.set(this.ages);
      this.ages = longer;
    }
    this.ages[age] = (this.ages[age] ?? 0) + records;
  }

  #grow(): void {
    const before = this.#counts;
    const span = this.#span;
    this.#span = 2 * span;
    this.#counts = new Int32Array(this.partitions * this.#span);
    for (let p = 0; p < this.partitions; p++) {
      const first = this.#oldest[p] ?? 0;
      for (let second = first; second < first + span; second++)
        this.#counts[this.#cell(p, second)] = before[p * span + (second & (span - 1))] ?? 0;
    }
  }
}
