import type { RunningService } from './lifecycle.ts';

/**
 * The whole body of a service's main file: starts it, stops it on SIGTERM and SIGINT, and ends the
 * process with its exit code. A service that cannot start ends it with code 1 and one message, which
 * for a bad environment names every problem.
 */
export async function runMain(name: string, start: () => Promise<RunningService>): Promise<void> {
  try {
    const service = await start();
    const stop = () => {
      // Its outcome arrives as the exit code below.
      void service.stop();
    };
    process.on('SIGTERM', stop);
    process.on('SIGINT', stop);
    process.exit(await service.exited);
  } catch (error) {
    process.stderr.write(`${name}: ${error instanceof Error ? error.message : error}\n`);
    process.exit(1);
  }
}
