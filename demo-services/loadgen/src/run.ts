import { writeFile } from 'node:fs/promises';
import type { Logger } from '@lagscaler/demo-shared/log.ts';
import type { AnswerTally } from './answer-ledger.ts';
import type { Config } from './config.ts';
import { type AnswerCounter, countAnswers } from './count-answers.ts';
import { generateLoad } from './generate-load.ts';
import { formatReport, type LoadReport } from './report.ts';

/** Generates, verifies when asked to, and reports. @returns whether everything went right */
export async function run(
  config: Config,
  log: Logger,
  print: (text: string) => void,
  signal: AbortSignal,
): Promise<boolean> {
  const counter = config.verify
    ? await countAnswers({ kafka: config.kafka, log, topic: config.responseTopic })
    : undefined;
  try {
    const report = await generateLoad({ ...config, log, ...observing(counter) }, signal);
    const answers = await counter?.settled(AbortSignal.timeout(config.verifyTimeoutMs));
    print(formatReport(report, answers));
    if (config.reportFile !== undefined) {
      await writeFile(config.reportFile, `${JSON.stringify({ ...report, answers }, null, 2)}\n`);
    }
    return allRight(report, answers);
  } finally {
    await counter?.stop();
  }
}

function observing(counter: AnswerCounter | undefined) {
  if (counter === undefined) return {};
  return {
    observer: {
      onSending: ({ uuid, expected }: { uuid: string; expected: 'true' | 'false' }) =>
        counter.expect(uuid, expected),
      onAcknowledged: ({ uuid }: { uuid: string }) => counter.acknowledge(uuid),
    },
  };
}

function allRight(report: LoadReport, answers: AnswerTally | undefined): boolean {
  return report.acknowledged === report.sent && (answers?.lost ?? 0) + (answers?.wrong ?? 0) === 0;
}
