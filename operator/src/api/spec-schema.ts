/** The part of a structural schema that fills in defaults and finds mistakes. */
export interface SpecSchema {
  readonly type: string;
  readonly default?: unknown;
  readonly enum?: readonly string[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly required?: readonly string[];
  /** Absent: any field may stand here. */
  readonly properties?: Readonly<Record<string, SpecSchema>>;
  readonly items?: SpecSchema;
}

interface Completed {
  readonly value: unknown;
  /** One for each mistake, such as `spec.maxReplicas is required`; empty when the value is right. */
  readonly problems: readonly string[];
}

/**
 * A value as the API server would store it: checked, with the defaults of the schema. Rules between fields
 * (CEL) are left out.
 * @param path of the value, for the problems
 */
export function complete(value: unknown, schema: SpecSchema, path: string): Completed {
  const problem = problemOf(value, schema, path);
  if (problem) return { value, problems: [problem] };
  if (schema.items) return completeList(value as readonly unknown[], schema.items, path);
  if (schema.properties) return completeObject(value as Fields, schema, path);
  return { value, problems: [] };
}

type Fields = Readonly<Record<string, unknown>>;

function problemOf(value: unknown, schema: SpecSchema, path: string): string | undefined {
  const type = typeOf(value);
  if (type !== schema.type) return `${path} must be ${nouns[schema.type]}, not ${nouns[type]}`;
  const { enum: choices, minimum, maximum } = schema;
  if (choices && !choices.includes(value as string))
    return `${path} must be one of ${choices.join(', ')}, not ${value}`;
  if (minimum !== undefined && (value as number) < minimum)
    return `${path} must be at least ${minimum}, not ${value}`;
  if (maximum !== undefined && (value as number) > maximum)
    return `${path} must be at most ${maximum}, not ${value}`;
  return undefined;
}

const nouns: Readonly<Record<string, string>> = {
  object: 'an object',
  array: 'a list',
  string: 'a string',
  integer: 'an integer',
  number: 'a number',
  boolean: 'true or false',
  null: 'empty',
};

function typeOf(value: unknown): string {
  if (Array.isArray(value)) return 'array';
  if (value === null || value === undefined) return 'null';
  return typeof value === 'number' && Number.isInteger(value) ? 'integer' : typeof value;
}

function completeList(list: readonly unknown[], items: SpecSchema, path: string): Completed {
  const completed = list.map((item, i) => complete(item, items, `${path}[${i}]`));
  return {
    value: completed.map(({ value }) => value),
    problems: completed.flatMap(({ problems }) => problems),
  };
}

function completeObject(object: Fields, schema: SpecSchema, path: string): Completed {
  const { properties = {}, required = [] } = schema;
  const unknown = Object.keys(object).filter((name) => !(name in properties));
  const missing = required.filter((name) => object[name] === undefined);
  const fields = Object.entries(properties).flatMap(([name, child]) => {
    const value = object[name] === undefined ? child.default : object[name];
    return value === undefined ? [] : [{ name, ...complete(value, child, `${path}.${name}`) }];
  });
  return {
    value: Object.fromEntries(fields.map(({ name, value }) => [name, value])),
    problems: [
      ...unknown.map((name) => `${path}.${name} is no field of this version`),
      ...missing.map((name) => `${path}.${name} is required`),
      ...fields.flatMap(({ problems }) => problems),
    ],
  };
}
