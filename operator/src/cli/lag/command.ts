import { toKafkaError } from '../../kafka/kafka-error.ts';
import { createLagSource } from '../../kafka/lag-source.ts';
import type { Io } from '../io.ts';
import { lagHelp } from './help.ts';
import { toJson } from './json.ts';
import { type LagReport, owner, readLagOf } from './lag.ts';
import { type LagOptions, parseLagOptions } from './options.ts';
import { toNotes, toTable } from './table.ts';
import { recordTimestamps } from './timestamps.ts';
import { type Trouble, tell, toTrouble } from './trouble.ts';

/**
 * `lagscaler lag`.
 * @returns the exit code
 * @throws UsageError
 */
export async function lagCommand(argv: readonly string[], io: Io): Promise<number> {
  const options = parseLagOptions(argv, io.env);
  if (!options) {
    io.out(lagHelp);
    return 0;
  }
  const source = createLagSource({
    clientId: 'lagscaler-lag',
    readTimeoutMs: options.timeoutMs,
    // A second broker must still have its turn when the first one is silent.
    requestTimeoutMs: options.timeoutMs * 0.6,
    connectTimeoutMs: options.timeoutMs * 0.3,
  });
  try {
    const timestampOf = recordTimestamps(source, owner, options);
    const report = await readLagOf(options, { source, timestampOf });
    return print(report, options, io);
  } catch (error) {
    return complain([toTrouble(toKafkaError(error))], io);
  } finally {
    await source.close();
  }
}

function print(report: LagReport, { output }: LagOptions, io: Io): number {
  io.out(output === 'json' ? toJson(report) : toTable(report.groups));
  if (output === 'table') for (const note of toNotes(report.groups)) io.err(`${note}\n`);
  const ofGroups = report.groups.flatMap(({ group, trouble }) =>
    trouble ? { group, ...trouble } : [],
  );
  return complain([...report.troubles, ...ofGroups], io);
}

function complain(troubles: readonly Trouble[], io: Io): number {
  for (const line of tell(troubles)) io.err(`${line}\n`);
  return troubles.length > 0 ? 1 : 0;
}
