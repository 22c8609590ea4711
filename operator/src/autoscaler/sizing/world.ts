import { decide } from '../decide.ts';
import { directPolicy, unavailable } from '../fixtures.ts';
import { afterWrite } from '../memory.ts';
import { OffsetHistory } from '../offset-history.ts';
import type {
  Decision,
  GroupDescription,
  MemberAssignment,
  Memory,
  OffsetReading,
  ScalingPolicy,
} from '../types.ts';
import { objective } from './fixtures.ts';

/** A consumer group in small steps, for the tests of the strategy; the backtest has an exact one. */

/** What can happen to it; each of the functions is given the seconds since the start. */
export interface Story {
  readonly partitions?: number;
  readonly replicas?: number;
  /** Records per second that one replica can read; 1000. */
  readonly perReplica?: number | ((t: number) => number);
  /** Pods that never say that they are ready, though they read. */
  readonly neverReady?: number;
  /** What is known when it begins. */
  readonly memory?: Memory;
  /** Records per second that arrive in all. */
  readonly arrivals: (t: number) => number;
  /** Records per second that the systems behind the consumers bear. */
  readonly downstream?: (t: number) => number;
  /** A partition whose consumer cannot get past one record. */
  readonly stuck?: (t: number) => number | undefined;
  /** Each consumer reads its partitions in turn, a fetch of this many records each; otherwise side by side. */
  readonly fetch?: number;
  readonly readable?: (t: number) => boolean;
  readonly startSeconds?: number;
  readonly policy?: Partial<ScalingPolicy>;
  readonly describable?: boolean;
}

export interface Moment {
  readonly t: number;
  /** What the target asks for after the tick. */
  readonly replicas: number;
  /** Seconds of work for the group as it is, of the partition that is most behind. */
  readonly behind: number;
  readonly decision: Decision;
}

const tickSeconds = 5;
const epoch = 1_000_000_000_000;

interface Pod {
  readonly id: number;
  readonly joinsAt: number;
}

/** Plays a story tick by tick; what a decision writes is there at the next one. */
export function* play(story: Story, until: number): Generator<Moment> {
  const { partitions = 24, replicas: first = 8, arrivals, startSeconds = 30 } = story;
  const ends = Array.from({ length: partitions }, () => 0);
  const commits = Array.from({ length: partitions }, () => 0);
  const policy: ScalingPolicy = {
    ...directPolicy,
    sizing: { kind: 'timeLag', ...objective },
    ...story.policy,
  };
  const history = new OffsetHistory();
  let memory: Memory | undefined = story.memory;
  const turns = new Map<number, Turn>();
  let ids = first;
  let pods: Pod[] = Array.from({ length: first }, (_, id) => ({ id, joinsAt: 0 }));
  for (let t = 0; t <= until; t += tickSeconds) {
    const members = pods.filter(({ joinsAt }) => joinsAt <= t);
    const rate = arrivals(t) / partitions;
    for (const i of ends.keys()) ends[i] = (ends[i] ?? 0) + rate * tickSeconds;
    if (story.fetch) consumeInTurn(story, t, members.length, { offsets: { ends, commits }, turns });
    else consume(story, t, members.length, { ends, commits });
    const now = epoch + t * 1000;
    const group = story.describable === false ? undefined : describe(members, partitions);
    const seen = story.readable?.(t) === false ? unavailable : read(now, { ends, commits }, group);
    const decision = decide({
      now,
      target: {
        specReplicas: pods.length,
        statusReplicas: pods.length,
        readyReplicas: readyOf(story, members),
        rollingOut: false,
      },
      unschedulable: undefined,
      lag: history.observe(seen, policy),
      policy,
      conflict: undefined,
      memory,
    });
    const writes = decision.action === 'scale';
    memory = afterWrite(decision, now, writes);
    if (writes) {
      const kept = pods.slice(0, decision.desiredReplicas);
      const added = Math.max(0, decision.desiredReplicas - kept.length);
      pods = [
        ...kept,
        ...Array.from({ length: added }, () => ({ id: ids++, joinsAt: t + startSeconds })),
      ];
    }
    const lags = ends.map((end, i) => end - (commits[i] ?? 0));
    const behind = Math.max(...lags) / Math.max(rate, 1e-9);
    yield { t, replicas: pods.length, behind, decision };
  }
}

