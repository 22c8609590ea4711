import { createHash } from 'node:crypto';
import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { classPathOf, type JarSet, jarsDir, provideJars } from './maven-jars.ts';
import { portRegistry } from './paths.ts';
import { choosePorts } from './ports.ts';
import { controlsOf, endProcess, logSince } from './process.ts';
import type { Progress } from './progress.ts';
import { run } from './run.ts';
import { javaCommand } from './tools.ts';

/** Broker, command line tools and logger. */
export const kafkaJarSet: JarSet = {
  name: 'kafka',
  title: 'Kafka',
  pom: join(import.meta.dirname, 'kafka', 'pom.xml'),
};

/** How to run a class of Kafka. */
export interface KafkaJars {
  /** A path with a wildcard, as `java -cp` takes it. */
  readonly classPath: string;
  /** Classes already parsed: a broker starts in half the CPU time with it. */
  readonly archive: string;
}

/**
 * Kafka's jars from the cache; fetched when they are not there.
 * @throws CommandError with the end of Maven's output
 */
export async function fetchKafkaJars(progress: Progress, signal: AbortSignal): Promise<KafkaJars> {
  const dir = jarsDir(kafkaJarSet);
  const archive = join(dir, `${await javaHash()}.jsa`);
  const product = {
    title: 'archive Kafka classes',
    path: archive,
    make: (until: AbortSignal) => archiveClasses(dir, archive, until),
  };
  await provideJars(kafkaJarSet, product, progress, signal);
  return { classPath: classPathOf(kafkaJarSet), archive };
}

/** An archive fits one Java only. */
async function javaHash(): Promise<string> {
  const lines: string[] = [];
  await run(javaCommand(), ['-version'], { onLine: (line) => lines.push(line) });
  return createHash('sha256').update(lines.join('\n')).digest('hex').slice(0, 16);
}

/** Runs a broker until it is up, on data of its own; at its end Java writes the classes it had loaded. */
async function archiveClasses(dir: string, archive: string, signal: AbortSignal): Promise<void> {
  const work = join(dir, 'archiving');
  await endProcess(join(work, 'pid'), 0); // left by an attempt that was interrupted
  rmSync(work, { recursive: true, force: true });
  const { port } = await choosePorts(work, portRegistry());
  const config = join(work, 'server.properties');
  writeFileSync(config, throwAwayBroker(work, port(0), port(1)));
  const java = ['-Xmx400m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1'];
  const classPath = ['-cp', classPathOf(kafkaJarSet)];
  const format = ['kafka.tools.StorageTool', 'format', '-t', 'AAAAAAAAAAAAAAAAAAAAAQ'];
  await run(javaCommand(), [...java, ...classPath, ...format, '-c', config], { signal });
  const temporary = `${archive}.new`;
  const broker = controlsOf({
    name: 'the broker whose classes are archived',
    command: javaCommand(),
    args: [
      ...java,
      `-XX:ArchiveClassesAtExit=${temporary}`,
      log4j,
      ...classPath,
      'kafka.Kafka',
      config,
    ],
    pidFile: join(work, 'pid'),
    logFile: join(work, 'log'),
    ports: [port(0), port(1)],
    isReady: async () => logSince(join(work, 'log'), 0).includes('Kafka Server started'),
    readyWithinMs: 60_000,
    stopWithinMs: 60_000,
  });
  try {
    await broker.start(signal);
  } finally {
    await broker.stop();
  }
  renameSync(temporary, archive);
  rmSync(work, { recursive: true });
}

/** Makes a broker log to its standard output. */
export const log4j = `-Dlog4j2.configurationFile=${join(import.meta.dirname, 'kafka', 'log4j2.xml')}`;

function throwAwayBroker(dir: string, port: number, controllerPort: number): string {
  return [
    'node.id=1',
    'process.roles=broker,controller',
    `controller.quorum.voters=1@127.0.0.1:${controllerPort}`,
    `listeners=PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}`,
    'controller.listener.names=CONTROLLER',
    `log.dirs=${join(dir, 'data')}`,
    '',
  ].join('\n');
}
