/**
 * Every number of the timeLag strategy that is not an objective of the user. Durations in seconds, shares
 * from 0 to 1. Those that `sizing.timeLag.tuning` names can be set there; the backtest varies all.
 */
export interface Tuning {
  // Utilization of the busiest consumer
  /** More than this share of the capacity in use: scale up. */
  readonly scaleUpUtilization: number;
  /** The share a new size is chosen for. */
  readonly targetUtilization: number;
  /** A smaller size must get by with this share. */
  readonly scaleDownUtilization: number;
  /** The same while only a lower bound of the capacity is known. */
  readonly lowerBoundUtilization: number;

  // Age of the oldest unread record, as shares of objectiveSeconds
  /** Records that would become older before more replicas read: scale up. */
  readonly scaleUpAge: number;
  /** Older, and the capacity is unknown: scale up by a guess. */
  readonly guessAge: number;
  /** Older: no scale-down. */
  readonly scaleDownAge: number;

  // Arrivals that rise at once
  /** The last so many seconds are looked at alone. */
  readonly surgeWindowSeconds: number;
  /** What arrived in them counts if it is more than this many times of what did in the last hour. */
  readonly surgeFactor: number;

  // Windows and intervals
  /** History that rates need before anything is decided. */
  readonly historySeconds: number;
  /** The largest size that was needed in this time is kept. */
  readonly downWindowSeconds: number;
  /** A scale-up so soon after a scale-down undoes it: the window is twice as long from then on. */
  readonly regretSeconds: number;
  /** But not longer than this many times. */
  readonly maxRegretFactor: number;
  /** Members and pods unchanged for this time: settled. */
  readonly settleSeconds: number;
  /** Members that should be gone by now are somebody else's. */
  readonly surplusMembersSeconds: number;
  readonly minUpIntervalSeconds: number;
  readonly minDownIntervalSeconds: number;
  /** Between two guesses. */
  readonly guessIntervalSeconds: number;

  // Steps
  /** Largest share of the replicas that goes in one step. */
  readonly maxDownFraction: number;
  /** At least this many times the current size: do not wait until settled. */
  readonly emergencyFactor: number;
  /** A guess is at least this many times the current size. */
  readonly guessFactor: number;

  // Lag that is no backlog
  /** What arrives in this time is not counted as lag; two commit intervals if that is longer. */
  readonly lagFloorSeconds: number;
  /** Nor what arrives in this share of the time that the objective leaves beside a rebalance. */
  readonly lagFloorShare: number;

  // Capacity
  /** The window a consumer is watched for; it begins after a rebalance. */
  readonly capacityWindowSeconds: number;
  /** Shorter times in which a consumer did one thing tell too little. */
  readonly busySpanSeconds: number;
  /** Time between two samples. */
  readonly sampleIntervalSeconds: number;
  readonly maxSamples: number;
  /** How many samples `capacityPerReplica` counts for. */
  readonly hintWeight: number;
  /** Saturated: more than this many seconds of work all the time. */
  readonly saturatedSeconds: number;
  /** Or: lag grew by more than this share of what was consumed. */
  readonly saturatedGrowth: number;
  /** And is now more than this many seconds of work. */
  readonly saturatedGrowthSeconds: number;
  /** A busy consumer that does less than this share of what one at ease does is held up. */
  readonly fullSpeedShare: number;
  /** A sample below the capacity counts for its tick, down to this share. */
  readonly lowSampleShare: number;
  /** A last sample below this share of the capacity may be what consumers can do from now on. */
  readonly slowerShare: number;

  // Pauses, before they have been measured
  readonly rebalanceSeconds: number;
  readonly startSeconds: number;
  /** Longer pauses are faults, not pauses. */
  readonly maxPauseSeconds: number;
  /** Of the last so many pauses the longest counts. */
  readonly pausesKept: number;
  /** Ready pods may stay out of the group for a start and this time. */
  readonly missingMembersSeconds: number;

  /** A partition that stands still for this time while most others move may be stalled. */
  readonly suspectAfterSeconds: number;

  /** A partition is hot only if it gets this many times what the one in the middle gets. */
  readonly hotFactor: number;
  /** Or if it has this many times the lag of the one in the middle. */
  readonly backlogFactor: number;

  // Effect of a scale-up
  /** After this time a scale-up is judged. */
  readonly effectAfterSeconds: number;
  /** Less than this share of the expected gain: ineffective. */
  readonly ineffectiveThreshold: number;
  /** At this share of the arrivals a group keeps up. */
  readonly keepsUpShare: number;
  /** Draining at this share of the wanted speed is drainage. */
  readonly drainingShare: number;
  /** First freeze of scale-ups; 2, 4 and 8 times as long on repetition. */
  readonly freezeSeconds: number;
  readonly maxFreezeFactor: number;
  /** A freeze ends when this share more is read of a backlog than when it began. */
  readonly thawShare: number;

  // Canary
  /** Try one replica less while the capacity is unknown. */
  readonly canary: boolean;
  /** A scale-up within this time after a try means that it failed. */
  readonly canaryProofSeconds: number;
  /** Time to the next try after a failure. */
  readonly canaryWaitSeconds: number;

  // Objective check
  /** How long a ramp that beats the objective is remembered. */
  readonly rampMemorySeconds: number;
}

/** Found by simulation on some traces: starting points that a backtest may correct. */
export const defaultTuning: Tuning = {
  scaleUpUtilization: 1,
  targetUtilization: 0.95,
  scaleDownUtilization: 0.9,
  lowerBoundUtilization: 0.98,
  scaleUpAge: 0.7,
  guessAge: 0.25,
  scaleDownAge: 0.35,
  surgeWindowSeconds: 10,
  surgeFactor: 1.5,
  historySeconds: 30,
  downWindowSeconds: 300,
  regretSeconds: 3600,
  maxRegretFactor: 6,
  settleSeconds: 30,
  surplusMembersSeconds: 120,
  minUpIntervalSeconds: 10,
  minDownIntervalSeconds: 300,
  guessIntervalSeconds: 60,
  maxDownFraction: 1,
  emergencyFactor: 1.5,
  guessFactor: 1.5,
  lagFloorSeconds: 15,
  lagFloorShare: 0.5,
  capacityWindowSeconds: 45,
  busySpanSeconds: 20,
  sampleIntervalSeconds: 120,
  maxSamples: 24,
  hintWeight: 6,
  saturatedSeconds: 10,
  saturatedGrowth: 0.2,
  saturatedGrowthSeconds: 6,
  fullSpeedShare: 0.97,
  lowSampleShare: 0.5,
  slowerShare: 0.8,
  rebalanceSeconds: 10,
  startSeconds: 30,
  maxPauseSeconds: 300,
  pausesKept: 5,
  missingMembersSeconds: 30,
  suspectAfterSeconds: 30,
  hotFactor: 1.25,
  backlogFactor: 4,
  effectAfterSeconds: 60,
  ineffectiveThreshold: 0.1,
  keepsUpShare: 0.97,
  drainingShare: 0.1,
  freezeSeconds: 600,
  maxFreezeFactor: 8,
  thawShare: 0.2,
  canary: true,
  canaryProofSeconds: 600,
  canaryWaitSeconds: 3600,
  rampMemorySeconds: 86_400,
};
