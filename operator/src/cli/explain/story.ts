import type { KafkaConsumerScalerStatus } from '../../api/types.gen.ts';
import { inputOf } from './input.ts';
import type { Resource } from './resource.ts';

type Condition = NonNullable<KafkaConsumerScalerStatus['conditions']>[number];
type Line = readonly string[];

/** The last decision for people: what was seen, what each step made of it, what is out of the ordinary. */
export function toStory(resource: Resource): string {
  const { metadata, status = {} } = resource;
  const { namespace, name } = metadata;
  const { decision, history = [] } = status;
  return [
    `KafkaConsumerScaler ${namespace ? `${namespace}/` : ''}${name}`,
    section('Input', inputOf(resource)),
    decision?.steps && section('Steps', stepsOf(decision.steps)),
    `Decision\n  ${decision ? `${decision.reason}: ${decision.message}` : 'none yet'}`,
    section('Conditions', noteworthy(status)),
    section(
      'Last changes',
      history.map(({ time, reason, message }) => [time, reason, message]),
    ),
  ]
    .filter((part) => part)
    .map((part) => `${part}\n`)
    .join('\n');
}

/** The same for programs. */
export function toJson(resource: Resource): string {
  const { metadata, status = {} } = resource;
  const { decision, history = [], desiredReplicas } = status;
  const value = {
    namespace: metadata.namespace,
    name: metadata.name,
    input: Object.fromEntries(inputOf(resource)),
    steps: decision?.steps ?? [],
    desiredReplicas,
    reason: decision?.reason,
    message: decision?.message,
    conditions: status.conditions ?? [],
    history,
  };
  return `${JSON.stringify(value, undefined, 2)}\n`;
}

type Step = NonNullable<NonNullable<KafkaConsumerScalerStatus['decision']>['steps']>[number];

function stepsOf(steps: readonly Step[]): readonly Line[] {
  return steps.map(({ step, from, to, reason, message }, i) => [
    `${i + 1}`,
    step,
    from === to ? `${to}` : `${from} → ${to}`,
    reason,
    message,
  ]);
}

/** Those that are as they should be say nothing. */
function noteworthy({ conditions = [] }: KafkaConsumerScalerStatus): readonly Line[] {
  const usual = ({ type, status }: Condition) =>
    ['Ready', 'AbleToScale', 'ScalingActive'].includes(type)
      ? status === 'True'
      : status !== 'True';
  return conditions
    .filter((condition) => !usual(condition))
    .map(({ type, status, reason, message }) => [`${type}=${status}`, reason, message]);
}

/** A title over aligned lines, the last column as it is; undefined without lines. */
function section(title: string, lines: readonly Line[]): string | undefined {
  if (lines.length === 0) return undefined;
  const widths = lines.reduce<number[]>(
    (most, line) => line.map((cell, i) => Math.max(most[i] ?? 0, cell.length)),
    [],
  );
  const rows = lines.map((line) =>
    line.map((cell, i) => (i < line.length - 1 ? cell.padEnd(widths[i] ?? 0) : cell)).join('  '),
  );
  return [title, ...rows.map((row) => `  ${row}`)].join('\n');
}
