import { expect, test } from 'vitest';
import { buildFlags, buildHash } from './binaries.ts';
import { etcdArgs } from './control-plane-config.ts';
import { probeGroups } from './kafka.ts';
import { serverProperties } from './kafka-config.ts';
import { parseGroupLag } from './lag-oracle.ts';
import { cacheDir, stackDir, stackName } from './paths.ts';
import { formatDuration } from './progress.ts';
import { brokerIds, portsOf, type StackState } from './state.ts';

const user = (mechanism: 'PLAIN' | 'SCRAM-SHA-256' | 'SCRAM-SHA-512') =>
  ({ mechanism, username: 'u', password: 'p' }) as const;
const state: StackState = {
  dir: '/state/x',
  portBlock: 0,
  clusterId: 'id',
  users: {
    plain: user('PLAIN'),
    scram256: user('SCRAM-SHA-256'),
    scram512: user('SCRAM-SHA-512'),
    limited: { ...user('PLAIN'), username: 'limited' },
  },
  binaries: {} as StackState['binaries'],
  kafka: { classPath: '', archive: '' },
  mongo: { classPath: '' },
  light: false,
  capacityPods: 500,
};

test('no two listeners of a stack share a port, and all fit its block', () => {
  const ports = portsOf(state);
  const { broker, nodePorts, ...others } = ports;
  const all = [...Object.values(others), ...brokerIds.flatMap((id) => Object.values(broker(id)))];
  expect(new Set(all).size).toBe(21);
  expect(Math.max(...all)).toBeLessThan(20_032);
  expect(nodePorts.first).toBeGreaterThan(Math.max(...all));
});

test('brokers replicate three times, need two in sync and create nothing by themselves', () => {
  const lines = serverProperties(state, 2).split('\n');
  expect(lines).toEqual(
    expect.arrayContaining([
      'node.id=2',
      'default.replication.factor=3',
      'min.insync.replicas=2',
      'auto.create.topics.enable=false',
      'unclean.leader.election.enable=false',
      'log.dirs=/state/x/kafka/2/data',
    ]),
  );
});

test('everything listens on loopback only', () => {
  const listening = [...etcdArgs(state), ...serverProperties(state, 1).split('\n')].filter((line) =>
    /^(--listen|listeners=)/.test(line),
  );
  expect(listening).toHaveLength(3);
  for (const line of listening) expect(line).not.toMatch(/:\/\/(?!127\.0\.0\.1:)/);
});

test('the authorizer is on, and only one account needs ACLs', () => {
  const lines = serverProperties(state, 1).split('\n');
  expect(lines).toContain(
    'authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer',
  );
  const supers = lines.find((line) => line.startsWith('super.users='));
  expect(supers).toBe(
    'super.users=User:ANONYMOUS;User:u;User:u;User:u;User:CN=kafka-client;User:token-user',
  );
});

test('the probe groups have one coordinator each', () => {
  // Taken from Java: Math.abs("probe-0".hashCode()) % 12 and so on.
  const groups = probeGroups(12);
  expect(groups).toHaveLength(12);
  expect(new Set(groups).size).toBe(12);
});

test('a build is named by all that goes into it', () => {
  expect(buildHash(['a', 'b'])).toMatch(/^[0-9a-f]{16}$/);
  expect(buildHash(['a', 'b'])).toBe(buildHash(['a', 'b']));
  expect(buildHash(['ab', ''])).not.toBe(buildHash(['a', 'b']));
});

test('the binaries are stamped with their version', () => {
  expect(buildFlags().at(-1)).toContain('-X k8s.io/component-base/version.gitVersion=v1.34.4');
});

test('folders follow the XDG variables', () => {
  expect(cacheDir({ XDG_CACHE_HOME: '/c' })).toBe('/c/lagscaler');
  expect(stackDir('two', { XDG_STATE_HOME: '/s' })).toBe('/s/lagscaler/stacks/two');
  expect(stackDir(undefined, { XDG_STATE_HOME: '/s', STACK: 'three' })).toMatch(/three$/);
  expect(stackName('/s/lagscaler/stacks/two')).toBe('two');
});

test.for(['../x', 'A', '', '-a', 'a/b'])('a stack cannot be named "%s"', (name) => {
  expect(() => stackDir(name, {})).toThrow('stack name');
});

test.for([
  [400, '0.4 s'],
  [12_340, '12.3 s'],
  [185_000, '3 min 05 s'],
] as const)('%d ms are told as %s', ([ms, told]) => expect(formatDuration(ms)).toBe(told));

test('the oracle is read as printed, dashes as unknown', () => {
  const printed = `
GROUP  TOPIC   PARTITION  CURRENT-OFFSET  LOG-END-OFFSET  LAG  CONSUMER-ID HOST CLIENT-ID
shop   orders  0          5               25              20   -           -    -
shop   orders  1          -               7               -    me-1        /::1 me
`;
  const nobody = { consumerId: undefined, host: undefined, clientId: undefined };
  const member = { consumerId: 'me-1', host: '/::1', clientId: 'me' };
  expect(parseGroupLag(printed)).toEqual([
    { group: 'shop', topic: 'orders', partition: 0, committed: 5n, end: 25n, lag: 20n, ...nobody },
    {
      group: 'shop',
      topic: 'orders',
      partition: 1,
      committed: undefined,
      end: 7n,
      lag: undefined,
      ...member,
    },
  ]);
});
