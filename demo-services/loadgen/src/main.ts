import { createLog } from '@lagscaler/demo-shared/log.ts';
import { helpText, readCommandLine } from './cli.ts';
import { loadConfig } from './config.ts';
import { run } from './run.ts';

/** Less than the grace period of a pod, so that the report gets out. */
const waitAfterStopMs = 20_000;

process.exitCode = await main();

async function main(): Promise<number> {
  try {
    const env = readCommandLine(process.argv.slice(2), process.env);
    const print = (text: string) => {
      process.stdout.write(text);
    };
    if (env === undefined) {
      print(helpText());
      return 0;
    }
    const config = loadConfig(env);
    const log = createLog(config.logLevel, { service: 'loadgen' });
    return (await run(config, log, print, onStopSignals())) ? 0 : 1;
  } catch (error) {
    process.stderr.write(`loadgen: ${error instanceof Error ? error.message : error}\n`);
    return 1;
  }
}

function onStopSignals() {
  const stop = new AbortController();
  const giveUp = new AbortController();
  const onSignal = () => {
    if (stop.signal.aborted) giveUp.abort();
    stop.abort();
    setTimeout(() => giveUp.abort(), waitAfterStopMs).unref();
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
  return { stop: stop.signal, giveUp: giveUp.signal };
}
