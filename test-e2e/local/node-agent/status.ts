import type {
  Container,
  ContainerState,
  ContainerStatus,
  Phase,
  Pod,
  PodCondition,
  PodStatus,
  RestartPolicy,
} from './types.ts';

/** What the agent knows of one container; `status.ts` turns it into the API's words. */
export interface ContainerRecord {
  readonly container: Container;
  state: ContainerState;
  lastState: ContainerState;
  restartCount: number;
  ready: boolean;
  started: boolean;
  containerID?: string;
}

export interface PodView {
  readonly pod: Pod;
  readonly podIP: string | undefined;
  readonly hostIP: string;
  readonly startTime: string;
  readonly init: readonly ContainerRecord[];
  readonly main: readonly ContainerRecord[];
  /** The pod is being deleted and its containers have ended: its phase is final. */
  readonly ended: boolean;
  /** Written in an earlier status: a condition's transition time moves only with its status. */
  readonly conditions: readonly PodCondition[];
}

/** A container before its first start; after a restart of the agent it continues the old count. */
export function newRecord(container: Container, earlier?: ContainerStatus): ContainerRecord {
  const ran =
    earlier && (earlier.state.running ?? earlier.state.terminated ?? earlier.lastState.terminated);
  return {
    container,
    state: { waiting: { reason: 'ContainerCreating' } },
    lastState: ran ? { terminated: lostRun(earlier) } : {},
    restartCount: ran ? earlier.restartCount + 1 : 0,
    ready: false,
    started: false,
  };
}

/** How a run is recorded whose end the agent did not see. */
function lostRun(earlier: ContainerStatus) {
  const known = earlier.state.terminated ?? earlier.lastState.terminated;
  if (known && !earlier.state.running) return known;
  return {
    exitCode: 137,
    reason: 'ContainerStatusUnknown',
    message: 'The node agent was restarted: the container was ended with it.',
    finishedAt: new Date().toISOString().replace(/\.\d+Z$/, 'Z'),
  };
}

/** The patch merges podIPs by address: without this an earlier agent's address would stay. */
const replaceList = { $patch: 'replace' } as const;

/** The whole status of a pod, ready to be sent as a strategic merge patch. */
export function podStatus(view: PodView, now: string): PodStatus {
  const { pod, podIP, hostIP, startTime } = view;
  const phase = phaseOf(view);
  return {
    phase,
    conditions: conditionsOf(view, phase, now),
    hostIP,
    hostIPs: [{ ip: hostIP }],
    ...(podIP && { podIP, podIPs: [{ ip: podIP }, replaceList] }),
    startTime,
    ...(pod.spec.initContainers?.length && { initContainerStatuses: view.init.map(statusOf) }),
    containerStatuses: view.main.map(statusOf),
  };
}

function statusOf(record: ContainerRecord): ContainerStatus {
  const { container, containerID, restartCount, ready, started, state, lastState } = record;
  return {
    name: container.name,
    image: container.image,
    imageID: containerID ? `local://${container.image}` : '',
    ...(containerID && { containerID }),
    ...{ ready, started, restartCount, state, lastState },
  };
}

const exitCode = (record: ContainerRecord) => record.state.terminated?.exitCode;

/** The phase by the kubelet's rules. */
export function phaseOf({ pod, init, main, ended }: PodView): Phase {
  const policy = pod.spec.restartPolicy ?? 'Always';
  const final = ended || policy !== 'Always' ? finalPhase(policy, init, main) : undefined;
  if (final) return final;
  if (ended) return 'Failed';
  return main.every(neverStarted) ? 'Pending' : 'Running';
}

const neverStarted = ({ state, lastState }: ContainerRecord) =>
  state.waiting !== undefined && lastState.terminated === undefined;

/** Succeeded or Failed when nothing will run any more; a restart policy other than Always. */
function finalPhase(
  policy: RestartPolicy,
  init: readonly ContainerRecord[],
  main: readonly ContainerRecord[],
): Phase | undefined {
  const codes = main.map(exitCode);
  if (codes.every((code) => code === 0)) return 'Succeeded';
  if (policy !== 'Never') return undefined;
  const initFailed = init.some((each) => (exitCode(each) ?? 0) !== 0);
  return initFailed || codes.every((code) => code !== undefined) ? 'Failed' : undefined;
}

function conditionsOf(view: PodView, phase: Phase, now: string): readonly PodCondition[] {
  const { pod, main, init } = view;
  const over = phase === 'Succeeded' || phase === 'Failed';
  const unready = main.filter((each) => !each.ready).map((each) => each.container.name);
  const uninitialized = init
    .filter((each) => exitCode(each) !== 0)
    .map((each) => each.container.name);
  const containersReady = over
    ? podCompleted(phase)
    : allOf(unready, 'ContainersNotReady', 'unready');
  const gate = pod.spec.readinessGates?.find(({ conditionType }) => !isTrue(pod, conditionType));
  const list: PodCondition[] = [
    { type: 'PodReadyToStartContainers', ...(view.podIP && !view.ended ? yes : no) },
    {
      type: 'Initialized',
      ...(over ? yes : allOf(uninitialized, 'ContainersNotInitialized', 'incomplete')),
    },
    { type: 'ContainersReady', ...containersReady },
    {
      type: 'Ready',
      ...(gate && containersReady === yes ? gateNotReady(gate.conditionType) : containersReady),
    },
    { type: 'PodScheduled', ...yes },
  ];
  return list.map((each) => withTransitionTime(each, view, now));
}

type Verdict = Omit<PodCondition, 'type'>;
// null takes an earlier reason away: the patch merges conditions by type
const yes: Verdict = { status: 'True', reason: null, message: null };
const no: Verdict = { status: 'False', reason: null, message: null };

function allOf(missing: readonly string[], reason: string, word: string): Verdict {
  if (missing.length === 0) return yes;
  const message = `containers with ${word} status: [${missing.join(' ')}]`;
  return { status: 'False', reason, message };
}

const podCompleted = (phase: Phase): Verdict => ({
  status: 'False',
  reason: phase === 'Succeeded' ? 'PodCompleted' : 'PodFailed',
  message: null,
});

const gateNotReady = (type: string): Verdict => ({
  status: 'False',
  reason: 'ReadinessGatesNotReady',
  message: `the status of pod readiness gate "${type}" is not "True"`,
});

const isTrue = (pod: Pod, type: string) =>
  pod.status?.conditions?.some((each) => each.type === type && each.status === 'True') ?? false;

function withTransitionTime(condition: PodCondition, view: PodView, now: string): PodCondition {
  const same = ({ type, status }: PodCondition) =>
    type === condition.type && status === condition.status;
  const earlier = view.conditions.find(same) ?? view.pod.status?.conditions?.find(same);
  return { ...condition, lastTransitionTime: earlier?.lastTransitionTime ?? now };
}
