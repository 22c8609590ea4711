import { behaviorOf } from '../../backtest/controllers/hpa.ts';
import { type KedaOptions, kedaDefaults } from '../../backtest/controllers/keda.ts';
import { UsageError } from '../usage-error.ts';
import { parseManifests } from './scaler-file.ts';

// biome-ignore lint/suspicious/noExplicitAny: a manifest is anything until it has been looked at
type Fields = Record<string, any>;

/** Parameters of the Kafka trigger that change what it says, and that the baseline does not have. */
const unknownHere = ['excludePersistentLag', 'limitToPartitionsWithLag', 'partitionLimitation'];

/**
 * The only ScaledObject of a file as a baseline: its Kafka trigger, and of a second trigger of another
 * kind the threshold, taken for records per second and replica.
 * @throws UsageError with every problem of it
 */
export function parseKedaFile(path: string, text: string): KedaOptions {
  const found = parseManifests(path, text).filter((m) => m?.kind === 'ScaledObject');
  if (found.length !== 1)
    throw new UsageError(
      `${path}: holds ${found.length} resources of kind ScaledObject: one is needed`,
    );
  const spec: Fields = found[0].spec ?? {};
  const triggers: readonly Fields[] = spec['triggers'] ?? [];
  const kafka = triggers.filter(({ type }) => type === 'kafka' || type === 'apache-kafka');
  const others = triggers.filter((trigger) => !kafka.includes(trigger));
  const problems = [
    ...(kafka.length === 1 ? [] : [`spec.triggers: ${kafka.length} of type kafka: one is needed`]),
    ...(others.length <= 1 ? [] : ['spec.triggers: at most one beside the one of type kafka']),
    ...unknownHere
      .filter((name) => kafka.some(({ metadata }) => isSet(metadata?.[name])))
      .map((name) => `spec.triggers: ${name} is nothing the baseline can do`),
  ];
  const options = optionsOf(path, spec, kafka[0]?.['metadata'] ?? {}, others[0]);
  for (const [name, value] of Object.entries(options))
    if (Number.isNaN(value)) problems.push(`${name} must be a number`);
  if (problems.length > 0) throw new UsageError(problems.map((p) => `${path}: ${p}`).join('\n'));
  return options;
}

function optionsOf(
  path: string,
  spec: Fields,
  kafka: Fields,
  other: Fields | undefined,
): KedaOptions {
  const behavior = spec['advanced']?.horizontalPodAutoscalerConfig?.behavior;
  const rate = other?.['metadata']?.threshold ?? other?.['metadata']?.value;
  return {
    name: `KEDA of ${path}`,
    minReplicas: Number(spec['minReplicaCount'] ?? kedaDefaults.minReplicas),
    maxReplicas: Number(spec['maxReplicaCount'] ?? kedaDefaults.maxReplicas),
    pollingSeconds: Number(spec['pollingInterval'] ?? kedaDefaults.pollingSeconds),
    cooldownSeconds: Number(spec['cooldownPeriod'] ?? kedaDefaults.cooldownSeconds),
    lagThreshold: Number(kafka['lagThreshold'] ?? kedaDefaults.lagThreshold),
    evenDistribution: isSet(kafka['ensureEvenDistributionOfPartitions']),
    allowIdleConsumers: isSet(kafka['allowIdleConsumers']),
    rateTarget: other && Number(rate),
    behavior: behavior && behaviorOf(behavior),
  };
}

/** KEDA takes its switches as strings. */
function isSet(value: unknown): boolean {
  return value !== undefined && value !== '' && String(value) !== 'false';
}
