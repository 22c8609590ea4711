import { arch, hostname, release } from 'node:os';
import { hostIP } from './agent-context.ts';
import { type ApiClient, isNotFound, reasonOf } from './api.ts';
import { microTimestamp, sleep, timestamp } from './clock.ts';

/** What the node offers to the scheduler, as Kubernetes quantities. */
export interface Capacity {
  readonly cpu: string;
  readonly memory: string;
  readonly pods: string;
}

const leaseDurationSeconds = 40;
const renewEveryMs = 10_000;
const retryMs = 1_000;

interface Node {
  readonly status?: {
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
    readonly capacity?: Readonly<Record<string, string>>;
  };
}

/**
 * Keeps the Node and its Lease until the signal aborts. Every beat looks whether the node is there
 * and Ready: the API server may have been wiped, and the node lifecycle controller turns the
 * condition to Unknown when it has not heard from the node, such as after an outage.
 * @param registered called after the first beat that succeeded
 */
export async function keepNode(
  api: ApiClient,
  name: string,
  capacity: Capacity,
  registered: () => void,
  signal: AbortSignal,
): Promise<void> {
  let healthy = true;
  while (!signal.aborted) {
    try {
      await registerNode(api, name, capacity);
      await renewLease(api, name);
      healthy = true;
      registered();
    } catch (error) {
      if (healthy) console.warn(`node ${name}: no heartbeat: ${reasonOf(error)}; retrying`);
      healthy = false;
    }
    await sleep(healthy ? renewEveryMs : retryMs, signal);
  }
}

async function registerNode(api: ApiClient, name: string, capacity: Capacity): Promise<void> {
  const path = `/api/v1/nodes/${name}`;
  try {
    const node = await api.get<Node>(path);
    if (isCurrent(node, capacity)) return;
    await api.patch(`${path}/status`, { status: nodeStatus(name, capacity) }, 'strategic-merge');
  } catch (error) {
    if (!isNotFound(error)) throw error;
    await api.post('/api/v1/nodes', {
      apiVersion: 'v1',
      kind: 'Node',
      metadata: {
        name,
        labels: {
          'kubernetes.io/hostname': name,
          'kubernetes.io/os': 'linux',
          'kubernetes.io/arch': goArch(),
        },
      },
      status: nodeStatus(name, capacity),
    });
  }
}

function isCurrent({ status }: Node, capacity: Capacity): boolean {
  const ready = status?.conditions?.some((each) => each.type === 'Ready' && each.status === 'True');
  const same = (Object.keys(capacity) as (keyof Capacity)[]).every(
    (key) => status?.capacity?.[key] === capacity[key],
  );
  return same && ready === true;
}

async function renewLease(api: ApiClient, name: string): Promise<void> {
  const leases = '/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases';
  const spec = { holderIdentity: name, leaseDurationSeconds, renewTime: microTimestamp() };
  try {
    await api.patch(`${leases}/${name}`, { spec });
  } catch (error) {
    if (!isNotFound(error)) throw error;
    await api.post(leases, {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: { name },
      spec,
    });
  }
}

const goArch = () => (arch() === 'x64' ? 'amd64' : arch());

function nodeStatus(name: string, capacity: Capacity): object {
  const now = timestamp();
  const condition = (type: string, status: string, reason: string) => ({
    ...{ type, status, reason, message: 'reported by the lagscaler node agent' },
    ...{ lastHeartbeatTime: now, lastTransitionTime: now },
  });
  return {
    capacity,
    allocatable: capacity,
    addresses: [
      { type: 'InternalIP', address: hostIP },
      { type: 'Hostname', address: name },
    ],
    conditions: [
      condition('Ready', 'True', 'KubeletReady'),
      condition('MemoryPressure', 'False', 'KubeletHasSufficientMemory'),
      condition('DiskPressure', 'False', 'KubeletHasNoDiskPressure'),
      condition('PIDPressure', 'False', 'KubeletHasSufficientPID'),
    ],
    nodeInfo: {
      ...{ machineID: hostname(), systemUUID: hostname(), bootID: hostname() },
      kernelVersion: release(),
      osImage: 'local processes',
      containerRuntimeVersion: 'local://1',
      kubeletVersion: 'v1.34.0+lagscaler-node-agent',
      kubeProxyVersion: '',
      operatingSystem: 'linux',
      architecture: goArch(),
    },
  };
}
