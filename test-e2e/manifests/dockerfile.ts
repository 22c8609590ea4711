import { pinned } from './images.ts';

/**
 * What is wrong with a Dockerfile: a base that is whatever is latest, a base that cannot be pinned from
 * outside, a program that runs as root or behind a shell that keeps SIGTERM to itself.
 */
export function lintDockerfile(text: string): readonly string[] {
  const { valuesOf, defaults, own } = read(text);
  return [
    ...(own.length === 0 ? ['there is no FROM'] : []),
    ...own.flatMap((base) => baseProblems(base, defaults)),
    ...userProblems(valuesOf('USER').at(-1)),
    ...(valuesOf('ENTRYPOINT').at(-1)?.startsWith('[') ? [] : ['ENTRYPOINT is not in exec form']),
  ];
}

/** The images that it builds on unless a build says otherwise. */
export function basesOf(text: string): readonly string[] {
  const { defaults, own } = read(text);
  return own.map((base) => defaults.get(base) ?? base);
}

function read(text: string) {
  const instructions = text.split('\n').flatMap((line) => {
    const [, name, value] = /^([A-Z]+)\s+(.*)$/.exec(line) ?? [];
    return name && value ? [[name, value] as const] : [];
  });
  const valuesOf = (wanted: string) =>
    instructions.flatMap(([name, value]) => (name === wanted ? [value] : []));
  const defaults: ReadonlyMap<string, string> = new Map(
    valuesOf('ARG').map((each) => {
      const [name = '', value = ''] = each.split('=');
      return [`\${${name}}`, value] as const;
    }),
  );
  const stages = valuesOf('FROM').flatMap((each) => / AS (\S+)$/i.exec(each)?.[1] ?? []);
  const bases = valuesOf('FROM').map((each) => each.split(' ')[0] ?? '');
  const own = bases.filter((base) => !stages.includes(base));
  return { valuesOf, defaults, own };
}

function baseProblems(base: string, defaults: ReadonlyMap<string, string>): readonly string[] {
  const image = defaults.get(base);
  if (image !== undefined) return pinned('FROM', image);
  if (base.includes('@sha256:')) return [];
  return [`FROM ${base}: make it an ARG, so that a build can pin its digest`];
}

function userProblems(user: string | undefined): readonly string[] {
  const number = user?.split(':')[0] ?? '';
  // A name would not do: Kubernetes cannot tell whether it is root.
  if (/^[1-9]\d*$/.test(number)) return [];
  return [`USER is ${user ?? 'missing'}: it must be a number other than 0`];
}
