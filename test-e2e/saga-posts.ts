/** What a POST to operation-service came to. */
export interface Posted {
  readonly status: number;
  /** Of the operation; undefined unless it was accepted. */
  readonly uuid: string | undefined;
}

/** Accepted operations: the name under the uuid. What it becomes follows from the name. */
export type Accepted = Map<string, string>;

export const nameOf = (index: number) => (index % 10 === 9 ? 'mallory' : 'hans');

/** @throws TypeError when there is no connection, DOMException when there is no answer within 10 s */
export async function postUser(
  url: string,
  body: Readonly<Record<string, unknown>>,
  headers: Readonly<Record<string, string>> = {},
): Promise<Posted> {
  const response = await fetch(`${url}/operation/create/user-create`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(10_000),
  });
  const answer = (await response.json()) as { readonly uuid?: string };
  return { status: response.status, uuid: response.status === 202 ? answer.uuid : undefined };
}

export interface Posts {
  readonly accepted: Accepted;
  /** How often each status was answered; 0: no answer at all. */
  readonly statuses: ReadonlyMap<number, number>;
  readonly latenciesMs: readonly number[];
}

/** Adds up what POSTs come to. */
function createTally() {
  const accepted: Accepted = new Map();
  const statuses = new Map<number, number>();
  const latenciesMs: number[] = [];
  return {
    posts: { accepted, statuses, latenciesMs },
    /** One POST, which may come to nothing. */
    async post(url: string, name: string): Promise<void> {
      const from = performance.now();
      const { status, uuid } = await postUser(url, { name }).catch(() => noAnswer);
      latenciesMs.push(performance.now() - from);
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
      if (uuid !== undefined) accepted.set(uuid, name);
    },
  };
}

/**
 * Posts `count` users, each tenth of them one to be rejected, `concurrency` at a time; each once,
 * whatever it comes to.
 */
export async function postUsers(url: string, count: number, concurrency = 10): Promise<Posts> {
  const { posts, post } = createTally();
  let next = 0;
  const worker = async () => {
    while (next < count) await post(url, nameOf(next++));
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
  return posts;
}

const noAnswer: Posted = { status: 0, uuid: undefined };

/** Posts users at a constant rate until stopped, however long the answers take. */
export function postSteadily(url: () => string, perSecond: number) {
  const { posts, post } = createTally();
  const running = new Set<Promise<void>>();
  let index = 0;
  const timer = setInterval(() => {
    const posting: Promise<void> = post(url(), nameOf(index++)).finally(() => {
      running.delete(posting);
    });
    running.add(posting);
  }, 1_000 / perSecond);
  return {
    /** Still growing. */
    accepted: posts.accepted,
    /** No more are sent; returns when the last one is answered. */
    async stop(): Promise<Posts> {
      clearInterval(timer);
      await Promise.all(running);
      return posts;
    },
  };
}
