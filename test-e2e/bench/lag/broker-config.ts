import { offsetsPartitions } from '../../local/kafka-config.ts';
import type { PortBlock } from '../../local/ports.ts';

/** As many as a block of ports has room for. */
export const maxBrokers = 15;
const controllers = [1, 2, 3];

/** Ports of one broker on 127.0.0.1; `controller` is used by the first three only. */
export function brokerPorts({ port }: PortBlock, id: number) {
  return { plaintext: port(2 * id), controller: port(2 * id + 1) };
}

/**
 * The server.properties of one broker: plaintext only, and little of what costs CPU per partition at rest.
 * @param data the folder of its logs
 */
export function brokerProperties(data: string, ports: PortBlock, id: number): string {
  const { plaintext, controller } = brokerPorts(ports, id);
  const isController = controllers.includes(id);
  const voters = controllers.map((n) => `${n}@127.0.0.1:${brokerPorts(ports, n).controller}`);
  const listeners = [`PLAINTEXT://127.0.0.1:${plaintext}`];
  if (isController) listeners.push(`CONTROLLER://127.0.0.1:${controller}`);
  const properties = {
    'node.id': id,
    'process.roles': isController ? 'broker,controller' : 'broker',
    'controller.quorum.voters': voters.join(),
    'controller.listener.names': 'CONTROLLER',
    listeners: listeners.join(),
    'log.dirs': data,
    ...shared,
  };
  return Object.entries(properties)
    .map(([key, value]) => `${key}=${value}\n`)
    .join('');
}

const shared = {
  'auto.create.topics.enable': false,
  // Groups are as safe as anywhere; the topics of the benchmark have one replica each.
  'offsets.topic.num.partitions': offsetsPartitions,
  'offsets.topic.replication.factor': 3,
  'num.network.threads': 2,
  'num.io.threads': 4,
  'background.threads': 2,
  'log.cleaner.dedupe.buffer.size': 2_000_000,
  // Per partition and, by default, every 5 s, 60 s and 5 min.
  'replica.high.watermark.checkpoint.interval.ms': 3_600_000,
  'log.flush.offset.checkpoint.interval.ms': 3_600_000,
  'log.flush.start.offset.checkpoint.interval.ms': 3_600_000,
  'log.retention.check.interval.ms': 3_600_000,
  // Making tens of thousands of logs keeps a broker busy: that must not look like its death.
  'broker.session.timeout.ms': 60_000,
  'controller.quorum.election.timeout.ms': 10_000,
  'controller.quorum.fetch.timeout.ms': 20_000,
};
