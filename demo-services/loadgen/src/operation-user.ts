/** What a terminal operation tells of its user; undefined is what it does not tell. */
export interface OperationUser {
  readonly uuid: string | undefined;
  /** `"true"` or `"false"` once it is decided. */
  readonly approved: string | undefined;
}

/** @param data of an operation, as operation-service gives it */
export function readUser(data: unknown): OperationUser {
  const { uuid, approved }: { uuid?: unknown; approved?: unknown } = Object(data);
  return { uuid: textOf(uuid), approved: textOf(approved) };
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
