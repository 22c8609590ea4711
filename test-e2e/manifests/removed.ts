/** What today's Kubernetes, Istio, Kafka and Helm no longer have, and an old example still brings along. */
const removedApis = [
  'extensions/v1beta1',
  'apps/v1beta1',
  'apps/v1beta2',
  'autoscaling/v2beta1',
  'autoscaling/v2beta2',
  'batch/v1beta1',
  'batch/v2alpha1',
  'policy/v1beta1',
  'networking.k8s.io/v1beta1',
  'rbac.authorization.k8s.io/v1alpha1',
  'rbac.authorization.k8s.io/v1beta1',
  'apiextensions.k8s.io/v1beta1',
  'apiregistration.k8s.io/v1beta1',
  'admissionregistration.k8s.io/v1beta1',
  'certificates.k8s.io/v1beta1',
  'coordination.k8s.io/v1beta1',
  'discovery.k8s.io/v1beta1',
  'events.k8s.io/v1beta1',
  'node.k8s.io/v1beta1',
  'scheduling.k8s.io/v1alpha1',
  'scheduling.k8s.io/v1beta1',
  'storage.k8s.io/v1beta1',
  'config.istio.io/v1alpha2',
];

const anyOf = (names: readonly string[]) =>
  names.map((name) => name.replaceAll('.', '\\.')).join('|');

const removed: readonly { readonly what: string; readonly pattern: RegExp }[] = [
  {
    what: 'an API version that is gone',
    pattern: new RegExp(`apiVersion["']?\\s*[:=]\\s*["']?(${anyOf(removedApis)})(?![\\w./-])`),
  },
  {
    what: 'a chart repository that is shut down',
    pattern: /kubernetes-charts(-incubator)?\.storage\.googleapis\.com|charts\.helm\.sh\/stable/,
  },
  {
    what: 'a setting of Istio Mixer',
    pattern: /\bistio-(policy|telemetry)\b|disablePolicyChecks|\bmixer[-_.:]\w|[-_.]mixer\b/i,
  },
  { what: 'a setting of Heapster', pattern: /\bheapster[-_.:/@=]\w|[-_./]heapster\b/i },
  { what: 'a flag of ZooKeeper', pattern: /--zookeeper\b|\bzookeeper\.connect|_ZOOKEEPER_/i },
];

/** Each line of a text that has something removed in it, with its number. */
export function findRemoved(text: string): readonly string[] {
  return text
    .split('\n')
    .flatMap((line, at) =>
      removed
        .filter(({ pattern }) => pattern.test(line))
        .map(({ what }) => `line ${at + 1} has ${what}: ${line.trim()}`),
    );
}
