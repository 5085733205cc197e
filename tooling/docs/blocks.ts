/** Parts of a document that come out of execution, between `<!-- generated NAME -->` and `<!-- end -->`. */

const BLOCK = /<!-- generated ([\w-]+) -->\n([\s\S]*?)<!-- end -->/g;

/** Names of the generated parts, in their order, with what they hold. */
export function blocksOf(markdown: string): ReadonlyMap<string, string> {
  return new Map([...markdown.matchAll(BLOCK)].map(([, name, content]) => [name, content.trim()]));
}

/** The document with its generated parts made anew. Throws RangeError for a part that nobody makes. */
export function withBlocks(markdown: string, made: Readonly<Record<string, () => string>>): string {
  return markdown.replaceAll(BLOCK, (_, name: string) => {
    if (!Object.hasOwn(made, name)) throw new RangeError(`generated part '${name}': there are ${Object.keys(made).join(', ')}`);
    return `<!-- generated ${name} -->\n${made[name]().trim()}\n<!-- end -->`;
  });
}

/** A Markdown table. Columns of numbers are aligned to the right. */
export function table(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const line = (cells: readonly (string | number)[]): string => `| ${cells.map((cell) => String(cell).replaceAll('|', '\\|')).join(' | ')} |`;
  const numeric = head.map((_, n) => rows.length > 0 && rows.every((row) => typeof row[n] === 'number'));
  return [line(head), `|${numeric.map((right) => (right ? '---:' : '---')).join('|')}|`, ...rows.map(line)].join('\n');
}
