import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect } from 'vitest';
import { until } from './until.ts';

const run = promisify(execFile);

/** What command lines print, read as JSON. @throws Error unless they end with 0 within 20 s */
export async function shell(lines: string, env: NodeJS.ProcessEnv = {}): Promise<unknown> {
  const { stdout } = await run('sh', ['-c', lines], {
    env: { ...process.env, ...env },
    timeout: 20_000,
  });
  return JSON.parse(stdout);
}

const uuidPattern = /[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/;

/**
 * Runs a line of curl that creates the user `hans`, and another that shows an operation, until that one
 * is completed. The uuid is all that is changed in them.
 * @returns the uuid of the operation
 */
export async function createUserByCurl(
  [post = '', get = '']: readonly string[],
  env?: NodeJS.ProcessEnv,
): Promise<string> {
  const data = { name: 'hans' };
  const created = await shell(post, env);
  expect(created).toMatchObject({ uuid: expect.stringMatching(uuidPattern), data });
  const { uuid } = created as { readonly uuid: string };
  let seen: unknown;
  const completed = async () => {
    seen = await shell(get.replace(uuidPattern, uuid), env);
    expect(seen).toMatchObject({ uuid, state: 'completed', data });
    return true;
  };
  await until(`${uuid} is completed`, completed, { seen: () => seen });
  return uuid;
}
