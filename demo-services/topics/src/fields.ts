/** What has been found wrong so far, so that all of it can be told at once. */
export type Problems = string[];

interface IntegerRange {
  readonly min: number;
  readonly max: number;
}

/**
 * Reads typed fields out of one mapping of a YAML document. A bad value is noted under its path and
 * replaced, so that reading goes on.
 */
export class Fields {
  readonly #path: string;
  readonly #values: Readonly<Record<string, unknown>>;
  readonly #problems: Problems;

  /** @param path how people find this mapping, e.g. `topics.user-approve`; empty for the document */
  constructor(path: string, value: unknown, problems: Problems) {
    this.#path = path;
    this.#problems = problems;
    this.#values = isMapping(value) ? value : {};
    if (!isMapping(value)) {
      problems.push(`${path || 'the document'} is ${text(value)}: it must be a mapping`);
    }
  }

  problem(name: string, what: string): void {
    this.#problems.push(`${this.#pathOf(name)} ${what}`);
  }

  /** A misspelt field must not pass as one that was left out. */
  allowOnly(names: readonly string[]): void {
    for (const name of Object.keys(this.#values)) {
      if (!names.includes(name)) {
        this.problem(name, `is not known: remove it, or use one of ${names.join(', ')}`);
      }
    }
  }

  /** @returns undefined when the field is absent */
  integer(name: string, { min, max }: IntegerRange): number | undefined {
    const value = this.#values[name];
    if (value === undefined) return undefined;
    if (typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max) {
      return value;
    }
    this.problem(name, `is ${text(value)}: it must be a whole number from ${min} to ${max}`);
    return undefined;
  }

  oneOf<T extends string>(name: string, fallback: T, allowed: readonly T[]): T {
    const value = this.#values[name];
    if (value === undefined) return fallback;
    const known = allowed.find((candidate) => candidate === value);
    if (known === undefined) {
      this.problem(name, `is ${text(value)}: it must be one of ${allowed.join(', ')}`);
    }
    return known ?? fallback;
  }

  /** The mappings below a mapping, by name; one without a value (`user-create:`) is empty. */
  mappings(name: string): ReadonlyMap<string, Fields> {
    const value = this.#values[name];
    if (!isMapping(value) || Object.keys(value).length === 0) {
      this.problem(name, `is ${text(value)}: it must be a mapping with at least one entry`);
      return new Map();
    }
    const at = (key: string) => `${this.#pathOf(name)}.${key}`;
    const entries = Object.entries(value);
    return new Map(
      entries.map(([key, each]) => [key, new Fields(at(key), each ?? {}, this.#problems)]),
    );
  }

  #pathOf(name: string): string {
    return this.#path === '' ? name : `${this.#path}.${name}`;
  }
}

function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function text(value: unknown): string {
  return value === undefined ? 'missing' : JSON.stringify(value);
}
