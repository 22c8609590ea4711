import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseAllDocuments } from 'yaml';

const repository = resolve(import.meta.dirname, '../..');

/** NODE_OPTIONS of the Deployment in a folder, empty when it sets none: what is measured is what is shipped. */
export function shippedNodeOptions(folder: string): string {
  const file = join(repository, folder, 'deployment.yaml');
  const [deployment] = parseAllDocuments(readFileSync(file, 'utf8')).map((d) => d.toJS());
  const env: readonly { name: string; value: string }[] =
    deployment.spec.template.spec.containers[0].env ?? [];
  return env.find(({ name }) => name === 'NODE_OPTIONS')?.value ?? '';
}

/** Resident memory of a process now. */
export function rssMiB(pid: number): number {
  return statusMiB(pid, 'VmRSS');
}

/** The most resident memory that a process ever had. */
export function peakRssMiB(pid: number): number {
  return statusMiB(pid, 'VmHWM');
}

function statusMiB(pid: number, field: string): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1]) / 1024;
}

/** Linux counts in ticks of 10 ms for every program, whatever its own clock. */
const ticksPerSecond = 100;

/** User and system time of a process so far. */
export function cpuSeconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The second field may hold blanks; user and system time are the 14th and 15th.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
}
