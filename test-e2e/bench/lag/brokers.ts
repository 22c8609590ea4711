import { existsSync, mkdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { freemem } from 'node:os';
import { dirname, join } from 'node:path';
import { javaArgs } from '../../local/kafka.ts';
import { fetchKafkaJars, type KafkaJars, kafkaJarSet } from '../../local/kafka-jars.ts';
import { withLock } from '../../local/lock.ts';
import { haveJars } from '../../local/maven-jars.ts';
import { portRegistry, stackName } from '../../local/paths.ts';
import { choosePorts, isListening, type PortBlock } from '../../local/ports.ts';
import { controlsOf, type ProcessControls } from '../../local/process.ts';
import type { Progress } from '../../local/progress.ts';
import { run } from '../../local/run.ts';
import { stopStack } from '../../local/stack.ts';
import { javaCommand, jdk, maven, requireTools } from '../../local/tools.ts';
import { brokerPorts, brokerProperties, maxBrokers } from './broker-config.ts';

/** For 34,000 partitions, each with its log, its metrics and its place in the metadata. */
const heap = '2600m';
const clusterId = 'lagscalerBenchLag00000';

/** Kafka alone, with as many brokers as it takes for many partitions; data and all are thrown away. */
export interface Brokers {
  readonly dir: string;
  readonly servers: readonly string[];
  /** Process ids, in the order of the brokers' ids. */
  readonly pids: readonly number[];
  /**
   * Runs one of Kafka's own tools.
   * @returns its standard output
   */
  tool(mainClass: string, args: readonly string[], timeoutMs: number): Promise<string>;
}

interface Software {
  readonly dir: string;
  readonly jars: KafkaJars;
  readonly ports: PortBlock;
}

/**
 * Starts the brokers 1 to `count`, or those that are missing: the ones that run stay, with their data.
 * @param count from 3 to 15; those beyond the third are no controllers
 */
export async function startBrokers(
  dir: string,
  count: number,
  { progress, signal }: { readonly progress: Progress; readonly signal: AbortSignal },
): Promise<Brokers> {
  if (count < 3 || count > maxBrokers) throw new Error(`${count} brokers: use 3 to ${maxBrokers}`);
  await requireTools(haveJars(kafkaJarSet) ? [jdk] : [jdk, maven]);
  const jars = await fetchKafkaJars(progress, signal);
  return withLock(dir, async () => {
    const software = { dir, jars, ports: await choosePorts(dir, portRegistry()) };
    const ids = Array.from({ length: count }, (_, i) => i + 1);
    await Promise.all(ids.map((id) => prepareBroker(software, id, signal)));
    const brokers = ids.map((id) => brokerControls(software, id));
    // Together: one alone has no quorum and would never be ready.
    await Promise.all(brokers.map((broker) => broker.start(signal)));
    const servers = ids.map((id) => `127.0.0.1:${brokerPorts(software.ports, id).plaintext}`);
    return {
      dir,
      servers,
      pids: brokers.flatMap((broker) => broker.pid() ?? []),
      tool(mainClass, args, timeoutMs) {
        const bootstrap = ['--bootstrap-server', servers.join()];
        const command = [...javaArgs(jars, '1g'), mainClass, ...bootstrap, ...args];
        return run(javaCommand(), command, { timeoutMs, signal });
      },
    };
  });
}

/** Writes the configuration and, the first time, formats the disk. */
async function prepareBroker({ dir, jars, ports }: Software, id: number, signal: AbortSignal) {
  const config = propertiesFile(dir, id);
  mkdirSync(dirname(config), { recursive: true });
  const data = join(dataDir(dir), String(id));
  writeFileSync(config, brokerProperties(data, ports, id));
  const formatted = join(data, 'formatted');
  if (existsSync(formatted)) return;
  rmSync(data, { recursive: true, force: true }); // left by an interrupted format
  const format = ['kafka.tools.StorageTool', 'format', '-t', clusterId, '-c', config];
  await run(javaCommand(), [...javaArgs(jars, '96m'), ...format], { signal });
  writeFileSync(formatted, '');
}

const propertiesFile = (dir: string, id: number): string => join(dir, 'kafka', `${id}.properties`);

/** Files in memory: with them 100,000 logs are made in one minute, on a disk in six. */
const memory = '/dev/shm';
const neededBytes = 4 * 2 ** 30;

/** Where all brokers keep their logs: in memory where there is room. */
function dataDir(dir: string): string {
  const inMemory = join(memory, `lagscaler-${stackName(dir)}`);
  if (existsSync(inMemory)) return inMemory;
  const { bavail, bsize } = existsSync(memory) ? statfsSync(memory) : { bavail: 0, bsize: 0 };
  const hasRoom = bavail * bsize > neededBytes && freemem() > 2 * neededBytes;
  return hasRoom ? inMemory : join(dir, 'kafka', 'data');
}

/** Ends the brokers that run in a directory, whoever started them, and deletes their data. */
export async function purgeBrokers(dir: string): Promise<void> {
  await stopStack(dir, { purge: true });
  rmSync(join(memory, `lagscaler-${stackName(dir)}`), { recursive: true, force: true });
}

function brokerControls({ dir, jars, ports }: Software, id: number): ProcessControls {
  const { plaintext, controller } = brokerPorts(ports, id);
  const config = propertiesFile(dir, id);
  return controlsOf({
    name: `kafka-${id}`,
    command: javaCommand(),
    // Without log4j's settings it logs errors only: at creation a partition has three lines to say.
    args: [...javaArgs(jars, heap), 'kafka.Kafka', config],
    pidFile: join(dir, 'run', `kafka-${id}.pid`),
    logFile: join(dir, 'logs', `kafka-${id}.log`),
    ports: [plaintext, controller],
    isReady: () => isListening(plaintext),
    readyWithinMs: 120_000,
    stopWithinMs: 0,
  });
}
