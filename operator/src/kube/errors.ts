/** Everything that can go wrong with a request to the API server, by what a caller can do about it. */
const kubeErrorCodes = [
  'NotFound', // 404
  'Conflict', // 409: another writer, or the name is taken; see reason
  'Gone', // 410: the resourceVersion or the list page has expired
  'Forbidden', // 403
  'Unauthorized', // 401, or the credentials could not be loaded
  'Invalid', // any other 4xx: the request itself is wrong
  'Throttled', // 429
  'Timeout', // our deadline passed, 408 or 504
  'Unreachable', // no connection, or it broke
  'Server', // any other 5xx, or an answer that cannot be understood
] as const;
export type KubeErrorCode = (typeof kubeErrorCodes)[number];

export interface KubeErrorDetails {
  readonly status?: number | undefined;
  readonly reason?: string | undefined;
  readonly retryAfterMs?: number | undefined;
  readonly cause?: unknown;
}

/** The only error that leaves client.ts (besides the caller's own abort reason). */
export class KubeError extends Error {
  override readonly name = 'KubeError';
  readonly code: KubeErrorCode;
  /** HTTP status; undefined when there was no answer. */
  readonly status: number | undefined;
  /** The reason of the Status object, e.g. AlreadyExists. */
  readonly reason: string | undefined;
  /** What the server asked for with Retry-After. */
  readonly retryAfterMs: number | undefined;

  constructor(code: KubeErrorCode, message: string, details: KubeErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.status = details.status;
    this.reason = details.reason;
    this.retryAfterMs = details.retryAfterMs;
  }
}

/** The Status object of the API, as far as it is used. */
export interface KubeStatus {
  readonly code?: number;
  readonly reason?: string;
  readonly message?: string;
  readonly details?: { readonly retryAfterSeconds?: number };
}

/** Messages of the server can hold whole objects; a condition or log line must not. */
const longestMessage = 400;

/**
 * Turns each of the shapes an error of the client can have (traps C17) into one: an `ApiException`
 * (code, body as JSON string or undefined, headers), the plain `Error` of a watch (statusCode), no
 * connection (`TypeError`, reason in `cause.code`), our deadline (`TimeoutError`).
 * @param error whatever was thrown
 * @param action what was tried, in words for the message, e.g. `patch deployments/scale shop/orders`
 */
export function toKubeError(error: unknown, action = 'request'): KubeError {
  if (error instanceof KubeError) return error;
  const status = httpStatusOf(error);
  if (status !== undefined) return fromAnswer(status, error, action);
  if (nameOf(error) === 'TimeoutError') {
    return new KubeError('Timeout', `${action}: no answer before the deadline`, { cause: error });
  }
  const systemCode = systemCodeOf(error);
  // The credentials file, not the network: the token or CA could not be read.
  if (systemCode === 'ENOENT' || systemCode === 'EACCES') {
    return new KubeError('Unauthorized', `${action}: credentials cannot be read (${systemCode})`, {
      cause: error,
    });
  }
  const detail = systemCode ?? nameOf(error) ?? 'unknown error';
  return new KubeError('Unreachable', `${action}: API server unreachable (${detail})`, {
    cause: error,
  });
}

/** The error of a Status object, as it comes in the stream of a watch. */
export function fromStatus(status: KubeStatus, action: string): KubeError {
  return new KubeError(codeOf(status.code ?? 500), messageOf(status, action), {
    status: status.code,
    reason: status.reason,
    retryAfterMs: secondsToMs(status.details?.retryAfterSeconds),
  });
}

/** Worth the same request again later: nothing says that the request itself is wrong. */
export function isTransient(error: KubeError): boolean {
  return ['Throttled', 'Timeout', 'Unreachable', 'Server'].includes(error.code);
}

function fromAnswer(httpStatus: number, error: unknown, action: string): KubeError {
  const { body, headers } = error as { body?: unknown; headers?: Record<string, string> };
  const status = parseStatus(body);
  const retryAfter = Number.parseFloat(headers?.['retry-after'] ?? '');
  return new KubeError(codeOf(httpStatus), messageOf({ code: httpStatus, ...status }, action), {
    status: httpStatus,
    reason: status.reason,
    retryAfterMs: secondsToMs(retryAfter) ?? secondsToMs(status.details?.retryAfterSeconds),
    // A bare answer says no more than its Status, which is in the message.
    cause: error instanceof Error ? error : undefined,
  });
}

const codeByStatus = new Map<number, KubeErrorCode>([
  [401, 'Unauthorized'],
  [403, 'Forbidden'],
  [404, 'NotFound'],
  [408, 'Timeout'],
  [409, 'Conflict'],
  [410, 'Gone'],
  [429, 'Throttled'],
  [504, 'Timeout'],
]);

function codeOf(status: number): KubeErrorCode {
  return codeByStatus.get(status) ?? (status >= 400 && status < 500 ? 'Invalid' : 'Server');
}

function messageOf(status: KubeStatus, action: string): string {
  const text = `${action}: ${status.message ?? status.reason ?? 'failed'} (${status.code ?? 500})`;
  return text.length <= longestMessage ? text : `${text.slice(0, longestMessage - 1)}…`;
}

function httpStatusOf(error: unknown): number | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  const { code, statusCode } = error as { code?: unknown; statusCode?: unknown };
  if (typeof statusCode === 'number') return statusCode;
  // A DOMException has a numeric code too (AbortError is 20); no HTTP status is below 100.
  return typeof code === 'number' && code >= 100 ? code : undefined;
}

/** The code of the innermost cause that has one, e.g. ECONNREFUSED. */
function systemCodeOf(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | undefined)?.code;
  if (typeof code === 'string') return code;
  const cause = error instanceof Error ? error.cause : undefined;
  return cause === undefined ? undefined : systemCodeOf(cause);
}

function nameOf(error: unknown): string | undefined {
  return error instanceof Error ? error.name : undefined;
}

function parseStatus(body: unknown): KubeStatus {
  if (typeof body !== 'string') return {};
  try {
    const parsed: unknown = JSON.parse(body);
    return typeof parsed === 'object' && parsed !== null ? parsed : {};
  } catch {
    return {}; // plain text from a proxy: its status says enough
  }
}

function secondsToMs(seconds: number | undefined): number | undefined {
  return seconds !== undefined && Number.isFinite(seconds) && seconds > 0
    ? seconds * 1000
    : undefined;
}
