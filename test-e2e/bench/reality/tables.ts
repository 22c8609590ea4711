import { round } from '../statistics.ts';
import type { Measured } from './measure.ts';
import type { Predicted } from './predict.ts';

export interface RealityResult {
  readonly trace: string;
  readonly command: string;
  readonly real: Measured & { readonly oldestSeconds: number };
  readonly capacityPerReplica: number;
  /** One for each seed. */
  readonly predicted: readonly Predicted[];
  readonly loadAverage: number;
}

/** How far off the simulation may be. */
const limits = { replicaHours: 0.15, actions: 2 };

/** The prediction: the seed in the middle. */
export function middle(result: RealityResult, what: 'replicaHours' | 'actions'): number {
  const values = result.predicted.map((p) => p[what]).sort((a, b) => a - b);
  return values[Math.floor(values.length / 2)] ?? Number.NaN;
}

export function problemsOf(result: RealityResult): readonly string[] {
  const { trace, real } = result;
  const off = middle(result, 'replicaHours') / real.replicaHours - 1;
  const more = middle(result, 'actions') - real.actions.length;
  return [
    ...(Math.abs(off) > limits.replicaHours
      ? [`${trace}: replica-hours are predicted ${round(100 * off, 1)} % off`]
      : []),
    ...(Math.abs(more) > limits.actions
      ? [`${trace}: ${middle(result, 'actions')} actions predicted, ${real.actions.length} seen`]
      : []),
  ];
}

export function realityTables(results: readonly RealityResult[]): string {
  const head = [
    'trace',
    'replica-hours: real',
    'simulated (range)',
    'off',
    'actions: real',
    'simulated (range)',
    'oldest record: real',
    'simulated',
    'load average',
  ];
  const rows = results.map((result) => {
    const { trace, real, predicted, loadAverage } = result;
    const hours = predicted.map((p) => p.replicaHours);
    const actions = predicted.map((p) => p.actions);
    const simulated = middle(result, 'replicaHours');
    return [
      trace,
      round(real.replicaHours, 2),
      `${round(simulated, 2)} (${round(Math.min(...hours), 2)}–${round(Math.max(...hours), 2)})`,
      `${round(100 * (simulated / real.replicaHours - 1), 1)} %`,
      real.actions.length,
      `${middle(result, 'actions')} (${Math.min(...actions)}–${Math.max(...actions)})`,
      `${round(real.oldestSeconds, 0)} s`,
      `${Math.max(...predicted.map((p) => p.maxAgeSeconds))} s at most`,
      loadAverage,
    ];
  });
  const line = (cells: readonly (string | number)[]) => `| ${cells.join(' | ')} |`;
  const commands = results.map(({ trace, command }) => `npx lagscaler ${command}   # ${trace}`);
  return [
    [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n'),
    `Told to the simulation, all measured in the real run:\n\n\`\`\`sh\n${commands.join('\n')}\n\`\`\``,
  ].join('\n\n');
}
