import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { withLock } from './lock.ts';
import { cacheDir } from './paths.ts';
import type { Progress } from './progress.ts';
import { run } from './run.ts';

/** Java programs that Maven fetches: the jars that a pom of this folder names. */
export interface JarSet {
  /** Its folder in the cache. */
  readonly name: string;
  readonly title: string;
  readonly pom: string;
  /** Other files that what is made from the jars depends on. */
  readonly sources?: readonly string[];
}

/** The folder in the cache that all of it is kept in, named by the hash of what goes into it. */
export function jarsDir({ name, pom, sources = [] }: JarSet): string {
  const hash = createHash('sha256');
  for (const file of [pom, ...sources]) hash.update(readFileSync(file));
  return join(cacheDir(), name, hash.digest('hex').slice(0, 16));
}

/** As `java -cp` takes it. */
export function classPathOf(set: JarSet): string {
  return join(jarsDir(set), 'libs', '*');
}

/** @returns whether the jars are in the cache, so that Maven is not needed */
export function haveJars(set: JarSet): boolean {
  return existsSync(join(jarsDir(set), 'libs'));
}

/** What is made from the jars once and kept beside them. */
export interface JarProduct {
  readonly title: string;
  readonly path: string;
  make(signal: AbortSignal): Promise<void>;
}

/**
 * Fetches the jars and makes the product, unless both are in the cache.
 * @throws CommandError with the end of the output of Maven, or of what makes the product
 */
export async function provideJars(
  set: JarSet,
  product: JarProduct,
  progress: Progress,
  signal: AbortSignal,
): Promise<void> {
  if (haveJars(set) && existsSync(product.path)) return;
  const dir = jarsDir(set);
  mkdirSync(dir, { recursive: true });
  const onWait = () => progress.note(`another process fetches the ${set.title} jars: waiting`);
  await withLock(
    dir,
    async () => {
      if (!haveJars(set))
        await progress.step(`fetch ${set.title} jars`, (update) => fetchJars(set, update, signal));
      if (!existsSync(product.path)) await progress.step(product.title, () => product.make(signal));
    },
    { signal, onWait },
  );
}

async function fetchJars(
  set: JarSet,
  update: (detail: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const dir = jarsDir(set);
  for (const name of readdirSync(dir).filter((file) => file.startsWith('fetching-')))
    rmSync(join(dir, name), { recursive: true }); // left by an interrupted one
  const temporary = join(dir, `fetching-${process.pid}`);
  let files = 0;
  const onLine = (line: string) => {
    if (line.includes('Downloaded from')) update(`${++files} files downloaded`);
  };
  const goal = ['dependency:copy-dependencies', '-DincludeScope=runtime'];
  await run('mvn', ['-B', '-f', set.pom, ...goal, `-DoutputDirectory=${temporary}`], {
    signal,
    onLine,
    timeoutMs: 30 * 60_000,
  });
  renameSync(temporary, join(dir, 'libs'));
}
