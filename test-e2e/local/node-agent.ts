import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { type AgentSettings, runAgent } from './node-agent/agent.ts';
import { defaultBackoff } from './node-agent/backoff.ts';

const usage = `node test-e2e/local/node-agent.ts --kubeconfig <file> --node <name> --dir <state dir> [options]

A kubelet in miniature: runs the pods that are bound to its node as local processes.

  --light                 pods of images with a module share processes (see light-runtime.ts);
                          the annotation lagscaler.dev/light: "true"/"false" decides for one pod
  --capacity-pods <n>     how many pods the node takes (1000)
  --capacity-cpu <q>      its CPU as a Kubernetes quantity (1000)
  --capacity-memory <q>   its memory as a Kubernetes quantity (1Ti)
  --concurrent-starts <n> how many containers may be starting at the same time (6)
  --backoff-initial-ms, --backoff-max-ms, --backoff-reset-ms
                          restarts of a container: the first at once, then after 1000 ms, doubling
                          to 60000; anew after a run of 600000

Below the state directory: logs/pods/<namespace>_<pod>_<container>.log stay after the pod;
pods/<uid>/<container>.pid name the processes; pods/<uid>/kubectl.kubeconfig is the pod's identity.
When it starts it kills what an earlier agent of the node left, and starts those pods anew.
It prints "node agent ready" once it is registered and knows its pods.`;

function readSettings(args: string[]): AgentSettings {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({
    args,
    options: {
      ...{ kubeconfig: text, node: text, dir: text, light: { type: 'boolean', default: false } },
      'capacity-pods': { ...text, default: '1000' },
      'capacity-cpu': { ...text, default: '1000' },
      'capacity-memory': { ...text, default: '1Ti' },
      'concurrent-starts': { ...text, default: '6' },
      'backoff-initial-ms': { ...text, default: String(defaultBackoff.initialMs) },
      'backoff-max-ms': { ...text, default: String(defaultBackoff.maxMs) },
      'backoff-reset-ms': { ...text, default: String(defaultBackoff.resetAfterMs) },
    },
  });
  const { kubeconfig, node, dir, light } = values;
  if (!kubeconfig || !node || !dir) throw new Error('--kubeconfig, --node and --dir are required');
  return {
    ...{ kubeconfig, node, light },
    dir: resolve(dir), // containers have another working directory
    capacity: {
      cpu: values['capacity-cpu'],
      memory: values['capacity-memory'],
      pods: String(positive('--capacity-pods', values['capacity-pods'])),
    },
    concurrentStarts: positive('--concurrent-starts', values['concurrent-starts']),
    backoff: {
      initialMs: positive('--backoff-initial-ms', values['backoff-initial-ms']),
      maxMs: positive('--backoff-max-ms', values['backoff-max-ms']),
      resetAfterMs: positive('--backoff-reset-ms', values['backoff-reset-ms']),
    },
  };
}

function positive(name: string, text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value > 0) return value;
  throw new Error(`${name} must be a whole number above 0, not "${text}"`);
}

function settingsOrExit(): AgentSettings {
  try {
    return readSettings(process.argv.slice(2));
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n\n${usage}`);
    process.exit(2);
  }
}

const settings = settingsOrExit();
const stop = new AbortController();
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => stop.abort());
await runAgent(settings, stop.signal);
process.exit(0);
