import type { Tuning } from './tuning.ts';

/** What the user promises, and what is known beforehand: `sizing.timeLag` of the spec. */
export interface Objective {
  /** The oldest unread record should not become older. */
  readonly objectiveSeconds: number;
  /** Time in which a backlog is to be gone. */
  readonly drainSeconds: number;
  /** Records per second of one replica, as the user believes; undefined: learn it. */
  readonly capacityPerReplica: number | undefined;
  /** Records per second that the systems behind the consumers bear; undefined: any number. */
  readonly maxGroupRate: number | undefined;
  readonly tuning: Tuning;
}
