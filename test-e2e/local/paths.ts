import { homedir } from 'node:os';
import { basename, join } from 'node:path';

export type Env = Readonly<Record<string, string | undefined>>;

/** Where downloads and binaries are kept between stacks; safe to delete at any time. */
export function cacheDir(env: Env = process.env): string {
  return join(env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'lagscaler');
}

/** Where stacks keep their data, logs and pid files, one folder per stack. */
function stateRoot(env: Env = process.env): string {
  return join(env['XDG_STATE_HOME'] || join(homedir(), '.local', 'state'), 'lagscaler');
}

/** Where each stack claims its ports. */
export function portRegistry(): string {
  return join(stateRoot(), 'ports');
}

/**
 * The state directory of a stack.
 * @param name default: the environment's STACK, else `default`
 * @throws Error when the name could not be a folder or a Kubernetes name
 */
export function stackDir(name?: string, env: Env = process.env): string {
  const chosen = name ?? (env['STACK'] || 'default');
  if (!/^[a-z0-9]([-a-z0-9]{0,38}[a-z0-9])?$/.test(chosen))
    throw new Error(
      `stack name "${chosen}": use at most 40 lowercase letters, digits and dashes, such as "default"`,
    );
  return join(stateRoot(env), 'stacks', chosen);
}

/** The name of the stack that a state directory belongs to: its last part. */
export function stackName(dir: string): string {
  return basename(dir);
}
