import {
  HttpMethod,
  IsomorphicFetchHttpLibrary,
  PatchStrategy,
  type ResponseContext,
} from '@kubernetes/client-node';
import { KubeError, toKubeError } from './errors.ts';
import { loadKubeConfig, type SharedKubeConfig } from './kube-config.ts';

/** RBAC verbs, so that metrics and deploy/ speak of the same thing. */
export type Verb = 'get' | 'list' | 'watch' | 'create' | 'update' | 'patch';

export interface ApiRequest {
  readonly verb: Verb;
  /** As in an RBAC rule, e.g. `deployments/scale`: for metrics and messages. */
  readonly resource: string;
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  /** Sent as JSON; with `patch` as a merge-patch (traps C1). */
  readonly body?: unknown;
  readonly signal: AbortSignal;
}

export interface FinishedRequest {
  readonly verb: Verb;
  readonly resource: string;
  /** HTTP status, or the code of the error when there was no answer. */
  readonly outcome: string;
  readonly durationMs: number;
}

export interface KubeClientOptions {
  /** Path of a kubeconfig; undefined: the ServiceAccount of the pod. */
  readonly kubeconfig: string | undefined;
  /** Deadline of every request but a watch; for a watch until its headers. Default 10 s. */
  readonly requestTimeoutMs?: number;
  /** Called after each request, also after failed ones; must not throw. */
  readonly onRequest?: (request: FinishedRequest) => void;
}

/** The only way to the API server. Methods throw KubeError, or the reason of an aborted `signal`. */
export interface KubeClient {
  /** Namespace of the current context; undefined when it names none. */
  readonly namespace: string | undefined;
  /** One request; the caller names the type of the answer, which is checked nowhere else (traps C2). */
  request<T>(request: ApiRequest): Promise<T>;
  /**
   * Opens a watch. Only the answer's headers have a deadline: the stream lives until the server ends
   * it, it breaks, or the signal aborts. Undefined is never yielded.
   */
  stream(request: ApiRequest): Promise<ReadableStream<Uint8Array>>;
  /** Breaks what is still in flight and closes all connections. */
  close(): Promise<void>;
}

const methods: Record<Verb, HttpMethod> = {
  get: HttpMethod.GET,
  list: HttpMethod.GET,
  watch: HttpMethod.GET,
  create: HttpMethod.POST,
  update: HttpMethod.PUT,
  patch: HttpMethod.PATCH,
};

/** @throws Error when the kubeconfig cannot be used; its message says what to do */
export function createKubeClient(options: KubeClientOptions): KubeClient {
  const { requestTimeoutMs = 10_000, onRequest } = options;
  const config = loadKubeConfig(options.kubeconfig);

  async function measured<T>(request: ApiRequest, run: () => Promise<[T, number]>): Promise<T> {
    const startedAt = performance.now();
    const finish = (outcome: string): void => {
      const { verb, resource } = request;
      onRequest?.({ verb, resource, outcome, durationMs: performance.now() - startedAt });
    };
    try {
      const [result, status] = await run();
      finish(String(status));
      return result;
    } catch (error) {
      const failure = request.signal.aborted ? undefined : toKubeError(error, actionOf(request));
      finish(failure ? String(failure.status ?? failure.code) : 'Aborted');
      throw failure ?? request.signal.reason;
    }
  }

  return {
    namespace: config.getContextObject(config.getCurrentContext())?.namespace,
    request<T>(request: ApiRequest): Promise<T> {
      return measured<T>(request, async () => {
        // The transport's own limit is 300 s (traps C15).
        const deadline = AbortSignal.timeout(requestTimeoutMs);
        const signal = AbortSignal.any([request.signal, deadline]);
        const response = await send(config, request, signal);
        return [parseBody<T>(await response.body.text()), response.httpStatusCode];
      });
    },
    stream(request) {
      return measured(request, async () => {
        const headersOnly = new AbortController();
        const timer = setTimeout(
          () => headersOnly.abort(new DOMException('no headers', 'TimeoutError')),
          requestTimeoutMs,
        );
        const signal = AbortSignal.any([request.signal, headersOnly.signal]);
        const response = await send(config, request, signal).finally(() => clearTimeout(timer));
        const body = response.body.stream();
        if (!body) throw new KubeError('Server', `${actionOf(request)}: answer without a body`);
        return [body, response.httpStatusCode];
      });
    },
    close: () => config.close(),
  };
}

const http = new IsomorphicFetchHttpLibrary();

async function send(
  config: SharedKubeConfig,
  request: ApiRequest,
  signal: AbortSignal,
): Promise<ResponseContext> {
  signal.throwIfAborted();
  const server = config.getCurrentCluster()?.server ?? '';
  const query = new URLSearchParams(request.query);
  const url = `${server}${request.path}${query.size > 0 ? `?${query}` : ''}`;
  const context = await config.authenticate(url, methods[request.verb]);
  context.setSignal(signal);
  context.setHeaderParam('User-Agent', 'lagscaler');
  context.setHeaderParam('Accept', 'application/json');
  if (request.body !== undefined) {
    context.setHeaderParam('Content-Type', contentTypeOf(request.verb));
    context.setBody(JSON.stringify(request.body));
  }
  const response = await http.send(context).toPromise();
  const { httpStatusCode: code, headers } = response;
  // The shape of the library's ApiException, which toKubeError understands.
  if (code < 200 || code > 299) throw { code, headers, body: await response.body.text() };
  return response;
}

/** The library's default for every patch is JSON Patch, whatever the body (traps C1, #705). */
function contentTypeOf(verb: Verb): string {
  return verb === 'patch' ? PatchStrategy.MergePatch : 'application/json';
}

function parseBody<T>(text: string): T {
  try {
    return JSON.parse(text) as T;
  } catch (cause) {
    throw new KubeError('Server', 'the API server answered with something else than JSON', {
      cause,
    });
  }
}

function actionOf({ verb, resource, path }: ApiRequest): string {
  return `${verb} ${resource} (${path})`;
}
