import { AsyncLocalStorage } from 'node:async_hooks';
import { createWriteStream, mkdirSync, type WriteStream } from 'node:fs';
import { dirname } from 'node:path';
import type { LightModule, LightService } from '../images.ts';
import type { FromHost, ToHost } from './light-protocol.ts';

/**
 * Hosts many pods of one image in this process (see light-runtime.ts). What a pod writes to
 * process.stdout or console goes to its own log: everything that runs on its behalf carries its log
 * in async local storage. What writes to file descriptor 1 itself (pino's default destination)
 * lands in the host's log, unless the image opens LOG_FILE, which holds the path of the pod's log.
 */
const podLog = new AsyncLocalStorage<WriteStream>();
const pods = new Map<string, HostedPod>();

interface HostedPod {
  readonly log: WriteStream;
  service: LightService | undefined;
  /** Asked to end, perhaps while it was still starting. */
  stopping: boolean;
}

for (const stream of [process.stdout, process.stderr]) {
  const write = stream.write.bind(stream);
  stream.write = ((chunk: string | Uint8Array, ...rest: []) =>
    (podLog.getStore() ?? { write }).write(chunk, ...rest)) as typeof stream.write;
}

function tell(message: FromHost): void {
  if (process.connected) process.send?.(message);
}

function exited(id: string, exitCode: number, message?: string): void {
  const pod = pods.get(id);
  if (!pod) return; // dropped: the agent has reported it dead already
  pods.delete(id);
  pod.log.end();
  tell({ type: 'exited', id, exitCode, ...(message && { message }) });
}

async function startPod(order: ToHost & { type: 'start' }): Promise<void> {
  const { id } = order;
  mkdirSync(dirname(order.logFile), { recursive: true });
  const log = createWriteStream(order.logFile, { flags: 'a' });
  log.on('error', () => undefined); // what a pod writes after its end is lost
  log.write(`--- container started ${new Date().toISOString()} in process ${process.pid} ---\n`);
  const pod: HostedPod = { log, service: undefined, stopping: false };
  pods.set(id, pod);
  await podLog.run(log, async () => {
    try {
      const module = (await import(order.module)) as LightModule;
      pod.service = await module.start(order.env);
      tell({ type: 'started', id });
      if (pod.stopping) void stopPod(id, pod);
      exited(id, await pod.service.exited);
    } catch (error) {
      console.error(error);
      exited(id, 1, error instanceof Error ? error.message : String(error));
    }
  });
}

async function stopPod(id: string, pod: HostedPod): Promise<void> {
  pod.stopping = true;
  try {
    await podLog.run(pod.log, async () => pod.service?.stop());
  } catch (error) {
    exited(id, 1, error instanceof Error ? error.message : String(error));
  }
}

process.on('message', (message: ToHost) => {
  if (message.type === 'start') return void startPod(message);
  const pod = pods.get(message.id);
  if (!pod) return;
  if (message.type === 'drop') {
    pods.delete(message.id);
    pod.log.end();
  }
  // A dropped pod is asked to stop as well: nothing else can end a part of a process.
  void stopPod(message.id, pod);
});
process.on('disconnect', () => process.exit(0)); // the agent is gone, and with it these pods' owner
process.on('SIGTERM', () => undefined); // the agent stops pods one by one
