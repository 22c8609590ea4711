import { ConfigError, loadConfig } from './config.ts';
import { type Operator, startOperator } from './operator.ts';
import { createLog } from './telemetry/log.ts';

/** SIGTERM must end in exit code 0 within 5 s; this leaves a second for what hangs. */
const shutdownMs = 4000;

async function main(): Promise<void> {
  const config = loadConfig(process.env);
  const log = createLog(config.logLevel);
  let operator: Operator | undefined;

  const stop = async (signal: NodeJS.Signals) => {
    log.info({ signal }, 'shutting down');
    // An API server or broker that hangs must not turn a shutdown into a failure: nothing acts any more.
    setTimeout(() => process.exit(0), shutdownMs + 500).unref();
    await operator?.stop(shutdownMs);
    process.exit(0);
  };
  process.once('SIGTERM', (signal) => void stop(signal));
  process.once('SIGINT', (signal) => void stop(signal));

  operator = await startOperator(config, log, {
    // Another replica may write from now on: this process must not live to try (traps C19).
    onLeadershipLost() {
      log.error('lost the leader lease');
      process.exit(1);
    },
  });
}

main().catch((error: unknown) => {
  const text = error instanceof ConfigError ? error.message : error;
  process.stderr.write(`${text instanceof Error ? (text.stack ?? text.message) : text}\n`);
  process.exit(1);
});
