import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { lintDockerfile } from './dockerfile.ts';
import { lintManifest, type RuleName } from './lint.ts';
import { applicableSources, kustomizations, manifestsIn, repository } from './sources.ts';

/** What a rule is not for, and why. One that is not needed is a problem of its own. */
const exempt: Readonly<
  Record<string, { readonly rules: readonly RuleName[]; readonly why: string }>
> = {
  'Deployment/loadgen': { rules: ['probes', 'preStop'], why: 'nobody sends anything to a client' },
  'Deployment/placeholder': {
    rules: ['probes', 'preStop'],
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
  let objects = 0;
  const problems = sources.flatMap((source) =>
    manifestsIn(source).flatMap((manifest) => {
      objects++;
      return lintManifest(manifest).flatMap(({ object, rule, problem }) => {
        const spared = exempt[object]?.rules.includes(rule);
        if (spared) used.add(`${object} ${rule}`);
        return spared ? [] : [`${source.name}: ${object}: ${rule}: ${problem}`];
      });
    }),
  );
  return { objects, problems: [...problems, ...idleExemptions(used), ...dockerfileProblems()] };
}

function idleExemptions(used: ReadonlySet<string>): readonly string[] {
  const all = Object.entries(exempt).flatMap(([object, { rules }]) =>
    rules.map((rule) => `${object} ${rule}`),
  );
  return all.filter((each) => !used.has(each)).map((each) => `no need to exempt ${each}`);
}

function dockerfileProblems(): readonly string[] {
  const files = globSync(['*/Dockerfile', '*/*/Dockerfile', 'test-e2e/local/**/Dockerfile'], {
    cwd: repository,
    exclude: (path) => path.includes('node_modules'),
  });
  if (files.length < 5) return [`only ${files.length} Dockerfiles were found`];
  return files.flatMap((file) =>
    lintDockerfile(readFileSync(join(repository, file), 'utf8')).map((each) => `${file}: ${each}`),
  );
}
