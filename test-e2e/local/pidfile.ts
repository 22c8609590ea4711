import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/** What a pid file holds: `startTime` tells a process from a later one with the same pid. */
export interface PidRecord {
  readonly pid: number;
  /** Field 22 of /proc/<pid>/stat: clock ticks since boot. */
  readonly startTime: string;
  /** What the process is, such as the pod that it runs. */
  readonly labels?: Readonly<Record<string, string>>;
}

/** Records a process that runs now; a process that has ended already leaves no file. */
export function writePidFile(path: string, pid: number, labels?: PidRecord['labels']): void {
  const startTime = statOf(pid)?.startTime;
  if (startTime === undefined) return;
  const record: PidRecord = { pid, startTime, ...(labels && { labels }) };
  mkdirSync(dirname(path), { recursive: true });
  // By a rename, so that a reader never sees half of it.
  writeFileSync(`${path}.new`, JSON.stringify(record));
  renameSync(`${path}.new`, path);
}

/** The pid of the very process that the file records, while it runs; undefined otherwise. */
export function readLivePid(path: string): number | undefined {
  return readLiveRecord(path)?.pid;
}

/** As `readLivePid`, with all that the file holds. */
export function readLiveRecord(path: string): PidRecord | undefined {
  try {
    const record = JSON.parse(readFileSync(path, 'utf8')) as PidRecord;
    return statOf(record.pid)?.startTime === String(record.startTime) ? record : undefined;
  } catch {
    return undefined; // no file, or not one of ours
  }
}

/** True while the process is stopped by SIGSTOP. */
export function isFrozen(pid: number): boolean {
  return statOf(pid)?.state === 'T';
}

/** State and start time of a process; undefined when it has ended, waited for or not. */
function statOf(pid: number): { readonly state: string; readonly startTime: string } | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The second field is the program's name in parentheses and may hold blanks and parentheses.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const [state = '', startTime = ''] = [fields[0], fields[19]];
    return state === 'Z' || state === 'X' ? undefined : { state, startTime };
  } catch {
    return undefined;
  }
}
