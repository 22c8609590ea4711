/** What few columns of a table have: most groups have none at all and share one empty map. */
export type PerColumn<T> = ReadonlyMap<number, T>;

const nothing: PerColumn<never> = new Map<number, never>();

export function empty<T>(): PerColumn<T> {
  return nothing;
}

export function withEntry<T>(map: PerColumn<T>, column: number, value: T): PerColumn<T> {
  return new Map(map).set(column, value);
}

export function without<T>(map: PerColumn<T>, column: number): PerColumn<T> {
  return map.has(column) ? new Map([...map].filter(([key]) => key !== column)) : map;
}
