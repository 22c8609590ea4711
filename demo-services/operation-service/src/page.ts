import { BSON } from 'mongodb';

/** Of documents, as stored: what bounds the memory that a page takes. */
const maxPageBytes = 4 * 1024 * 1024;

export interface Shown<T> {
  readonly shown: readonly T[];
  /** There is at least one more behind the last one. */
  readonly more: boolean;
}

/** Reads until the page has `limit` documents, or about 4 MB of them; one at least, where there is one. */
export async function pageOf<T extends object>(
  documents: AsyncIterable<T>,
  limit: number,
): Promise<Shown<T>> {
  const shown: T[] = [];
  let bytes = 0;
  for await (const document of documents) {
    if (shown.length === limit || bytes >= maxPageBytes) return { shown, more: true };
    shown.push(document);
    bytes += BSON.calculateObjectSize(document);
  }
  return { shown, more: false };
}
