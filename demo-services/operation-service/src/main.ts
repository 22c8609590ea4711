import { runMain } from '@lagscaler/demo-shared/run-main.ts';
import { start } from './service.ts';

await runMain('operation-service', () => start(process.env));
