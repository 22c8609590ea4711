import { lookup as systemLookup } from 'node:dns/promises';
import { isIP } from 'node:net';

/** The addresses of a host name, best first; rejects with the `code` of getaddrinfo, e.g. `ENOTFOUND`. */
export type Lookup = (host: string) => Promise<readonly string[]>;

const system: Lookup = async (host) =>
  (await systemLookup(host, { all: true })).map(({ address }) => address);

/**
 * Lookups at a time. A name server that gives no answer keeps a thread of the system's resolver for up
 * to 20 s, and all clusters share few threads (traps P8): names it was silent about wait for each other.
 */
const mostLookups = 6;
const mostSuspectLookups = 1;
const mostSuspects = 1_000;

/** Finds the addresses of brokers, for all clusters. */
export class Names {
  readonly #lookup: Lookup;
  readonly #pending = new Map<string, Promise<readonly string[]>>();
  /** Names for which the name server gave no answer the last time. */
  readonly #suspects = new Set<string>();
  readonly #normal = new Lane(mostLookups);
  readonly #suspect = new Lane(mostSuspectLookups);

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
    try {
      const found = await within(withinMs, this.#pending.get(host) ?? this.#begin(host));
      this.#suspects.delete(host);
      return found;
    } catch (error) {
      if ((error as { code?: unknown }).code === 'ENOTFOUND') this.#suspects.delete(host);
      else this.#suspectIt(host);
      throw error;
    }
  }

  #begin(host: string): Promise<readonly string[]> {
    const lane = this.#suspects.has(host) ? this.#suspect : this.#normal;
    const lookup = lane.run(() => this.#lookup(host)).finally(() => this.#pending.delete(host));
    lookup.catch(() => undefined); // nobody may be waiting any more
    this.#pending.set(host, lookup);
    return lookup;
  }

  #suspectIt(host: string): void {
    this.#suspects.add(host);
    const [oldest] = this.#suspects;
    if (oldest !== undefined && this.#suspects.size > mostSuspects) this.#suspects.delete(oldest);
  }
}

/** Runs so many at a time; the others wait for their turn. */
class Lane {
  #free: number;
  readonly #waiting = new Set<() => void>();

  constructor(size: number) {
    this.#free = size;
  }

  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free -= 1;
    else await new Promise<void>((go) => this.#waiting.add(go));
    try {
      return await work();
    } finally {
      this.#passOn();
    }
  }

  #passOn(): void {
    const [next] = this.#waiting;
    if (!next) this.#free += 1;
    else {
      this.#waiting.delete(next);
      next();
    }
  }
}

/** @throws LookupTimeout */
async function within<T>(limitMs: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new LookupTimeout()), limitMs);
  });
  return await Promise.race([work, late]).finally(() => clearTimeout(timer));
}

class LookupTimeout extends Error {
  override readonly name = 'LookupTimeout';
  readonly code = 'ETIMEOUT';
  constructor() {
    super('The name server gave no answer in time');
  }
}
