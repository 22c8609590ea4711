import { type Crd, isRequired, isReserved, partOf, type Schema } from './crd.ts';

const header = `// Generated from crds/ by operator/scripts/generate-api.ts: do not edit; run \`npm run generate\`.
// What fills in and checks a spec where no API server does: structure, defaults and bounds.
import type { SpecSchema } from './spec-schema.ts';

`;

/** spec-schema.gen.ts for a CRD. */
export function generateSpecSchema(crd: Crd): string {
  const schema = JSON.stringify(reduce(partOf(crd, 'spec')), undefined, 2);
  return `${header}export const specSchema: SpecSchema = ${schema};\n`;
}

/** Without descriptions, CEL rules and what is reserved for later versions. */
function reduce(schema: Schema): object {
  const { type, default: fallback, enum: choices, minimum, maximum, items } = schema;
  const properties = Object.entries(schema.properties ?? {}).filter(
    ([, child]) => !isReserved(child),
  );
  const required = properties
    .filter(([name, child]) => isRequired(schema, name) && child.default === undefined)
    .map(([name]) => name);
  return {
    type,
    default: fallback,
    enum: choices,
    minimum,
    maximum,
    required: required.length > 0 ? required : undefined,
    properties: schema.properties && reduceAll(properties),
    items: items && reduce(items),
  };
}

function reduceAll(properties: readonly (readonly [string, Schema])[]): object {
  return Object.fromEntries(properties.map(([name, child]) => [name, reduce(child)]));
}
