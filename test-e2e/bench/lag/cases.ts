import { type Layout, mostGroups } from './layout.ts';
import { type ClientName, clients } from './worker-process.ts';

export interface LagCase {
  /** As `--only` takes it. */
  readonly name: string;
  readonly layout: Layout;
  readonly groups: number;
  readonly clients: readonly ClientName[];
}

const all: readonly LagCase[] = [
  { name: '1', layout: 'shared', groups: 1, clients: ['lagscaler'] },
  { name: '100', layout: 'shared', groups: 100, clients },
  { name: '1000', layout: 'shared', groups: 1000, clients },
  { name: '10000', layout: 'shared', groups: mostGroups, clients: ['lagscaler'] },
  // The same number of groups, each with a topic to itself: 100,000 different partitions.
  { name: '10000-own', layout: 'own', groups: mostGroups, clients: ['lagscaler'] },
];

/**
 * The cases that were asked for, in the order in which they are measured.
 * @param only names with commas between them; undefined: all
 * @param client undefined: all
 * @throws Error naming what is unknown and what is known
 */
export function casesOf(only: string | undefined, client: string | undefined): LagCase[] {
  const names = all.map((one) => one.name);
  const asked = only === undefined ? names : allKnown('--only', only.split(','), names);
  const wanted = client === undefined ? clients : allKnown('--client', client.split(','), clients);
  return all
    .filter((one) => asked.includes(one.name))
    .map((one) => ({ ...one, clients: one.clients.filter((name) => wanted.includes(name)) }))
    .filter((one) => one.clients.length > 0);
}

function allKnown<T extends string>(
  option: string,
  asked: readonly string[],
  known: readonly T[],
): T[] {
  const unknown = asked.find((one) => !known.some((name) => name === one));
  if (unknown !== undefined)
    throw new Error(`${option}: use some of ${known.join(', ')}, not "${unknown}"`);
  return known.filter((name) => asked.includes(name));
}
