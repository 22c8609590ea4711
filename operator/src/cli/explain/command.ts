import { KubeError } from '../../kube/errors.ts';
import type { Io } from '../io.ts';
import { explainHelp } from './help.ts';
import { parseExplainOptions } from './options.ts';
import { readResource } from './resource.ts';
import { toJson, toStory } from './story.ts';

/**
 * `lagscaler explain`.
 * @returns the exit code
 * @throws UsageError
 */
export async function explainCommand(argv: readonly string[], io: Io): Promise<number> {
  const options = parseExplainOptions(argv, io.env);
  if (!options) {
    io.out(explainHelp);
    return 0;
  }
  try {
    const resource = await readResource(options.source);
    io.out(options.output === 'json' ? toJson(resource) : toStory(resource));
    return 0;
  } catch (error) {
    if (!(error instanceof KubeError)) throw error;
    io.err(`lagscaler: ${error.message}\n`);
    return 1;
  }
}
