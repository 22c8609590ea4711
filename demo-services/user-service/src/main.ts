import { runMain } from '@lagscaler/demo-shared/run-main.ts';
import { start } from './service.ts';

await runMain('user-service', () => start(process.env));
