/**
 * The deepest that client data may be nested, in levels of objects and lists, its own included.
 * MongoDB takes 100, and each service puts the data deeper into its documents.
 */
export const maxDataDepth = 64;

/** How deep objects and lists are nested in a JSON text, which a parser would follow recursively. */
export function depthOf(text: string): number {
  let depth = 0;
  let deepest = 0;
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at];
    if (character === '"') at = endOfString(text, at);
    else if (character === '[' || character === '{') deepest = Math.max(deepest, ++depth);
    else if (character === ']' || character === '}') depth -= 1;
  }
  return deepest;
}

/** @param start of its opening quote @returns where its closing quote is, or the end of the text */
function endOfString(text: string, start: number): number {
  let at = start + 1;
  while (at < text.length && text[at] !== '"') at += text[at] === '\\' ? 2 : 1;
  return at;
}
