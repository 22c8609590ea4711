import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { withLock } from './lock.ts';
import { cacheDir, type Env } from './paths.ts';
import { consoleProgress, type Progress } from './progress.ts';
import { run } from './run.ts';
import { go, requireTools } from './tools.ts';

const kubernetesVersion = 'v1.34.4';
const moduleDir = join(import.meta.dirname, 'control-plane');

/** How each binary is built, and what its version command prints. */
const recipes = {
  etcd: {
    package: 'go.etcd.io/etcd/server/v3',
    versionArgs: ['--version'],
    version: /etcd Version: 3\.6\./,
  },
  'kube-apiserver': kubernetes('kube-apiserver', ['--version']),
  'kube-controller-manager': kubernetes('kube-controller-manager', ['--version']),
  'kube-scheduler': kubernetes('kube-scheduler', ['--version']),
  kubectl: kubernetes('kubectl', ['version', '--client']),
} as const satisfies Record<string, Recipe>;

interface Recipe {
  readonly package: string;
  readonly versionArgs: readonly string[];
  readonly version: RegExp;
}

type BinaryName = keyof typeof recipes;
const names = Object.keys(recipes) as BinaryName[];

/** The path of each control-plane binary. */
export type Binaries = Readonly<Record<BinaryName, string>>;

function kubernetes(command: string, versionArgs: readonly string[]): Recipe {
  // Same minor is enough: the API the specs use does not change in a patch release.
  return { package: `k8s.io/kubernetes/cmd/${command}`, versionArgs, version: /v1\.34\./ };
}

/** Without its version a Kubernetes binary calls itself v0.0.0 and switches features off. */
export function buildFlags(): string[] {
  const [major = '', minor = ''] = kubernetesVersion.slice(1).split('.');
  const values = {
    gitVersion: kubernetesVersion,
    gitMajor: major,
    gitMinor: minor,
    gitTreeState: 'clean',
  };
  const stamps = ['k8s.io/component-base/version', 'k8s.io/client-go/pkg/version'].flatMap((path) =>
    Object.entries(values).map(([key, value]) => `-X ${path}.${key}=${value}`),
  );
  return ['-trimpath', '-mod=readonly', '-ldflags', ['-s -w', ...stamps].join(' ')];
}

/**
 * Names the folder of a build by all that goes into it.
 * @returns 16 hex digits
 */
export function buildHash(parts: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 16);
}

/**
 * The control plane's binaries: the machine's own where the version is right, else from the cache, else built.
 * @throws Error when Go is needed and missing, or a build fails
 */
export async function controlPlaneBinaries(
  progress: Progress = consoleProgress(),
  signal: AbortSignal = new AbortController().signal,
): Promise<Binaries> {
  const installed = await findInstalled();
  if (!areComplete(installed)) await requireTools([go]);
  return buildMissing(installed, progress, signal);
}

/** Binaries that the machine brings along, in the right version. */
export async function findInstalled(env: Env = process.env): Promise<Partial<Binaries>> {
  const dirs = [env['KUBEBUILDER_ASSETS'], ...(env['PATH'] ?? '').split(delimiter)];
  const found = await Promise.all(
    names.map(async (name) => [name, await firstWithVersion(name, dirs)] as const),
  );
  return Object.fromEntries(found.filter(([, path]) => path !== undefined));
}

async function firstWithVersion(
  name: BinaryName,
  dirs: readonly (string | undefined)[],
): Promise<string | undefined> {
  for (const dir of dirs) {
    const path = dir ? join(dir, name) : '';
    if (existsSync(path) && (await hasVersion(name, path))) return path;
  }
  return undefined;
}

async function hasVersion(name: BinaryName, path: string): Promise<boolean> {
  const { versionArgs, version } = recipes[name];
  const printed = await run(path, versionArgs, { timeoutMs: 20_000 }).catch(() => '');
  return version.test(printed);
}

/** @returns whether all binaries are here, so that Go is not needed */
export function areComplete(binaries: Partial<Binaries>): binaries is Binaries {
  return names.every((name) => binaries[name] !== undefined);
}

/**
 * The control plane's binaries: those given, the others from the cache, and what is missing there is built.
 * @throws CommandError with the end of the build's output
 */
export async function buildMissing(
  installed: Partial<Binaries>,
  progress: Progress,
  signal: AbortSignal,
): Promise<Binaries> {
  if (areComplete(installed)) return installed;
  const dir = await buildDir();
  const built = Object.fromEntries(names.map((name) => [name, join(dir, name)])) as Binaries;
  const wanted = names.filter((name) => installed[name] === undefined);
  if (!wanted.every((name) => existsSync(built[name]))) {
    mkdirSync(dir, { recursive: true });
    const onWait = () => progress.note('another build of the control plane is under way: waiting');
    await withLock(dir, () => build(dir, wanted, progress, signal), { signal, onWait });
  }
  return { ...built, ...installed };
}

async function buildDir(): Promise<string> {
  // Asked in the module's folder, where Go may choose another toolchain than it has on PATH.
  const goVersion = await run('go', ['env', 'GOVERSION', 'GOOS', 'GOARCH'], { cwd: moduleDir });
  const files = ['go.mod', 'go.sum'].map((file) => readFileSync(join(moduleDir, file), 'utf8'));
  return join(cacheDir(), 'control-plane', buildHash([...files, ...buildFlags(), goVersion]));
}

/** Runs under the lock. Each binary is moved into place once it is whole and verified: an interrupted build goes on with the next. */
async function build(
  dir: string,
  wanted: readonly BinaryName[],
  progress: Progress,
  signal: AbortSignal,
): Promise<void> {
  for (const file of readdirSync(dir).filter((name) => name.startsWith('building-')))
    rmSync(join(dir, file)); // left by a build that was interrupted
  const missing = wanted.filter((name) => !existsSync(join(dir, name)));
  if (missing.length > 0)
    progress.note(
      `building ${missing.join(', ')} ${kubernetesVersion}: the first time takes 5 to 15 minutes, then never again`,
    );
  for (const name of missing)
    await progress.step(`build ${name}`, (update) => buildOne(name, dir, update, signal));
}

async function buildOne(
  name: BinaryName,
  dir: string,
  update: (detail: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const temporary = join(dir, `building-${name}-${process.pid}`);
  let compiled = 0;
  let downloaded = 0;
  const onLine = (line: string) => {
    if (line.startsWith('go: downloading')) downloaded++;
    else if (/^[\w./-]+$/.test(line)) compiled++;
    update(tellBuild(downloaded, compiled));
  };
  await run('go', ['build', '-v', ...buildFlags(), '-o', temporary, recipes[name].package], {
    cwd: moduleDir,
    env: { CGO_ENABLED: '0' },
    signal,
    timeoutMs: 60 * 60_000,
    onLine,
  });
  if (!(await hasVersion(name, temporary)))
    throw new Error(`the ${name} just built does not tell the version ${recipes[name].version}`);
  renameSync(temporary, join(dir, name));
}

function tellBuild(downloaded: number, compiled: number): string {
  const modules = downloaded > 0 ? `${downloaded} modules downloaded, ` : '';
  return `${modules}${compiled} packages compiled`;
}
