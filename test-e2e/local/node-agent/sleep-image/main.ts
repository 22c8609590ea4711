import { start } from './service.ts';

const service = await start(process.env);
process.on('SIGTERM', () => void service.stop());
const keepAlive = setInterval(() => undefined, 60_000); // also without a server
process.exitCode = await service.exited;
clearInterval(keepAlive);
