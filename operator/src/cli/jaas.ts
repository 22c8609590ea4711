/** The login module of a `sasl.jaas.config` and its options. */
export interface JaasConfig {
  readonly loginModule: string;
  readonly options: ReadonlyMap<string, string>;
}

/** A word, or text in double or single quotes with escapes; `=` and `;` stand alone. */
const token = /"((?:\\.|[^"\\])*)"|'((?:\\.|[^'\\])*)'|([^\s=;"']+)|([=;])|\S/gs;

/**
 * `<module> <flag> key=value …;` as Kafka has it, with exactly one module.
 * @returns undefined for anything else; what is wrong in it is not said, for it may hold the password
 */
export function parseJaas(text: string): JaasConfig | undefined {
  const tokens = [...text.matchAll(token)].map(([all, double, single, word, sign]) => {
    const quoted = double ?? single;
    if (quoted !== undefined) return { text: quoted.replace(/\\(.)/gs, '$1'), sign: false };
    return { text: word ?? sign ?? all, sign: word === undefined };
  });
  const [module, flag, ...rest] = tokens;
  if (!module || module.sign || !flag || flag.sign) return undefined;
  const options = new Map<string, string>();
  let at = 0;
  for (; rest[at] && !isSign(rest[at], ';'); at += 3) {
    const [key, equals, value] = rest.slice(at, at + 3);
    if (!key || key.sign || !isSign(equals, '=') || !value || value.sign) return undefined;
    options.set(key.text, value.text);
  }
  return at === rest.length - 1 ? { loginModule: module.text, options } : undefined;
}

function isSign(token: { text: string; sign: boolean } | undefined, sign: string): boolean {
  return token?.sign === true && token.text === sign;
}
