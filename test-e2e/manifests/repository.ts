import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { basesOf, lintDockerfile } from './dockerfile.ts';
import { idleWithoutDigest } from './images.ts';
import { lintManifest, type RuleName } from './lint.ts';
import { applicableSources, kustomizations, manifestsIn, repository } from './sources.ts';
import { containersOf, workloadOf } from './workload.ts';

/** What a rule is not for, and why. One that is not needed is a problem of its own. */
const exempt: Readonly<
  Record<string, { readonly rules: readonly RuleName[]; readonly why: string }>
> = {
  'Deployment/loadgen': { rules: ['probes', 'preStop'], why: 'nobody sends anything to a client' },
  'Deployment/lagscaler': {
    rules: ['shutdown'],
    why: 'it has no SHUTDOWN_TIMEOUT_MS: it stops within 4.5 s, as shutdownMs of its main.ts says',
  },
  'Deployment/placeholder': {
    rules: ['probes', 'preStop', 'shutdown'],
    why: 'it does nothing, and must leave at once',
  },
};

export interface Checked {
  readonly objects: number;
  readonly problems: readonly string[];
}

/**
 * Lints every kustomization of deploy/ as it is built, every sample, every YAML block of the
 * documentation and every Dockerfile.
 * @param build `kubectl kustomize` for a folder, given from the root of the repository
 */
export async function lintRepository(build: (folder: string) => Promise<string>): Promise<Checked> {
  const built = kustomizations().map(async (name) => ({ name, text: await build(name) }));
  const sources = [...(await Promise.all(built)), ...applicableSources()];
  const used = new Set<string>();
  const images: string[] = [];
  let objects = 0;
  const problems = sources.flatMap((source) =>
    manifestsIn(source).flatMap((manifest) => {
      objects++;
      images.push(...containersOf(workloadOf(manifest)).map(({ image }) => image ?? ''));
      return lintManifest(manifest).flatMap(({ object, rule, problem }) => {
        const spared = exempt[object]?.rules.includes(rule);
        if (spared) used.add(`${object} ${rule}`);
        return spared ? [] : [`${source.name}: ${object}: ${rule}: ${problem}`];
      });
    }),
  );
  const idle = [...idleExemptions(used), ...idleWithoutDigest([...images, ...bases()])];
  return { objects, problems: [...problems, ...idle, ...dockerfileProblems()] };
}

function idleExemptions(used: ReadonlySet<string>): readonly string[] {
  const all = Object.entries(exempt).flatMap(([object, { rules }]) =>
    rules.map((rule) => `${object} ${rule}`),
  );
  return all.filter((each) => !used.has(each)).map((each) => `no need to exempt ${each}`);
}

function dockerfileProblems(): readonly string[] {
  const files = dockerfiles();
  if (files.length < 5) return [`only ${files.length} Dockerfiles were found`];
  return files.flatMap(({ file, text }) => lintDockerfile(text).map((each) => `${file}: ${each}`));
}

const bases = () => dockerfiles().flatMap(({ text }) => basesOf(text));

function dockerfiles() {
  const files = globSync(['*/Dockerfile', '*/*/Dockerfile', 'test-e2e/local/**/Dockerfile'], {
    cwd: repository,
    exclude: (path) => path.includes('node_modules'),
  });
  return files.map((file) => ({ file, text: readFileSync(join(repository, file), 'utf8') }));
}
