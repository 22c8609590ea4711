/** JSON values as they come from the API server. */
type Json = unknown;

/** Freezes a parsed JSON value: cached objects are shared between readers (traps C13). */
export function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  for (const inner of Object.values(value)) deepFreeze(inner);
  return Object.freeze(value);
}

/**
 * The merge-patch (RFC 7386) that turns `before` into `after`. Fields that are gone become null: left
 * out, they would stay on the server for ever.
 * @returns undefined when nothing changes
 */
export function mergePatch(before: Json, after: Json): Json | undefined {
  if (!isRecord(before) || !isRecord(after)) return sameJson(before, after) ? undefined : after;
  const isSet = (object: Record<string, Json>, key: string) => object[key] !== undefined;
  const gone = Object.keys(before).filter((key) => isSet(before, key) && !isSet(after, key));
  const changes = Object.keys(after)
    .map((key) => [key, mergePatch(before[key], after[key])] as const)
    .filter(([key, change]) => isSet(after, key) && change !== undefined);
  const patch = [...gone.map((key) => [key, null] as const), ...changes];
  return patch.length === 0 ? undefined : Object.fromEntries(patch);
}

function sameJson(a: Json, b: Json): boolean {
  if (a === b) return true;
  if (Array.isArray(a) && Array.isArray(b)) {
    return a.length === b.length && a.every((item, i) => sameJson(item, b[i]));
  }
  return isRecord(a) && isRecord(b) && mergePatch(a, b) === undefined;
}

function isRecord(value: Json): value is Record<string, Json> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
