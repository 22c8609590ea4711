import { createLog } from '@lagscaler/demo-shared/log.ts';
import { helpText, readCommandLine } from './cli.ts';
import { loadConfig } from './config.ts';
import { run } from './run.ts';

process.exit(await main());

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
    const stop = new AbortController();
    process.on('SIGTERM', () => stop.abort());
    process.on('SIGINT', () => stop.abort());
    const log = createLog(config.logLevel, { service: 'loadgen' });
    return (await run(config, log, print, stop.signal)) ? 0 : 1;
  } catch (error) {
    process.stderr.write(`loadgen: ${error instanceof Error ? error.message : error}\n`);
    return 1;
  }
}
