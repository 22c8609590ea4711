import { runMain } from '@lagscaler/demo-shared/run-main.ts';
import { name, start } from './service.ts';

await runMain(name, () => start(process.env));
