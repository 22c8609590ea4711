export type Env = Readonly<Record<string, string | undefined>>;

/** Every problem of a configuration at once, so that nobody fixes them one restart at a time. */
export class ConfigError extends Error {
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(`invalid configuration:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`);
    this.name = 'ConfigError';
    this.problems = problems;
  }
}

interface NumberRange {
  readonly min: number;
  readonly max: number;
}

/**
 * Reads typed values out of environment variables. A bad value is noted and replaced by the default,
 * so that reading goes on; `check()` then throws one ConfigError naming every problem. An empty value
 * counts as unset: that is how an optional key of a ConfigMap or Secret arrives.
 */
export class EnvReader {
  readonly #env: Env;
  readonly #problems: string[] = [];

  constructor(env: Env) {
    this.#env = env;
  }

  /** Note a problem that concerns several variables. */
  problem(text: string): void {
    this.#problems.push(text);
  }

  optional(name: string): string | undefined {
    const value = this.#env[name]?.trim();
    return value === '' ? undefined : value;
  }

  /** As it is, blanks included: for secrets. */
  secret(name: string): string | undefined {
    const value = this.#env[name];
    return value === '' ? undefined : value;
  }

  required(name: string, what: string): string {
    const value = this.optional(name);
    if (value === undefined) this.problem(`${name} is missing: set it to ${what}`);
    return value ?? '';
  }

  text(name: string, fallback: string): string {
    return this.optional(name) ?? fallback;
  }

  /** A list separated by commas, blanks around the items removed, empty items dropped. */
  list(name: string, fallback: string): readonly string[] {
    const items = this.text(name, fallback).split(',');
    return items.map((item) => item.trim()).filter((item) => item !== '');
  }

  integer(name: string, fallback: number, range: NumberRange): number {
    const value = this.number(name, fallback, range);
    if (Number.isInteger(value)) return value;
    this.problem(`${name} is "${value}": it must be a whole number`);
    return fallback;
  }

  number(name: string, fallback: number, { min, max }: NumberRange): number {
    const text = this.optional(name);
    if (text === undefined) return fallback;
    const value = Number(text);
    if (Number.isFinite(value) && value >= min && value <= max) return value;
    this.problem(`${name} is "${text}": it must be a number from ${min} to ${max}`);
    return fallback;
  }

  oneOf<T extends string>(name: string, fallback: T, allowed: readonly T[]): T {
    const text = this.optional(name);
    if (text === undefined) return fallback;
    const value = allowed.find((candidate) => candidate === text);
    if (value === undefined) {
      this.problem(`${name} is "${text}": it must be one of ${allowed.join(', ')}`);
    }
    return value ?? fallback;
  }

  /** @throws ConfigError when any read value was missing or invalid */
  check(): void {
    if (this.#problems.length > 0) throw new ConfigError(this.#problems);
  }
}
