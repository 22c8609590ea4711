import { readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';

const page = resolve(import.meta.dirname, '../../docs/benchmarks.md');

/**
 * Puts tables between `<!-- name -->` and `<!-- /name -->` of docs/benchmarks.md.
 * @throws Error when the page has no such pair
 */
export function updatePage(name: string, tables: string): void {
  writeFileSync(page, between(readFileSync(page, 'utf8'), name, tables));
}

export function between(text: string, name: string, tables: string): string {
  const [start, end] = [`<!-- ${name} -->\n`, `<!-- /${name} -->`];
  const [from, to] = [text.indexOf(start), text.indexOf(end)];
  if (from < 0 || to < from)
    throw new Error(`docs/benchmarks.md has no place for ${name}: add ${start.trim()} and ${end}`);
  return `${text.slice(0, from + start.length)}\n${tables.trim()}\n\n${text.slice(to)}`;
}