interface Offsets {
  readonly ends: number[];
  readonly commits: number[];
}

/** Each member reads its partitions side by side, in proportion to what they hold, as fast as it can. */
function readyOf({ neverReady = 0 }: Story, members: readonly Pod[]): number {
  return Math.max(0, members.length - neverReady);
}

function speedAt({ perReplica = 1000 }: Story, t: number): number {
  return typeof perReplica === 'number' ? perReplica : perReplica(t);
}

function consume(story: Story, t: number, members: number, { ends, commits }: Offsets): void {
  const { downstream } = story;
  const perReplica = speedAt(story, t);
  const allowed = downstream ? downstream(t) / members : Number.POSITIVE_INFINITY;
  const most = Math.min(perReplica, allowed) * tickSeconds;
  for (let member = 0; member < members; member++) {
    const own = [...ends.keys()].filter((i) => i % members === member && i !== story.stuck?.(t));
    const lags = own.map((i) => (ends[i] ?? 0) - (commits[i] ?? 0));
    const all = lags.reduce((sum, lag) => sum + lag, 0);
    const share = all > most ? most / all : 1;
    for (const [n, i] of own.entries()) commits[i] = (commits[i] ?? 0) + (lags[n] ?? 0) * share;
  }
}

/** Where a member is on its round, and how many records of its fetch are left. */
interface Turn {
  readonly partition: number;
  readonly left: number;
}

function consumeInTurn(
  story: Story,
  t: number,
  members: number,
  { offsets, turns }: { readonly offsets: Offsets; readonly turns: Map<number, Turn> },
): void {
  const { fetch = 1 } = story;
  const records = speedAt(story, t) * tickSeconds;
  for (let member = 0; member < members; member++) {
    const own = [...offsets.ends.keys()].filter((i) => i % members === member);
    let turn = turns.get(member) ?? { partition: member, left: 0 };
    for (let n = 0; n < records; n++)
      turn = readOne(turn.left > 0 ? turn : nextTurn(turn, own, fetch, offsets), offsets);
    turns.set(member, turn);
  }
}

function readOne({ partition, left }: Turn, { commits }: Offsets): Turn {
  const read = Math.min(1, left);
  commits[partition] = (commits[partition] ?? 0) + read;
  return { partition, left: left - read };
}

/** The next of its partitions with something to read; with nothing left where there is none. */
function nextTurn(
  { partition }: Turn,
  own: readonly number[],
  fetch: number,
  { ends, commits }: Offsets,
): Turn {
  const after = own.indexOf(partition) + 1;
  const round = [...own.slice(after), ...own.slice(0, after)];
  const waiting = (i: number) => Math.floor((ends[i] ?? 0) - (commits[i] ?? 0));
  const next = round.find((i) => waiting(i) > 0) ?? partition;
  return { partition: next, left: Math.min(fetch, waiting(next)) };
}

function read(at: number, { ends, commits }: Offsets, group: GroupDescription | undefined) {
  const reading: OffsetReading = {
    kind: 'observed',
    at,
    partitions: ends.map((end, partition) => ({
      topic: 'orders',
      topicId: 'id-of-orders',
      partition,
      committed: BigInt(Math.floor(commits[partition] ?? 0)),
      end: BigInt(Math.floor(end)),
      logStart: 0n,
    })),
    group,
  };
  return reading;
}

function describe(members: readonly Pod[], partitions: number): GroupDescription {
  const assignments = members.map(({ id }, member): MemberAssignment => {
    const all = Array.from({ length: partitions }, (_, i) => i);
    const own = all.filter((i) => i % members.length === member);
    return {
      memberId: `member-${id}`,
      clientId: 'orders',
      host: '/10.0.0.1',
      groupInstanceId: undefined,
      partitions: own.length > 0 ? [{ topic: 'orders', partitions: own }] : [],
    };
  });
  const owners = assignments.filter((a) => a.partitions.length > 0).length;
  return {
    kind: 'classic',
    state: members.length > 0 ? 'Stable' : 'Empty',
    members: members.length,
    assignedMembers: owners,
    assignor: members.length > 0 ? 'cooperative-sticky' : undefined,
    assignments,
  };
}
