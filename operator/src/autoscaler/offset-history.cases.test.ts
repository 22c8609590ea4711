import { type Fields, testVectors } from '../vectors.ts';
import {
  alwaysLagged,
  type CommitWindow,
  commitStatus,
  hasStopped,
  isStalled,
  lagNeverFell,
  rewindIndex,
  wasCaughtUp,
} from './commit-status.ts';
import { basePolicy, offsets, stableGroup } from './fixtures.ts';
import { groupLag } from './lag.ts';
import { OffsetHistory } from './offset-history.ts';
import { OffsetTable } from './offset-table.ts';
import { arrivalFromLag } from './rates.ts';
import {
  capacityPerReplica,
  capacityThisTick,
  lowerBoundOf,
  sampleOf,
  type WatchedConsumer,
} from './sizing/capacity.ts';
import { defaultTuning } from './sizing/tuning.ts';
import { lookUpTime } from './time-lag.ts';
import type { LagReading } from './types.ts';

/** Runs the numeric vectors of what a history says: rates, capacity, time lag, status of commits. */

testVectors({
  'time-lag': (input) => (input['kind'] === 'insert' ? runInsert(input) : runLookUp(input)),
  'rate-estimation': runRateEstimation,
  'commit-status': runCommitStatus,
});

function tableOf(points: readonly Fields[]): OffsetTable {
  const table = new OffsetTable(1, []);
  for (const { offset, time } of points) table.insert(time, [offset]);
  return table;
}

function runLookUp({ points, offset }: Fields): Fields {
  const found = lookUpTime(tableOf(points), 0, offset);
  return {
    state: found?.state ?? 'unknown',
    timeAtOffset: found?.timeAtOffset,
    lag: found?.lag,
    flag: found?.aheadOfTable ? 'aheadOfTable' : undefined,
  };
}

function runInsert({ points, add }: Fields): Fields {
  const table = tableOf(points);
  const isNew = add.time > table.newestTime;
  const isCleared = isNew && table.restartIfLower(0, add.offset);
  const result = table.insert(add.time, [add.offset]);
  const rows = Array.from({ length: table.rows }, (_, row) => row);
  return {
    result: isCleared ? 'cleared' : result,
    points: rows.map((row) => ({ offset: table.offset(row, 0), time: table.time(row) })),
  };
}

function runRateEstimation(input: Fields): Fields {
  switch (input['kind']) {
    case 'rates':
      return runRates(input);
    case 'arrivalFromLag': {
      const { consumed, lagBefore, lagNow, seconds } = input;
      return { arrivalRate: arrivalFromLag({ consumed, lagBefore, lagNow, seconds }) };
    }
    default:
      return runCapacity(input);
  }
}

/** Samples as readings of a group with as many members as replicas, its lag spread evenly over them. */
function runRates({ samples }: Fields): Fields {
  const history = new OffsetHistory();
  const seen: { at: number; replicas: number; reading: LagReading; lag: number | undefined }[] = [];
  for (const { t, replicas, partitions } of samples) {
    const at = t * 1000;
    const all = partitionsOf(partitions);
    const group = { ...stableGroup, members: replicas };
    const reading = history.observe({ kind: 'observed', at, partitions: all, group }, basePolicy);
    const { lag } = groupLag(all, basePolicy, new Map(), at);
    seen.push({ at, replicas, reading, lag: lag === undefined ? lag : Number(lag) });
  }
  const last = seen.at(-1);
  const trend = last?.reading.kind === 'observed' ? last.reading.trend : undefined;
  const { lowerBound, capacity } = capacityOf(seen, trend?.consumptionRate);
  return {
    lag: last?.lag,
    arrivalRate: trend?.arrivalRate,
    consumptionRate: trend?.consumptionRate,
    lowerBoundPerReplica: lowerBound,
    capacityPerReplica: capacity,
  };
}

function partitionsOf(partitions: readonly Fields[]) {
  return partitions
    .flatMap((p) => Array.from({ length: p['repeat'] ?? 1 }, () => p))
    .map(({ committed, end }, partition) =>
      offsets({ partition, committed: BigInt(committed), end: BigInt(end) }),
    );
}

function capacityOf(
  seen: readonly { at: number; replicas: number; lag: number | undefined }[],
  consumptionRate: number | undefined,
): { readonly lowerBound?: number | undefined; readonly capacity?: number | undefined } {
  const last = seen.at(-1);
  const settled = seen.filter(({ replicas }) => replicas === last?.replicas);
  const first = settled[0];
  if (!first || !last || consumptionRate === undefined) return {};
  const share = (lag: number | undefined) => (lag ?? 0) / last.replicas;
  const consumer: WatchedConsumer = {
    seconds: (last.at - first.at) / 1000,
    consumptionRate: consumptionRate / last.replicas,
    minLag: share(Math.min(...settled.map(({ lag }) => lag ?? 0))),
    lagStart: share(first.lag),
    lagNow: share(last.lag),
  };
  const isNew =
    consumer.seconds < defaultTuning.capacityWindowSeconds + defaultTuning.rebalanceSeconds;
  return {
    lowerBound: lowerBoundOf([consumer]),
    capacity: isNew ? undefined : sampleOf([consumer], defaultTuning),
  };
}

function runCapacity(input: Fields): Fields {
  const { consumers, windowSeconds, hint, samples = [], stable = true, frozen = false } = input;
  const mayLearn = stable && !frozen;
  const watched: WatchedConsumer[] = consumers.map((c: Fields) => ({
    ...c,
    seconds: windowSeconds,
  }));
  const sample = mayLearn ? sampleOf(watched, defaultTuning) : undefined;
  const all = sample === undefined ? samples : [...samples, sample];
  const capacity = capacityPerReplica(all, hint ?? undefined, defaultTuning);
  return {
    sample,
    lowerBound: mayLearn ? lowerBoundOf(watched) : undefined,
    capacityPerReplica: capacity,
    capacityThisTick: capacityThisTick(capacity, sample, defaultTuning),
  };
}

function runCommitStatus({ commits, endOffsets, currentLag, nowSeconds, ...rest }: Fields): Fields {
  const { allowedLag } = rest;
  const samples = commits.map(({ offset, timestampMs, lag }: Fields) => ({
    offset,
    at: timestampMs,
    lag: lag ?? undefined,
  }));
  const window: CommitWindow = {
    samples,
    lastCommitAt: samples.at(-1)?.at ?? 0,
    recentEnds: endOffsets,
    currentLag,
    now: nowSeconds * 1000,
    allowedLag,
  };
  return {
    status: commitStatus(window),
    lagAlwaysNonZero: alwaysLagged(samples, allowedLag),
    rewindIndex: rewindIndex(samples),
    stopped: hasStopped(window),
    stalled: isStalled(samples),
    lagNotDecreasing: lagNeverFell(samples),
    recentLagZero: wasCaughtUp(window),
  };
}
