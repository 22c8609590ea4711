import { readFileSync } from 'node:fs';
import { parse } from 'yaml';

/** The parts of a structural schema that the generators and their tests look at. */
export interface Schema {
  readonly type: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly format?: string;
  readonly enum?: readonly string[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  /** Of a map: its values. */
  readonly additionalProperties?: Schema;
  readonly 'x-kubernetes-validations'?: readonly ValidationRule[];
}

export interface ValidationRule {
  readonly rule: string;
  readonly message: string;
  readonly fieldPath?: string;
}

export interface Crd {
  readonly spec: {
    readonly group: string;
    readonly names: { readonly kind: string; readonly plural: string };
    readonly versions: readonly [
      {
        readonly name: string;
        readonly additionalPrinterColumns: readonly PrinterColumn[];
        readonly schema: { readonly openAPIV3Schema: Schema };
      },
    ];
  };
}

export interface PrinterColumn {
  readonly name: string;
  readonly description?: string;
  readonly priority?: number;
  readonly jsonPath: string;
}

/** A field and where it is, such as `spec.kafka.bootstrapServers[]`. */
export interface Field {
  readonly path: string;
  readonly schema: Schema;
  readonly required: boolean;
}

export const crdUrl = new URL(
  '../../crds/kafkaconsumerscalers.lagscaler.dev.yaml',
  import.meta.url,
);

export function readCrd(): Crd {
  return parse(readFileSync(crdUrl, 'utf8')) as Crd;
}

/** `spec` or `status` of the only version. */
export function partOf(crd: Crd, part: 'spec' | 'status'): Schema {
  const schema = crd.spec.versions[0].schema.openAPIV3Schema.properties?.[part];
  if (!schema) throw new Error(`the schema of ${crd.spec.names.kind} has no ${part}`);
  return schema;
}

/** Declared only so that the API server can refuse it with a remedy; no part of types and docs. */
export function isReserved(schema: Schema): boolean {
  return schema.description?.startsWith('Not available') ?? false;
}

/**
 * Required by the schema, or by a rule whose message can name the remedy: `has(self.name)`, also with
 * alternatives `|| has(self.other)` when the others are reserved, as no stored object has those.
 */
export function isRequired(parent: Schema, name: string): boolean {
  const rules = parent['x-kubernetes-validations'] ?? [];
  return (
    (parent.required?.includes(name) ?? false) ||
    rules.some(({ rule }) => {
      const open = alternativesOf(rule).filter((other) => !isReservedIn(parent, other));
      return open.length === 1 && open[0] === name;
    })
  );
}

/** `['a', 'b']` for `has(self.a) || has(self.b)`; empty for any other rule. */
function alternativesOf(rule: string): readonly string[] {
  const names = rule.split('||').map((part) => /^has\(self\.(\w+)\)$/.exec(part.trim())?.[1]);
  return names.every((name) => name !== undefined) ? names : [];
}

function isReservedIn(parent: Schema, name: string): boolean {
  const schema = parent.properties?.[name];
  return schema !== undefined && isReserved(schema);
}

/** Every field below `schema`, parents first, array items as `path[]`; reserved ones left out. */
export function fieldsOf(schema: Schema, path: string): readonly Field[] {
  const children = Object.entries(schema.properties ?? {})
    .filter(([, child]) => !isReserved(child))
    .flatMap(([name, child]) => {
      const field = { path: `${path}.${name}`, schema: child, required: isRequired(schema, name) };
      return [field, ...fieldsOf(child, field.path)];
    });
  return schema.items ? [...children, ...fieldsOf(schema.items, `${path}[]`)] : children;
}
