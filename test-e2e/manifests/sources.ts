import { globSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { parseAllDocuments } from 'yaml';
import type { Manifest } from './workload.ts';

export const repository = resolve(import.meta.dirname, '../..');

const ignored: ReadonlySet<string> = new Set(['node_modules', '.git', '.stack', '.demo', '.bench']);
const binary = /\.(png|gif|jpe?g|ico|gz|zip|jar|p12)$/;

/** Every text file of the repository but the lock file, as paths from its root. */
export function textFiles(): readonly string[] {
  const files = globSync(['**/*', '.*/**/*', '.*'], {
    cwd: repository,
    withFileTypes: true,
    exclude: (entry) => ignored.has(entry.name),
  });
  const paths = files
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(repository.length + 1));
  return paths.filter((path) => !binary.test(path) && path !== 'package-lock.json').sort();
}

/** The folders that `kubectl apply -k` takes. */
export function kustomizations(): readonly string[] {
  return globSync('deploy/**/kustomization.yaml', { cwd: repository }).map(dirname).sort();
}

export interface Source {
  /** Where people find it, e.g. `README.md, YAML block 1`. */
  readonly name: string;
  readonly text: string;
}

/** YAML that people apply as it is: the samples, and what the documentation shows. */
export function applicableSources(): readonly Source[] {
  const read = (path: string) => readFileSync(join(repository, path), 'utf8');
  const samples = globSync('samples/*.yaml', { cwd: repository }).sort();
  const pages = textFiles().filter((path) => path.endsWith('.md'));
  return [
    ...samples.map((path) => ({ name: path, text: read(path) })),
    ...pages.flatMap((path) =>
      yamlBlocks(read(path)).map((text, at) => ({ name: `${path}, YAML block ${at + 1}`, text })),
    ),
  ];
}

/** What stands between ```yaml and ``` in a Markdown text, without the indentation of a list. */
export function yamlBlocks(markdown: string): readonly string[] {
  const fence = /^([ \t]*)```ya?ml\b.*\n([\s\S]*?)^\1```\s*$/gm;
  return [...markdown.matchAll(fence)].map(([, indentation = '', text = '']) =>
    text
      .split('\n')
      .map((line) => (line.startsWith(indentation) ? line.slice(indentation.length) : line))
      .join('\n'),
  );
}

/**
 * The Kubernetes objects of a YAML text; what has no apiVersion and kind, such as an extract, is left out.
 * @throws Error with all that is not YAML
 */
export function manifestsIn({ name, text }: Source): readonly Manifest[] {
  const documents = parseAllDocuments(text);
  const errors = documents.flatMap((document) => document.errors.map(({ message }) => message));
  if (errors.length > 0) throw new Error(`${name}: ${errors.join('\n')}`);
  const values: (Manifest | null)[] = documents.map((document) => document.toJS());
  return values.filter(
    (value): value is Manifest => Boolean(value?.apiVersion) && Boolean(value?.kind),
  );
}
