import type { ServerResponse } from 'node:http';
import { expect, onTestFinished, test } from 'vitest';
import type { KubeError } from './errors.ts';
import { createLeaderElection, type LeaderElectionOptions } from './leader-election.ts';
import {
  answer,
  clientFor,
  createFakeClock,
  eventually,
  type Handler,
  refuse,
  startServer,
} from './testing.ts';

// biome-ignore lint/suspicious/noExplicitAny: the Lease as it was sent
type Lease = any;

/** One Lease, with compare-and-swap by resourceVersion as the API server does it. */
function leaseServer() {
  let lease: Lease;
  let version = 1;
  const stored = (body: Lease) => {
    lease = { ...body, metadata: { ...body.metadata, resourceVersion: String(version++) } };
    return lease;
  };
  const put = (body: Lease, response: ServerResponse) => {
    const isCurrent = body.metadata.resourceVersion === lease.metadata.resourceVersion;
    return isCurrent ? answer(response, stored(body)) : refuse(response, 409, 'Conflict');
  };
  const handler: Handler = ({ method, body }, response) => {
    if (lease === undefined && method === 'POST') return answer(response, stored(body), 201);
    if (lease === undefined) return refuse(response, 404, 'NotFound');
    if (method === 'POST') return refuse(response, 409, 'AlreadyExists');
    return method === 'GET' ? answer(response, lease) : put(body, response);
  };
  return {
    handler,
    lease: () => lease,
    change: (spec: object) => stored({ ...lease, spec: { ...lease.spec, ...spec } }),
    remove: () => {
      lease = undefined;
    },
  };
}

async function setup() {
  const leases = leaseServer();
  const server = await startServer(leases.handler);
  return { leases, server };
}

async function elector(
  server: { url: string },
  id: string,
  extra: Partial<LeaderElectionOptions> = {},
) {
  const clock = createFakeClock();
  const log: string[] = [];
  const errors: KubeError[] = [];
  let term: AbortSignal | undefined;
  const election = createLeaderElection({
    client: clientFor(server, { requestTimeoutMs: 1000 }),
    clock,
    namespace: 'here',
    name: 'lagscaler',
    identity: id,
    onStartedLeading: (signal) => {
      term = signal;
      log.push('started');
    },
    onStoppedLeading: () => log.push('stopped'),
    onError: (error) => errors.push(error),
    random: () => 0,
    ...extra,
  });
  onTestFinished(() => election.close());
  return { election, clock, log, errors, term: () => term };
}

type Elector = Awaited<ReturnType<typeof elector>>;

/** Starts an elector and waits until it sleeps before its next attempt. */
async function start(one: Elector, timers: number): Promise<void> {
  one.election.start();
  await eventually(() => expect(one.clock.pending()).toBe(timers));
}

/** Lets `ms` pass in steps of the retry period, with the attempt of each step. */
async function pass(
  one: Elector,
  server: { requests: readonly unknown[] },
  ms: number,
): Promise<void> {
  for (let passed = 0; passed < ms; passed += 2000) {
    const before = server.requests.length;
    one.clock.advance(2000);
    await eventually(() => expect(server.requests.length).toBeGreaterThan(before));
    await eventually(() => expect(one.clock.pending()).toBeGreaterThan(0));
    await settled(one, server);
  }
}

/** The attempt is over when its answer has led to the next wait. */
async function settled(one: Elector, server: { requests: readonly unknown[] }): Promise<void> {
  const waiting = one.election.isLeader() ? 2 : 1;
  await eventually(() => {
    expect(one.clock.pending()).toBeGreaterThanOrEqual(waiting);
    expect(server.requests.length).toBeGreaterThan(0);
  });
}

const leading = 2; // timers of a leader: the deadline and the next attempt
const waiting = 1;

test('the first creates the Lease, with micro times the API server accepts (traps C18)', async () => {
  const { leases, server } = await setup();
  const a = await elector(server, 'a');
  expect(a.election.isLeader()).toBe(false);
  await start(a, leading);
  expect(a.election.isLeader()).toBe(true);
  expect(a.log).toEqual(['started']);
  expect(leases.lease()).toMatchObject({
    metadata: { name: 'lagscaler', namespace: 'here' },
    spec: {
      holderIdentity: expect.stringMatching(/^a_[0-9a-f-]{36}$/),
      leaseDurationSeconds: 15,
      acquireTime: '2026-01-01T00:00:00.000000Z',
      renewTime: '2026-01-01T00:00:00.000000Z',
      leaseTransitions: 0,
    },
  });
});

test('of two only one leads; a renewal is one request', async () => {
  const { leases, server } = await setup();
  const [a, b] = [await elector(server, 'a'), await elector(server, 'b')];
  await start(a, leading);
  await start(b, waiting);
  expect([a.election.isLeader(), b.election.isLeader()]).toEqual([true, false]);
  const before = server.requests.length;
  const { resourceVersion } = leases.lease().metadata;
  a.clock.advance(2000);
  await eventually(() => leases.lease().metadata.resourceVersion !== resourceVersion);
  expect(server.requests.slice(before).map(({ method }) => method)).toEqual(['PUT']);
  expect(leases.lease().spec.renewTime).toBe('2026-01-01T00:00:02.000000Z');
  expect(leases.lease().spec.acquireTime).toBe('2026-01-01T00:00:00.000000Z');
});

