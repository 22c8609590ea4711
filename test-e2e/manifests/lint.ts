import { pinned } from './images.ts';
import { gracePeriod, hiddenShutdown, shutdown } from './stopping.ts';
import {
  type Container,
  containersOf,
  type Manifest,
  type SecurityContext,
  serving,
  settings,
  type Workload,
  workloadOf,
} from './workload.ts';

/** What every workload in the repository must have. Each rule says what is wrong and what to do. */

type Rule = (manifest: Manifest, workload: Workload | undefined) => readonly string[];

export const rules = {
  probes: (_, workload) =>
    serving(workload).flatMap(({ name, livenessProbe, readinessProbe }) => [
      ...(livenessProbe ? [] : [`container ${name} has no livenessProbe`]),
      ...(readinessProbe ? [] : [`container ${name} has no readinessProbe`]),
    ]),
  preStop: (_, workload) =>
    serving(workload)
      .filter(({ lifecycle }) => !lifecycle?.preStop)
      .map(({ name }) => `container ${name} has no lifecycle.preStop`),
  gracePeriod: (_, workload) => (workload ? gracePeriod(workload.pod) : []),
  shutdown: (manifest, workload) => [
    ...serving(workload).flatMap((each) => shutdown(each, workload?.pod)),
    ...hiddenShutdown(manifest),
  ],
  nonRoot: (_, workload) =>
    containersOf(workload).flatMap((container) =>
      nonRoot(container, workload?.pod.securityContext),
    ),
  images: (_, workload) =>
    containersOf(workload).flatMap(({ name, image }) => pinned(`${name}`, image)),
  secrets: (manifest) => [
    ...(manifest.kind === 'Secret' && (manifest['data'] ?? manifest['stringData'])
      ? ['a Secret with its values: create it where it is used']
      : []),
    ...settings(manifest).flatMap(([name, value]) => literalSecret(name, value)),
  ],
  verification: (manifest) =>
    settings(manifest)
      .filter(([name, value]) => turnsVerificationOff(name, value))
      .map(([name]) => `${name} turns the verification of certificates off`),
} satisfies Record<string, Rule>;

export type RuleName = keyof typeof rules;

export interface Finding {
  readonly rule: RuleName;
  /** E.g. `Deployment/user-service`. */
  readonly object: string;
  readonly problem: string;
}

/** Every violation of a rule by one object. */
export function lintManifest(manifest: Manifest): readonly Finding[] {
  const object = `${manifest.kind}/${manifest.metadata?.name}`;
  const workload = workloadOf(manifest);
  const named: readonly (readonly [string, Rule])[] = Object.entries(rules);
  return named.flatMap(([rule, check]) =>
    check(manifest, workload).map((problem) => ({ rule: rule as RuleName, object, problem })),
  );
}

function nonRoot(container: Container, pod: SecurityContext | undefined): readonly string[] {
  const { runAsNonRoot, runAsUser } = { ...pod, ...container.securityContext };
  if (runAsUser === 0) return [`container ${container.name} runs as user 0`];
  return runAsNonRoot ? [] : [`container ${container.name} has no runAsNonRoot: true`];
}

const secretName =
  /(^|[_.-])(password|passwd|secret|token|credentials?|api[_-]?key|private[_-]?key|access[_-]?key|connection[_-]?string)$/i;
const secretField = /[a-z](Password|Secret|Token|Credentials?|PrivateKey|ApiKey)$/;
const secretValue = /-----BEGIN [A-Z ]*PRIVATE KEY|[a-z][a-z0-9+.-]*:\/\/[^\s/:@]+:[^\s/@]+@/i;

function literalSecret(name: string, value: string): readonly string[] {
  if (value === '' || value === 'true' || value === 'false') return [];
  const secret = secretName.test(name) || secretField.test(name) || secretValue.test(value);
  return secret ? [`${name} holds a secret: take it from a Secret`] : [];
}

const verificationOff: Readonly<Record<string, RegExp>> = {
  NODE_TLS_REJECT_UNAUTHORIZED: /^0$/,
  insecureSkipVerify: /^true$/,
};

function turnsVerificationOff(name: string, value: string): boolean {
  if (verificationOff[name]?.test(value)) return true;
  return /--tls\.insecure-skip|--insecure-skip-tls-verify(?!=false)/.test(value);
}
