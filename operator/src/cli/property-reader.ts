/** Where the words of a configuration come from. */
export interface ConfigSources {
  /** For `${env:NAME}`. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** @throws Error when the file cannot be read */
  readFile(path: string): string;
}

/** Properties whose problems are collected under their names; no problem holds a value. */
export class PropertyReader {
  readonly #properties: ReadonlyMap<string, string>;
  readonly #sources: ConfigSources;
  readonly #problems: string[];

  constructor(properties: ReadonlyMap<string, string>, sources: ConfigSources, problems: string[]) {
    this.#properties = properties;
    this.#sources = sources;
    this.#problems = problems;
  }

  text(key: string): string | undefined {
    const raw = this.#properties.get(key)?.trim();
    return raw?.replace(/\$\{env:([^}]*)\}/g, (_, name: string) => {
      const value = this.#sources.env[name];
      if (value === undefined) this.refuse(key, `the environment variable ${name} is not set`);
      return value ?? '';
    });
  }

  /** The content of the file that the property names. */
  file(key: string): string | undefined {
    const path = this.text(key);
    if (path === undefined) return undefined;
    try {
      return this.#sources.readFile(path);
    } catch {
      this.refuse(key, `the file ${path} cannot be read`);
      return undefined;
    }
  }

  environment(name: string): string | undefined {
    return this.#sources.env[name] || undefined;
  }

  refuse(key: string, why: string): void {
    this.#problems.push(`${key}: ${why}`);
  }
}
