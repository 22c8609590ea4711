/**
 * A properties file as Java reads it: `key=value`, `key: value` or `key value`; comments with `#` or
 * `!`; a backslash at the end continues the line; `\n`, `\t`, `\uXXXX` and escaped separators.
 * Never throws: every line has a meaning. A key that is set twice keeps its last value.
 */
export function parseProperties(text: string): ReadonlyMap<string, string> {
  const properties = new Map<string, string>();
  for (const line of logicalLines(text)) {
    const [, key = '', value = ''] = entry.exec(line) ?? [];
    properties.set(unescaped(key), unescaped(value));
  }
  return properties;
}

/** A key ends at the first separator that is not escaped; one `=` or `:` belongs to the separator. */
const entry = /^((?:\\.|[^\\=:\s])*)\s*[=:]?\s*(.*)$/s;

function logicalLines(text: string): readonly string[] {
  const lines: string[] = [];
  let open = '';
  for (const natural of text.split(/\r\n|\r|\n/)) {
    const line = natural.trimStart();
    if (open === '' && (line === '' || /^[#!]/.test(line))) continue;
    const goesOn = /(?:^|[^\\])(?:\\\\)*\\$/.test(line);
    open += goesOn ? line.slice(0, -1) : line;
    if (goesOn) continue;
    lines.push(open);
    open = '';
  }
  return open === '' ? lines : [...lines, open];
}

const controls: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', f: '\f' };

function unescaped(text: string): string {
  return text.replace(/\\(?:u([0-9a-fA-F]{4})|(.))/gs, (_, hex?: string, char = '') =>
    hex ? String.fromCharCode(Number.parseInt(hex, 16)) : (controls[char] ?? char),
  );
}