test('when the leader crashes the other takes over, not before its own 15 s of watching', async () => {
  const { leases, server } = await setup();
  const [a, b] = [await elector(server, 'a'), await elector(server, 'b')];
  await start(a, leading); // its clock stands still from here on: crashed, or frozen
  await start(b, waiting);
  await pass(b, server, 14_000);
  expect(b.election.isLeader()).toBe(false);
  b.clock.advance(2000);
  await eventually(() => b.election.isLeader());
  expect(leases.lease().spec.leaseTransitions).toBe(1);
  // The frozen one wakes up: it knows by its own clock, before any timer runs and before it asks.
  a.clock.freeze(10_000);
  expect(a.election.isLeader()).toBe(false);
  expect(a.log).toEqual(['started']);
  a.clock.advance(0);
  expect(a.log).toEqual(['started', 'stopped']);
  expect(a.term()?.aborted).toBe(true);
});

test('a leader that cannot renew stops at 10 s, before others may take the Lease at 15 s', async () => {
  const { server } = await setup();
  const a = await elector(server, 'a');
  await start(a, leading);
  server.handle((_, response) => refuse(response, 500, 'InternalError'));
  await pass(a, server, 8000);
  expect(a.election.isLeader()).toBe(true);
  expect(a.errors[0]?.code).toBe('Server');
  a.clock.advance(1999);
  expect(a.election.isLeader()).toBe(true);
  a.clock.advance(1);
  expect(a.election.isLeader()).toBe(false);
  expect(a.term()?.aborted).toBe(true);
  expect(a.log).toEqual(['started', 'stopped']);
});

test('a server that hangs does not stretch the deadline', async () => {
  const { server } = await setup();
  const a = await elector(server, 'a');
  await start(a, leading);
  server.handle(() => undefined);
  const before = server.requests.length;
  a.clock.advance(2000);
  await eventually(() => expect(server.requests.length).toBeGreaterThan(before));
  a.clock.advance(8000);
  expect(a.election.isLeader()).toBe(false);
  expect(a.log).toEqual(['started', 'stopped']);
});

test('the wall clock may jump as it likes (traps C19)', async () => {
  const { server } = await setup();
  const [a, b] = [await elector(server, 'a'), await elector(server, 'b')];
  a.clock.jump(-3_600_000); // the leader's clock is an hour behind: its lease looks long expired
  b.clock.jump(86_400_000);
  await start(a, leading);
  await start(b, waiting);
  await pass(b, server, 4000);
  a.clock.jump(7_200_000);
  expect([a.election.isLeader(), b.election.isLeader()]).toEqual([true, false]);
  await pass(a, server, 4000);
  expect([a.election.isLeader(), b.election.isLeader()]).toEqual([true, false]);
});

test('who finds its Lease taken stops at once', async () => {
  const { leases, server } = await setup();
  const a = await elector(server, 'a');
  await start(a, leading);
  leases.change({ holderIdentity: 'thief' });
  await pass(a, server, 2000); // 409
  a.clock.advance(2000); // looks
  await eventually(() => expect(a.log).toEqual(['started', 'stopped']));
  expect(a.election.isLeader()).toBe(false);
  expect(leases.lease().spec.holderIdentity).toBe('thief');
});

test.for([
  ['an edit by somebody else', (leases: ReturnType<typeof leaseServer>) => leases.change({})],
  ['a deletion of the Lease', (leases: ReturnType<typeof leaseServer>) => leases.remove()],
] as const)('%s does not end a term', async ([, interfere]) => {
  const { leases, server } = await setup();
  const a = await elector(server, 'a');
  await start(a, leading);
  interfere(leases);
  await pass(a, server, 4000);
  const before = leases.lease().metadata.resourceVersion;
  await pass(a, server, 2000);
  await eventually(() => leases.lease().metadata.resourceVersion !== before);
  expect(a.election.isLeader()).toBe(true);
  expect(a.log).toEqual(['started']);
});

test('close gives the Lease back and the next takes it at its next look', async () => {
  const { leases, server } = await setup();
  const [a, b] = [await elector(server, 'a'), await elector(server, 'b')];
  await start(a, leading);
  await start(b, waiting);
  await a.election.close();
  expect(a.log).toEqual(['started', 'stopped']);
  expect(leases.lease().spec.holderIdentity).toBeUndefined();
  b.clock.advance(2000);
  await eventually(() => b.election.isLeader());
  expect(leases.lease().spec.leaseTransitions).toBe(1);
});

test('close of one that does not lead touches nothing', async () => {
  const { leases, server } = await setup();
  const [a, b] = [await elector(server, 'a'), await elector(server, 'b')];
  await start(a, leading);
  await start(b, waiting);
  const before = leases.lease();
  await b.election.close();
  expect(leases.lease()).toBe(before);
  expect(b.log).toEqual([]);
});

test('a missing namespace is reported', async () => {
  const server = await startServer((_, response) => refuse(response, 404, 'NotFound'));
  const a = await elector(server, 'a');
  await start(a, waiting);
  expect(a.errors.map(({ code }) => code)).toEqual(['NotFound']);
});

test('a deadline that is not shorter than the lease is refused', async () => {
  const { server } = await setup();
  await expect(elector(server, 'a', { renewDeadlineMs: 15_000 })).rejects.toThrow(
    'renewDeadlineMs',
  );
});
