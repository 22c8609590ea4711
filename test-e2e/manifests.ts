/** `make verify`: every kustomization builds, all YAML parses, and the manifests keep the rules of lint.ts. */
import { globSync, readFileSync } from 'node:fs';
import { parseAllDocuments } from 'yaml';
import { controlPlaneBinaries } from './local/binaries.ts';
import { run } from './local/run.ts';
import { lintRepository } from './manifests/repository.ts';

export async function verifyManifests(): Promise<number> {
  const { kubectl } = await controlPlaneBinaries();
  const files = globSync(['crds/*.yaml', 'samples/*.yaml', 'deploy/**/*.yaml']);
  const unbuilt: string[] = [];
  const build = (folder: string) =>
    run(kubectl, ['kustomize', folder]).catch((error: Error) => {
      unbuilt.push(`${folder}: ${error.message}`);
      return '';
    });
  const { objects, problems } = await lintRepository(build);
  const all = [...files.flatMap(parseProblems), ...unbuilt, ...problems];
  for (const problem of all) console.error(problem);
  console.log(`${files.length} files, ${objects} objects`);
  return all.length === 0 && objects > 0 ? 0 : 1;
}

function parseProblems(file: string): string[] {
  return parseAllDocuments(readFileSync(file, 'utf8')).flatMap((document) =>
    document.errors.map((error) => `${file}: ${error.message}`),
  );
}
