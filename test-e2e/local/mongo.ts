import { existsSync, globSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { classPathOf, type JarSet, jarsDir, provideJars } from './maven-jars.ts';
import { isListening } from './ports.ts';
import { controlsOf, type ProcessControls } from './process.ts';
import type { Progress } from './progress.ts';
import { run } from './run.ts';
import { portsOf, type StackState } from './state.ts';
import { javaCommand, javac } from './tools.ts';

const folder = join(import.meta.dirname, 'mongo');
const sources = globSync(join(folder, 'server', '*.java')).sort();

/** A server that speaks MongoDB's wire protocol, and its storage; our own part of it is compiled once. */
export const mongoJarSet: JarSet = {
  name: 'mongo',
  title: 'MongoDB',
  pom: join(folder, 'pom.xml'),
  sources,
};

/** How to run the server. */
export interface MongoJars {
  /** As `java -cp` takes it. */
  readonly classPath: string;
}

/**
 * The server from the cache; fetched and compiled when it is not there.
 * @throws CommandError with the end of the output of Maven or the compiler
 */
export async function fetchMongoJars(progress: Progress, signal: AbortSignal): Promise<MongoJars> {
  const classes = classesDir();
  const product = {
    title: 'compile the MongoDB server',
    path: classes,
    make: (until: AbortSignal) => compile(classes, until),
  };
  await provideJars(mongoJarSet, product, progress, signal);
  return { classPath: `${classes}:${classPathOf(mongoJarSet)}` };
}

/** @returns whether the server is in the cache, so that no compiler is needed */
export function haveServer(): boolean {
  return existsSync(classesDir());
}

function classesDir(): string {
  return join(jarsDir(mongoJarSet), 'classes');
}

async function compile(classes: string, signal: AbortSignal): Promise<void> {
  const temporary = `${classes}.new`;
  rmSync(temporary, { recursive: true, force: true }); // left by an interrupted one
  const [command, ...args] = javac;
  // Only `java` itself understands the wildcard.
  const jars = globSync(`${classPathOf(mongoJarSet)}.jar`).join(':');
  const what = ['-cp', jars, '-d', temporary, ...sources];
  await run(command, [...args, ...what], { signal });
  renameSync(temporary, classes);
}

export function mongoControls(state: StackState): ProcessControls {
  const { dir } = state;
  const { mongo } = portsOf(state);
  // One collector thread and C1 code, as the brokers have: at rest it must cost next to nothing.
  const small = ['-Xmx256m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1'];
  return controlsOf({
    name: 'mongo',
    command: javaCommand(),
    args: [...small, '-cp', state.mongo.classPath, 'Main', String(mongo), join(dir, 'mongo')],
    pidFile: join(dir, 'run', 'mongo.pid'),
    logFile: join(dir, 'logs', 'mongo.log'),
    ports: [mongo],
    isReady: () => isListening(mongo),
    readyWithinMs: 60_000,
    stopWithinMs: 5_000,
  });
}

/** @param database one per service; the server knows no accounts */
export function mongoUrl(state: StackState, database: string): string {
  return `mongodb://127.0.0.1:${portsOf(state).mongo}/${database}`;
}
