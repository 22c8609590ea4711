/** `make verify`: every kustomization builds and every YAML document of the repository parses. */
import { execFileSync } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { parseAllDocuments } from 'yaml';
import { controlPlaneBinaries } from './local/binaries.ts';

export async function verifyManifests(): Promise<number> {
  const { kubectl } = await controlPlaneBinaries();
  const kustomizations = globSync('deploy/**/kustomization.yaml');
  const files = globSync(['crds/*.yaml', 'samples/*.yaml', 'deploy/**/*.yaml']);
  const problems: string[] = [];
  let objects = 0;
  for (const file of files) problems.push(...parseProblems(file));
  for (const file of kustomizations) {
    const folder = file.replace(/\/kustomization\.yaml$/, '');
    try {
      objects += parseAllDocuments(
        execFileSync(kubectl, ['kustomize', folder], { encoding: 'utf8' }),
      ).length;
    } catch (error) {
      problems.push(`${folder}: ${error instanceof Error ? error.message : error}`);
    }
  }
  for (const problem of problems) console.error(problem);
  console.log(`${files.length} files, ${kustomizations.length} kustomizations, ${objects} objects`);
  return problems.length === 0 && objects > 0 ? 0 : 1;
}

function parseProblems(file: string): string[] {
  return parseAllDocuments(readFileSync(file, 'utf8')).flatMap((document) =>
    document.errors.map((error) => `${file}: ${error.message}`),
  );
}
