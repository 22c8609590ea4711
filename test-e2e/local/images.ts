import { resolve } from 'node:path';
import type { Container } from './node-agent/types.ts';

const repository = resolve(import.meta.dirname, '../..');

/** What a pod's image runs as on this machine. Paths are relative to the repository. */
export interface Image {
  /** The program, started with this process's own Node. */
  readonly entry: string;
  /** The image's default arguments (its CMD): `args` or `command` of a container replace them. */
  readonly args?: readonly string[];
  /** Options for Node itself, in front of the program. */
  readonly nodeArgs?: readonly string[];
  /** A module that exports `start` (see LightModule): the image can then run in light mode. */
  readonly module?: string;
}

/** What the module of an image exports so that many of its pods can share one process. */
export interface LightModule {
  start(env: Readonly<Record<string, string | undefined>>): Promise<LightService>;
}
/** One pod's worth of work inside a shared process. */
export interface LightService {
  /** Does what SIGTERM does to the image's own process: drains and ends. */
  stop(): Promise<void>;
  /** Resolves with the exit code when the service ends, by `stop` or by itself. */
  readonly exited: Promise<number>;
}

/** Every image that the node agent can run, by repository name; registry host and tag are ignored. */
export const images: Readonly<Record<string, Image>> = {
  'lagscaler/operator': { entry: 'operator/src/main.ts' },
  'lagscaler/operation-service': {
    entry: 'demo-services/operation-service/src/main.ts',
    module: 'demo-services/operation-service/src/service.ts',
  },
  'lagscaler/user-service': {
    entry: 'demo-services/user-service/src/main.ts',
    module: 'demo-services/user-service/src/service.ts',
  },
  'lagscaler/user-approval-service': {
    entry: 'demo-services/user-approval-service/src/main.ts',
    module: 'demo-services/user-approval-service/src/service.ts',
  },
  'lagscaler/loadgen': { entry: 'demo-services/loadgen/src/main.ts' },
  'lagscaler/demo-topics': { entry: 'demo-services/topics/src/main.ts' },
  'lagscaler/sleep': {
    entry: 'test-e2e/local/node-agent/sleep-image/main.ts',
    module: 'test-e2e/local/node-agent/sleep-image/service.ts',
  },
};

/** A reference split into its repository name (without registry host), tag and digest. */
export interface ImageReference {
  readonly name: string;
  readonly tag: string | undefined;
  readonly digest: string | undefined;
}

/** Splits `registry:5000/group/name:tag@digest`. */
export function parseImage(reference: string): ImageReference {
  const [path = '', digest] = reference.split('@');
  const match = /^(.*?)(?::([^/:]+))?$/.exec(path);
  const segments = (match?.[1] ?? path).split('/');
  const host = segments.length > 1 && /[.:]|^localhost$/.test(segments[0] ?? '');
  return { name: segments.slice(host ? 1 : 0).join('/'), tag: match?.[2], digest };
}

/** The image a container names. Throws an Error that lists the known images for any other. */
export function findImage(reference: string): Image {
  const image = images[parseImage(reference).name];
  if (image) return image;
  const known = Object.keys(images).sort().join(', ');
  throw new Error(
    `image "${reference}" is not in test-e2e/local/images.ts: use one of ${known}, or add it there`,
  );
}

/** The command line of a container: `command` replaces program and arguments, `args` only these. */
export function commandLine(image: Image, container: Container): readonly [string, ...string[]] {
  const [program, ...rest] = container.command ?? [];
  if (program) {
    return [program === 'node' ? process.execPath : program, ...rest, ...(container.args ?? [])];
  }
  const args = container.args ?? image.args ?? [];
  return [process.execPath, ...(image.nodeArgs ?? []), resolve(repository, image.entry), ...args];
}

/** The working directory of every image, as WORKDIR would be. */
export const imageWorkingDirectory = repository;

/** The absolute path of the image's light module, or undefined when it has none. */
export function lightModulePath(image: Image): string | undefined {
  return image.module && resolve(repository, image.module);
}

/**
 * Variables that replace what a pod's network namespace does elsewhere; they win over the pod's own.
 * Pods share one machine, so each listens on its own loopback address instead of on all.
 */
export function networkEnv(podIP: string): Readonly<Record<string, string>> {
  return { HTTP_HOST: podIP };
}
