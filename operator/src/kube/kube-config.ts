import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import {
  type DispatcherOptions,
  type HttpMethod,
  KubeConfig,
  makeAbsolutePath,
  RequestContext,
  type User,
} from '@kubernetes/client-node';
import { parse } from 'yaml';

export type Dispatcher = NonNullable<ReturnType<RequestContext['getDispatcher']>>;

/**
 * A KubeConfig that keeps one dispatcher, so that requests share connections.
 *
 * The base class builds a new one for every request, which costs a TLS handshake each time
 * (traps C14, client-node #2893). What it builds is discarded in favour of the one that was kept for
 * the same CA and client certificate; when those rotate, a new one takes over and the old one closes
 * when its last request has ended. The authorization header is fresh each time, so tokens rotate too.
 */
export class SharedKubeConfig extends KubeConfig {
  #key = '';
  #kept: { readonly key: string; readonly dispatcher: Dispatcher } | undefined;

  override createDispatcherOptions(
    ...args: Parameters<KubeConfig['createDispatcherOptions']>
  ): DispatcherOptions {
    const options = super.createDispatcherOptions(...args);
    this.#key = createHash('sha256').update(JSON.stringify(options)).digest('hex');
    if (options.type !== 'agent') return options;
    // HTTP/1.1: with HTTP/2 one half-open connection would stall every watch and request at once.
    const connect: typeof options.connect & { allowH2: boolean } = {
      ...options.connect,
      allowH2: false,
    };
    return { ...options, connect };
  }

  /** A context with credentials and the shared dispatcher. */
  async authenticate(url: string, method: HttpMethod): Promise<RequestContext> {
    const context = new SharedContext(url, method, (built) => this.#share(built));
    await this.applySecurityAuthentication(context);
    return context;
  }

  async close(): Promise<void> {
    await this.#kept?.dispatcher.destroy();
    this.#kept = undefined;
  }

  #share(built: Dispatcher): Dispatcher {
    if (this.#kept?.key === this.#key) return this.#kept.dispatcher;
    this.#kept?.dispatcher.close().catch(() => undefined);
    this.#kept = { key: this.#key, dispatcher: built };
    return built;
  }
}

/**
 * The base class calls createDispatcherOptions and setDispatcher in one synchronous step: only here
 * is it certain that the key and the dispatcher belong together.
 */
class SharedContext extends RequestContext {
  readonly #share: (built: Dispatcher) => Dispatcher;

  constructor(url: string, method: HttpMethod, share: (built: Dispatcher) => Dispatcher) {
    super(url, method);
    this.#share = share;
  }

  override setDispatcher(built: Dispatcher): void {
    super.setDispatcher(this.#share(built));
  }
}

/**
 * @param path of a kubeconfig; undefined: the ServiceAccount of the pod this runs in
 * @throws Error that says what to do
 */
export function loadKubeConfig(path: string | undefined): SharedKubeConfig {
  const config = new SharedKubeConfig();
  if (path === undefined) {
    config.loadFromCluster();
    // Without the environment of a pod the library builds the address from `undefined`.
    if (config.getCurrentCluster()?.server.includes('undefined') !== false) {
      throw new Error('not inside a cluster: set KUBECONFIG to the path of a kubeconfig');
    }
    return config;
  }
  loadFile(config, path);
  if (!config.getCurrentCluster()) {
    throw new Error(`kubeconfig ${path}: current-context names no cluster`);
  }
  return config;
}

function loadFile(config: SharedKubeConfig, path: string): void {
  try {
    const text = readFileSync(path, 'utf8');
    config.loadFromString(text);
    config.makePathsAbsolute(dirname(path));
    config.users = withTokenFiles(config.users, text, dirname(path));
  } catch (error) {
    throw new Error(
      `kubeconfig ${path} cannot be loaded: set KUBECONFIG to a readable kubeconfig`,
      {
        cause: error,
      },
    );
  }
}

/**
 * The library ignores `tokenFile` of a kubeconfig user. Read through its in-cluster provider, the file
 * is read again every 60 s, so a rotated token is picked up.
 */
function withTokenFiles(users: readonly User[], text: string, directory: string): User[] {
  const parsed = parse(text) as { users?: { name: string; user?: { tokenFile?: string } }[] };
  const files = new Map(parsed.users?.map((entry) => [entry.name, entry.user?.tokenFile]));
  return users.map((user) => {
    const file = files.get(user.name);
    if (!file) return user;
    const { token: _, ...rest } = user; // as in kubectl, tokenFile wins over token
    const config = { tokenFile: makeAbsolutePath(directory, file) };
    return { ...rest, authProvider: { name: 'tokenFile', config } };
  });
}
