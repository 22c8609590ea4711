import { networkInterfaces } from 'node:os';
import { afterAll, afterEach, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import type { OffsetReading } from '../../operator/src/autoscaler/types.ts';
import type { LagSource } from '../../operator/src/controller/ports.ts';
import { createLagSource, type LagSourceOptions } from '../../operator/src/kafka/lag-source.ts';
import { startBlackHole } from '../../operator/src/kafka/testing.ts';
import { type FaultProxy, type ProxyOptions, startFaultProxies } from '../faults/proxy.ts';
import type { Advertise } from '../faults/wire.ts';
import { commitOffsets, deleteTopics, produce, withAdmin } from '../kafka.ts';
import type { Stack } from '../local/stack.ts';
import { brokerIds } from '../local/state.ts';
import { createScenario } from '../scenario.ts';
import { needsStack, suiteCluster, suiteStack } from '../suite.ts';
import { until } from '../until.ts';

/** Real brokers that are known by names, by IPv6, or by addresses at which nobody finds them. */
const title = needsStack ? `addresses: ${needsStack}` : 'addresses';
const hasIPv6 = Object.values(networkInterfaces())
  .flat()
  .some((i) => i?.address === '::1');

describe.skipIf(needsStack)(title, async () => {
  const context = await suiteCluster();
  const topic = `addresses-${Date.now().toString(36)}`;
  const group = topic;
  const never = new AbortController().signal;
  let stack: Stack;

  beforeAll(async () => {
    stack = await suiteStack();
    // Partition 0 on broker 1, and so on; three records in each, of which one is consumed.
    const replicaAssignment = brokerIds.map((id) => ({ partition: id - 1, replicas: [id] }));
    await withAdmin(stack.bootstrapServers, (admin) =>
      admin.createTopics({ topics: [{ topic, replicaAssignment }], waitForLeaders: true }),
    );
    await produce(stack.bootstrapServers, topic, { partitions: 3, records: 9 });
    const committed = new Map(brokerIds.map((id) => [id - 1, 1n]));
    await commitOffsets(stack.bootstrapServers, group, topic, committed);
  });
  afterAll(() => deleteTopics(stack.bootstrapServers, [topic]));

  let source: LagSource | undefined;
  afterEach(() => source?.close());

  function read(
    servers: readonly string[],
    options: LagSourceOptions = {},
  ): Promise<OffsetReading> {
    source = createLagSource(options);
    const connection = { bootstrapServers: servers, tls: undefined, sasl: undefined };
    const request = { connection, group, topics: [topic], partitions: undefined };
    return source.read('test', { ...request, isolationLevel: 'read_uncommitted' }, never);
  }
  const lagOf = (reading: OffsetReading) =>
    reading.kind === 'observed'
      ? reading.partitions.map(({ committed, end }) => `${committed}..${end}`)
      : reading.message;
  const right = ['1..3', '1..3', '1..3'];

  async function proxies(options: ProxyOptions): Promise<readonly FaultProxy[]> {
    const started = await startFaultProxies(stack.bootstrapServers, options);
    onTestFinished(async () => {
      await Promise.all(started.map((proxy) => proxy.close()));
    });
    return started;
  }
  const portOf = (proxy: FaultProxy | undefined) => proxy?.address.port ?? 0;

  describe.skipIf(!hasIPv6)(hasIPv6 ? 'IPv6' : 'IPv6: this machine has none', () => {
    test('brokers are found at bootstrap, and where they advertise it', async () => {
      const started = await proxies({ host: '::1' });
      expect(lagOf(await read([`[::1]:${portOf(started[0])}`]))).toEqual(right);
      expect(started.map((proxy) => proxy.connections())).toEqual([1, 1, 1]);
    });

    test('a broker that is down is named as one writes it', async () => {
      const started = await proxies({ host: '::1' });
      await started[1]?.set({ kind: 'refuse' });
      const reading = await read([`[::1]:${portOf(started[0])}`]);
      const told = JSON.stringify([lagOf(reading), reading.kind === 'observed' && reading.gaps]);
      expect(told).toContain(`broker 2 at [::1]:${portOf(started[1])}: connect: TCP: refused`);
    });
  });

  describe('names', () => {
    const dead = '127.0.0.9'; // nobody is there
    const invalid = 'kafka.invalid:9092'; // RFC 6761: there is no such name, and never will be

    test('one that is not known is told', async () => {
      expect(lagOf(await read([invalid]))).toBe(
        'kafka.invalid:9092: connect: DNS: the name is not known: check the name',
      );
    });

    test('one that is not known does no harm beside one that is', async () => {
      const port = stack.bootstrapServers[0]?.split(':')[1];
      expect(lagOf(await read([invalid, `localhost:${port}`]))).toEqual(right);
    });

    test.for([
      ['refuses', async () => {}],
      ['swallows connections', async (port: number) => void (await startBlackHole(dead, port))],
    ] as const)('of two addresses the first %s: the other is used', async ([, occupy]) => {
      const names = (id: number) => `kafka-${id}.example`;
      const started = await proxies({
        advertise: (id) => ({ host: names(id), port: portOf(started[id - 1]) }),
      });
      await occupy(portOf(started[0]));
      const reading = await read([`kafka.example:${portOf(started[0])}`], {
        lookup: async () => [dead, '127.0.0.1'],
      });
      expect(lagOf(reading)).toEqual(right);
      expect(started.map((proxy) => proxy.connections())).toEqual([2, 1, 1]); // the first by two names
    });
  });

  describe('advertised.listeners', () => {
    const hint = '(the cluster advertises this address: check advertised.listeners of the broker)';
    const unknown: Advertise = (id) => ({ host: `kafka-${id}.invalid`, port: 9092 });

    test.for([
      ['names that are not known', async () => unknown, 'DNS: the name is not known'],
      [
        'addresses that refuse',
        async (): Promise<Advertise> => (id) => ({ host: '127.0.0.1', port: id }),
        'TCP: refused',
      ],
      [
        'addresses that swallow connections',
        async (): Promise<Advertise> => {
          const hole = await startBlackHole();
          return () => hole;
        },
        'TCP: no answer in time',
      ],
    ] as const)(
      'all with %s: the bootstrap server, a broker and the remedy are named',
      async ([, wrong, step]) => {
        const [first] = await proxies({ advertise: await wrong() });
        const server = `127.0.0.1:${portOf(first)}`;
        const told = lagOf(await read([server]));
        expect(told).toContain(
          `${server} answers, but none of the 3 brokers it names can be used: broker `,
        );
        expect(told).toContain(`connect: ${step}`);
        expect(told).toContain(hint);
      },
    );

    test('one of three with a wrong one: its partitions are missing, and it is named', async () => {
      const started = await proxies({
        advertise: (id, real) =>
          id === 2 ? unknown(id, real) : (started[id - 1]?.address ?? real),
      });
      const reading = await read([`127.0.0.1:${portOf(started[0])}`]);
      const named = 'broker 2 at kafka-2.invalid:9092: connect: DNS: the name is not known';
      if (reading.kind === 'unavailable') {
        expect(reading.message).toContain(named); // it coordinates the group
        expect(reading.message).toContain(hint);
      } else {
        expect(lagOf(reading)).toEqual(['1..3', '1..undefined', '1..3']);
        expect(reading.gaps).toContain(named);
        expect(reading.gaps).toContain(hint);
      }
    });

    test('the condition of a scaler says so', async () => {
      const [first] = await proxies({ advertise: unknown });
      const server = `127.0.0.1:${portOf(first)}`;
      const scenario = await createScenario(context, {
        spec: { kafka: { bootstrapServers: [server] } },
      });
      onTestFinished(() => scenario.remove());
      await scenario.expectCondition('Ready', 'False', 'KafkaUnreachable');
      const told = await until('the condition names the broker', async () => {
        const ready = (await scenario.status())?.conditions?.find((c) => c.type === 'Ready');
        return ready?.message?.includes('kafka-') && ready.message;
      });
      expect(told).toContain(`${server} answers, but none of the 3 brokers it names can be used`);
      expect(told).toContain('broker 1 at kafka-1.invalid:9092: connect: DNS');
      expect(told).toContain(hint);
    });
  });
});
