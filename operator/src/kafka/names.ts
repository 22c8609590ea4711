import { lookup as systemLookup } from 'node:dns/promises';
import { isIP } from 'node:net';

/** The addresses of a host name, best first; rejects with the `code` of getaddrinfo, e.g. `ENOTFOUND`. */
export type Lookup = (host: string) => Promise<readonly string[]>;

const system: Lookup = async (host) =>
  (await systemLookup(host, { all: true })).map(({ address }) => address);

/**
 * Lookups under way at the same time. The system's resolver keeps a thread of a small pool for as long
 * as a dead name server lets it wait, and all clusters share those threads (traps P8).
 */
const mostLookups = 2;

/** Finds the addresses of the brokers of one cluster. */
export class Names {
  readonly #lookup: Lookup;
  readonly #pending = new Map<string, Promise<readonly string[]>>();
  readonly #waiting = new Set<() => void>();
  #underWay = 0;

  constructor(lookup: Lookup = system) {
    this.#lookup = lookup;
  }

  /**
   * Callers that ask for the same name at the same time share the lookup; one that takes longer than
   * `withinMs` goes on, and is shared by who asks next.
   * @throws Error with a `code`: of getaddrinfo, or ETIMEOUT
   */
  async addressesOf(host: string, withinMs: number): Promise<readonly string[]> {
    if (isIP(host)) return [host];
    const lookup = this.#pending.get(host) ?? this.#begin(host);
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new LookupTimeout()), withinMs);
    });
    return await Promise.race([lookup, late]).finally(() => clearTimeout(timer));
  }

  #begin(host: string): Promise<readonly string[]> {
    const lookup = this.#run(host).finally(() => this.#pending.delete(host));
    lookup.catch(() => undefined); // nobody may be waiting any more
    this.#pending.set(host, lookup);
    return lookup;
  }

  async #run(host: string): Promise<readonly string[]> {
    if (this.#underWay >= mostLookups) {
      await new Promise<void>((go) => this.#waiting.add(go));
    } else this.#underWay += 1;
    try {
      return await this.#lookup(host);
    } finally {
      this.#passOn();
    }
  }

  #passOn(): void {
    const [next] = this.#waiting;
    if (!next) this.#underWay -= 1;
    else {
      this.#waiting.delete(next);
      next();
    }
  }
}

class LookupTimeout extends Error {
  override readonly name = 'LookupTimeout';
  readonly code = 'ETIMEOUT';
  constructor() {
    super('The name server gave no answer in time');
  }
}
