import { type Crd, type Field, fieldsOf, partOf, type Schema } from './crd.ts';

/** docs/reference.md for a CRD: every field with type, default and meaning, and every rule. */
export function generateReference(crd: Crd): string {
  const { group, names, versions } = crd.spec;
  return `${[
    '<!-- Generated from crds/ by operator/scripts/generate-api.ts: do not edit; run `npm run generate`. -->',
    `# ${names.kind} (${group}/${versions[0].name})`,
    'Every field, straight from the schema that the API server enforces. `kubectl explain kcs.spec` shows the same texts; [samples](../samples) shows them in use, [sizing.md](sizing.md) says what the numbers of `spec.sizing` do.',
    'Units are in the names of the fields or in the description. A field with a default may be left out; a field without one may be left out unless it is required.',
    ...sections(partOf(crd, 'spec'), 'spec'),
    '## Rules across fields',
    'The API server refuses a resource that breaks one of these, with this message.',
    rules(partOf(crd, 'spec'), 'spec')
      .map(([path, message]) => `- \`${path}\`: ${message}`)
      .join('\n'),
    ...sections(partOf(crd, 'status'), 'status'),
    '## Columns of `kubectl get kcs`',
    table(
      ['Column', 'Shown', 'From'],
      versions[0].additionalPrinterColumns.map((c) => [
        c.name,
        c.priority ? 'with `-o wide`' : 'always',
        `\`${c.jsonPath}\``,
      ]),
    ),
  ].join('\n\n')}\n`;
}

/** One heading and table per object, parents first. */
function sections(schema: Schema, path: string): string[] {
  const all = fieldsOf(schema, path);
  const objects = [
    { path, schema },
    ...all
      .filter((f) => isObject(objectOf(f.schema)))
      .map((f) => ({ path: f.schema.items ? `${f.path}[]` : f.path, schema: f.schema })),
  ];
  return objects.flatMap((object) => [
    `## ${object.path}`,
    object.schema.description ?? '',
    table(['Field', 'Type', 'Default', 'Meaning'], all.filter(isIn(object.path)).map(row)),
  ]);
}

const isIn = (path: string) => (field: Field) =>
  field.path.slice(0, field.path.lastIndexOf('.')) === path;

function row({ path, schema, required }: Field): string[] {
  const name = path.slice(path.lastIndexOf('.') + 1);
  return [`\`${name}\``, typeOf(schema), defaultOf(schema, required), schema.description ?? ''];
}

function objectOf(schema: Schema): Schema {
  return schema.items ?? schema;
}

/** A map has no fields of its own. */
const isObject = (schema: Schema): boolean =>
  schema.type === 'object' && schema.additionalProperties === undefined;

function typeOf(schema: Schema): string {
  if (schema.items) return `list of ${typeOf(schema.items)}`;
  if (schema.additionalProperties) return `map of ${typeOf(schema.additionalProperties)}`;
  return schema.enum?.map((value) => `\`${value}\``).join(', ') ?? schema.format ?? schema.type;
}

function defaultOf(schema: Schema, required: boolean): string {
  if (required) return 'required';
  return schema.default === undefined ? '' : `\`${JSON.stringify(schema.default)}\``;
}

function rules(schema: Schema, path: string): readonly (readonly [string, string])[] {
  const own = (schema['x-kubernetes-validations'] ?? []).map(
    (v) => [`${path}${v.fieldPath ?? ''}`, v.message] as const,
  );
  const children = Object.entries(schema.properties ?? {});
  const below = children.flatMap(([name, child]) => rules(child, `${path}.${name}`));
  const values = schema.items ?? schema.additionalProperties;
  return [...own, ...below, ...(values ? rules(values, `${path}[]`) : [])];
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|').replaceAll('<', '&lt;')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}
