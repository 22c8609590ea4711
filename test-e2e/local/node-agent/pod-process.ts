import { livePodProcesses } from './leftovers.ts';

/**
 * The pid of a pod's process, for specs that freeze or kill it. Signal `-pid` to reach its children.
 * @param dir the state directory of the stack
 * @param container needed when the pod has more than one
 * Throws an Error when there is no such process or the pod shares one with others (light mode).
 */
export function podProcess(
  dir: string,
  namespace: string,
  name: string,
  container?: string,
): number {
  const found = livePodProcesses(dir).filter(
    ({ record: { labels } }) =>
      labels?.['namespace'] === namespace &&
      labels['pod'] === name &&
      (container === undefined || labels['container'] === container),
  );
  const [only, other] = found;
  if (only && !other) return only.record.pid;
  if (other) throw new Error(`pod ${namespace}/${name} has several containers: name one of them`);
  throw new Error(
    `pod ${namespace}/${name} has no process of its own: it does not run, or it runs in light mode (annotate it lagscaler.dev/light: "false")`,
  );
}
