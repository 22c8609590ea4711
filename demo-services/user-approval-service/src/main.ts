import { start } from './service.ts';

try {
  const service = await start(process.env);
  const stop = () => {
    // Its outcome arrives as the exit code below.
    void service.stop();
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  process.exit(await service.exited);
} catch (error) {
  process.stderr.write(
    `user-approval-service: ${error instanceof Error ? error.message : error}\n`,
  );
  process.exit(1);
}
