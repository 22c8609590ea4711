import { parseAllDocuments } from 'yaml';
import { specSchema } from '../../api/spec-schema.gen.ts';
import { complete } from '../../api/spec-schema.ts';
import type { KafkaConsumerScalerSpec } from '../../api/types.gen.ts';
import { InvalidSpecError } from '../../autoscaler/invalid-spec.ts';
import { scalingPolicyOf } from '../../autoscaler/policy.ts';
import type { ScalingPolicy } from '../../autoscaler/types.ts';
import { createCalendar } from '../../controller/calendar.ts';
import { UsageError } from '../usage-error.ts';

export interface ScalerFile {
  readonly namespace: string | undefined;
  readonly name: string | undefined;
  readonly spec: KafkaConsumerScalerSpec;
  /** As if it were free to act: `mode`, `paused` and `override` are about today, not about a history. */
  readonly policy: ScalingPolicy;
}

// biome-ignore lint/suspicious/noExplicitAny: a manifest is anything until it has been looked at
type Manifest = any;

/** The documents of a YAML file. @throws UsageError naming the file */
export function parseManifests(path: string, text: string): readonly Manifest[] {
  return parseAllDocuments(text).map((document) => {
    const [error] = document.errors;
    if (error) throw new UsageError(`${path}: ${error.message}`, { cause: error });
    return document.toJS();
  });
}

/**
 * The only KafkaConsumerScaler of a file, with the defaults that the API server would fill in.
 * @throws UsageError with every problem of it
 */
export function parseScalerFile(path: string, text: string): ScalerFile {
  const found = parseManifests(path, text).filter((m) => m?.kind === 'KafkaConsumerScaler');
  const [manifest] = found;
  if (found.length !== 1)
    throw new UsageError(
      `${path}: holds ${found.length} resources of kind KafkaConsumerScaler: one is needed`,
    );
  const { value, problems } = complete(manifest.spec, specSchema, 'spec');
  if (problems.length > 0) throw new UsageError(problems.map((p) => `${path}: ${p}`).join('\n'));
  const spec = value as KafkaConsumerScalerSpec;
  const { name, namespace } = manifest.metadata ?? {};
  return { name, namespace, spec, policy: policyOf(path, spec) };
}

function policyOf(path: string, spec: KafkaConsumerScalerSpec): ScalingPolicy {
  try {
    // Time zones as they are today: what the clocks did in the time of the trace is not asked for.
    const policy = scalingPolicyOf(spec, createCalendar(Date.now));
    return { ...policy, mode: 'Active', paused: false, override: undefined };
  } catch (error) {
    if (!(error instanceof InvalidSpecError)) throw error;
    throw new UsageError(`${path}: spec.${error.message}`, { cause: error });
  }
}
