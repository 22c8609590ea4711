import { InvalidSpecError } from './invalid-spec.ts';

type Range = readonly [first: number, last: number];

const element = /^(\d{1,6})(?:\s*-\s*(\d{1,6}))?$/;

/**
 * The partitions of a list such as "0-5,9".
 * @param text numbers and ranges from 0 to 999999; undefined, null or blank means all partitions
 * @returns ascending and without duplicates; undefined for all
 * @throws InvalidSpecError when the list is malformed or a range is reversed
 */
export function parsePartitionList(text: string | null | undefined): readonly number[] | undefined {
  if (!text?.trim()) return undefined;
  return expand(text.split(',').map(parseElement));
}

function parseElement(text: string): Range {
  const match = element.exec(text.trim());
  if (!match)
    throw invalid(
      `holds "${text.trim()}": write numbers and ranges from 0 to 999999, such as "0-5,9"`,
    );
  const first = Number(match[1]);
  const last = Number(match[2] ?? match[1]);
  if (first > last)
    throw invalid(`holds the reversed range "${text.trim()}": write the smaller number first`);
  return [first, last];
}

/** Merged before they are written out, so that many overlapping ranges cost no more than one. */
function expand(ranges: readonly Range[]): number[] {
  const partitions: number[] = [];
  let next = 0;
  for (const [first, last] of ranges.toSorted(([a], [b]) => a - b)) {
    for (next = Math.max(next, first); next <= last; next++) partitions.push(next);
  }
  return partitions;
}

/**
 * The partitions that count: those that exist, reduced to the list.
 * @param limit undefined for all
 */
export function applyPartitionList(
  limit: readonly number[] | undefined,
  existing: readonly number[],
): readonly number[] {
  if (!limit) return existing;
  const wanted = new Set(limit);
  return existing.filter((partition) => wanted.has(partition));
}

function invalid(problem: string): InvalidSpecError {
  return new InvalidSpecError('consumer.partitions', problem);
}
