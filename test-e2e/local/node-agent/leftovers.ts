import { existsSync, readdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type PidRecord, readLivePid, readLiveRecord } from '../pidfile.ts';
import { signalGroup } from './process-runtime.ts';

/** The pid files of pods and light hosts below a state directory, with their live processes. */
export function livePodProcesses(
  dir: string,
): readonly { readonly file: string; readonly record: PidRecord }[] {
  const pods = join(dir, 'pods');
  if (!existsSync(pods)) return [];
  const files = readdirSync(pods, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .flatMap((entry) => pidFilesIn(join(pods, entry.name)));
  return files.flatMap((file) => {
    const record = readLiveRecord(file);
    return record ? [{ file, record }] : [];
  });
}

const pidFilesIn = (folder: string) =>
  readdirSync(folder)
    .filter((name) => name.endsWith('.pid'))
    .map((name) => join(folder, name));

/**
 * Ends what an earlier agent of this node left running when it crashed. Its pods start anew: a
 * process that was not started by this agent can be neither waited for nor restarted properly.
 */
export async function killLeftovers(dir: string, node: string): Promise<number> {
  const mine = livePodProcesses(dir).filter(({ record }) => record.labels?.['node'] === node);
  for (const { record } of mine) signalGroup(record.pid, 'SIGKILL');
  for (const { file } of mine) {
    while (readLivePid(file) !== undefined) await delay(10);
    rmSync(dirname(file), { recursive: true, force: true });
  }
  return mine.length;
}
