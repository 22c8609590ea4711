import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { generateTypes } from './api-types.ts';
import { readCrd } from './crd.ts';
import { generateReference } from './reference.ts';
import { generateSpecSchema } from './spec-schema.ts';

/**
 * Writes what is derived from the CRD: the types, the schema of the spec and the API reference.
 * With `--check` it writes nothing and exits 1 when one of them is out of date.
 */
const crd = readCrd();
const outputs = [
  { url: new URL('../src/api/types.gen.ts', import.meta.url), text: await generateTypes(crd) },
  {
    url: new URL('../src/api/spec-schema.gen.ts', import.meta.url),
    text: generateSpecSchema(crd),
  },
  { url: new URL('../../docs/reference.md', import.meta.url), text: generateReference(crd) },
];

if (process.argv.includes('--check')) {
  const stale = outputs.filter(({ url, text }) => textOf(url) !== text);
  for (const { url } of stale) {
    console.error(`${fileURLToPath(url)} is out of date: run \`npm run generate\``);
  }
  process.exitCode = stale.length > 0 ? 1 : 0;
} else {
  for (const { url, text } of outputs) writeFileSync(url, text);
}

function textOf(url: URL): string | undefined {
  try {
    return readFileSync(url, 'utf8');
  } catch {
    return undefined; // not generated yet: out of date
  }
}
