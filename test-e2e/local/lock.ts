import { createHash } from 'node:crypto';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Holds a machine-wide lock while `work` runs. Another holder is waited for.
 * @param key what is locked, such as the path of a directory
 * @param onWait called once when somebody else holds the lock
 * @throws the signal's reason when aborted while waiting
 */
export async function withLock<T>(
  key: string,
  work: () => Promise<T>,
  { signal, onWait }: { signal?: AbortSignal | undefined; onWait?: () => void } = {},
): Promise<T> {
  const name = `\0lagscaler-${createHash('sha256').update(key).digest('hex').slice(0, 32)}`;
  let release = await tryAcquire(name);
  if (!release) onWait?.();
  while (!release) {
    await sleep(200, undefined, signal ? { signal } : {});
    release = await tryAcquire(name);
  }
  try {
    return await work();
  } finally {
    await release();
  }
}

/**
 * A Linux abstract socket, not a file: the kernel frees it with its process, however that ends, so there is never a
 * stale lock to judge.
 */
function tryAcquire(name: string): Promise<(() => Promise<void>) | undefined> {
  const server = createServer();
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      error.code === 'EADDRINUSE' ? resolve(undefined) : reject(error),
    );
    server.listen({ path: name }, () => {
      server.unref();
      resolve(() => new Promise((closed) => server.close(() => closed())));
    });
  });
}
