import { compile, type JSONSchema } from 'json-schema-to-typescript';
import { type Crd, isRequired, isReserved, partOf, type Schema } from './crd.ts';

/** Names of the types; objects that are not here are named after their field. */
const typeNames: Readonly<Record<string, string>> = {
  spec: 'KafkaConsumerScalerSpec',
  status: 'KafkaConsumerScalerStatus',
  caSecretRef: 'SecretKeyRef',
  caConfigMapRef: 'ConfigMapKeyRef',
  certSecretRef: 'SecretKeyRef',
  keySecretRef: 'SecretKeyRef',
  secretRef: 'CredentialsSecretRef',
  scaleUp: 'ScaleRules',
  scaleDown: 'ScaleRules',
  policies: 'ScalePolicy',
  steps: 'DecisionStep',
  history: 'HistoryEntry',
  floors: 'Floor',
  stalledPartitions: 'StalledPartition',
  downWindow: 'NeededReplicas',
};

const header = `// Generated from crds/ by operator/scripts/generate-api.ts: do not edit; run \`npm run generate\`.
// Types of a resource as the API server returns it: a field with a default is always there.
import type { Condition } from './conditions.ts';
`;

/**
 * types.gen.ts for a CRD.
 * @throws Error when two objects with one type name differ
 */
export async function generateTypes(crd: Crd): Promise<string> {
  const definitions: Record<string, JSONSchema> = {};
  for (const part of ['spec', 'status'] as const) {
    toJsonSchema(partOf(crd, part), part, definitions);
  }
  const types = await compile({ definitions }, '', {
    additionalProperties: false,
    bannerComment: '',
    ignoreMinAndMaxItems: true,
    style: { singleQuote: true, printWidth: 100 },
    unreachableDefinitions: true,
  });
  return `${header}\n${readonlyMembers(withoutOrigin(types))}`;
}

/** One schema as the compiler wants it; named objects go to `definitions`. */
function toJsonSchema(
  schema: Schema,
  name: string,
  definitions: Record<string, JSONSchema>,
): JSONSchema {
  if (name === 'conditions') return { ...describe(schema), tsType: 'readonly Condition[]' };
  if (schema.items) {
    return {
      ...describe(schema),
      type: 'array',
      items: toJsonSchema(schema.items, name, definitions),
    };
  }
  if (schema.additionalProperties) {
    const values = schema.additionalProperties.type;
    return { ...describe(schema), tsType: `Readonly<Record<string, ${values}>>` };
  }
  if (schema.type !== 'object') {
    return { ...describe(schema), type: schema.type as 'string', ...enumOf(schema) };
  }
  const typeName = typeNames[name] ?? name.charAt(0).toUpperCase() + name.slice(1);
  define(typeName, objectSchema(schema, definitions), definitions);
  return { $ref: `#/definitions/${typeName}` };
}

function objectSchema(schema: Schema, definitions: Record<string, JSONSchema>): JSONSchema {
  const properties = Object.entries(schema.properties ?? {}).filter(([, p]) => !isReserved(p));
  return {
    ...describe(schema),
    type: 'object',
    properties: Object.fromEntries(
      properties.map(([name, p]) => [name, toJsonSchema(p, name, definitions)]),
    ),
    required: properties
      .filter(([name, p]) => isRequired(schema, name) || p.default !== undefined)
      .map(([name]) => name),
  };
}

function define(name: string, schema: JSONSchema, definitions: Record<string, JSONSchema>): void {
  const before = definitions[name];
  if (before && shapeOf(before) !== shapeOf(schema)) {
    throw new Error(`two objects of different shape are named ${name}: extend typeNames`);
  }
  definitions[name] ??= schema;
}

/** What makes a type: everything except the descriptions. */
function shapeOf(schema: JSONSchema): string {
  return JSON.stringify(schema, (key, value) => (key === 'description' ? undefined : value));
}

function describe(schema: Schema): JSONSchema {
  return schema.description === undefined ? {} : { description: schema.description };
}

function enumOf(schema: Schema): JSONSchema {
  return schema.enum ? { enum: [...schema.enum] } : {};
}

/** The compiler adds to each definition where it came from, which is always this file. */
function withoutOrigin(types: string): string {
  return types.replaceAll(/ \*\n \* This interface was referenced by [^\n]*\n[^\n]*\n/g, '');
}

/** Cached objects are shared: nobody may change them. The compiler has no option for this. */
function readonlyMembers(types: string): string {
  return types
    .replaceAll(/^( +)(\w+\??:)/gm, '$1readonly $2')
    .replaceAll(/(: )(\w+\[\];)$/gm, '$1readonly $2');
}
