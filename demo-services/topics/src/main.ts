import { createKafka } from '@lagscaler/demo-shared/kafka.ts';
import { createLog } from '@lagscaler/demo-shared/log.ts';
import { type ApplyOptions, applyTopics, readPlan } from './apply.ts';
import { loadConfig } from './config.ts';
import { describePlan } from './plan.ts';
import { createTopicAdmin } from './topic-admin.ts';

const name = 'topics';

process.exit(await main(process.argv.slice(2)));

async function main(args: readonly string[]): Promise<number> {
  try {
    if (args.some((arg) => arg !== '--dry-run')) throw new Error('the only option is --dry-run');
    const config = loadConfig(process.env);
    const stop = new AbortController();
    process.on('SIGTERM', () => stop.abort());
    process.on('SIGINT', () => stop.abort());
    const log = createLog(config.logLevel, { service: name });
    const options: ApplyOptions = {
      declared: config.declared,
      admin: createTopicAdmin(createKafka(config.kafka, name, log)),
      signal: AbortSignal.any([stop.signal, AbortSignal.timeout(config.timeoutMs)]),
      log,
      nextPauseMs: () => 500 + Math.random() * 500,
    };
    if (args.length > 0) {
      const lines = describePlan(await readPlan(options));
      process.stdout.write(`${lines.join('\n') || 'nothing to do'}\n`);
      return 0;
    }
    await applyTopics(options);
    log.info({ topics: config.declared }, 'all topics are as declared');
    return 0;
  } catch (error) {
    process.stderr.write(`${name}: ${messageOf(error)}\n`);
    return 1;
  }
}

/** With the causes: the outermost message says only what was being done. */
function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause === undefined ? error.message : `${error.message}: ${messageOf(error.cause)}`;
}
