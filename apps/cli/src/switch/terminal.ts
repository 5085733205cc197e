/** Where text goes: how wide it is, and whether it has colours (https://no-color.org). */
export interface Terminal {
  readonly width: number;
  readonly colour: boolean;
}

const DEFAULT_WIDTH = 100;
const NARROWEST = 60;

/** This process's standard output. `COLUMNS` says how wide a file or pipe is to be. */
export function terminal({ stdout, env } = process as { readonly stdout: { readonly isTTY?: boolean; readonly columns?: number }; readonly env: NodeJS.ProcessEnv }): Terminal {
  const wanted = Number(env['COLUMNS'] ?? '');
  const width = Number.isInteger(wanted) && wanted > 0 ? wanted : stdout.columns ?? DEFAULT_WIDTH;
  return { width: Math.max(NARROWEST, width), colour: stdout.isTTY === true && (env['NO_COLOR'] ?? '') === '' && env['TERM'] !== 'dumb' };
}

export type Style = 'strong' | 'faint' | 'host' | 'guest' | 'warning';
const CODES: Readonly<Record<Style, string>> = { strong: '1', faint: '2', host: '34', guest: '32', warning: '33' };

/** A text in a style, or as it is. */
export function styled({ colour }: Terminal, style: Style, text: string): string {
  return colour && text !== '' ? `\u001b[${CODES[style]}m${text}\u001b[0m` : text;
}

/** Words of a paragraph in lines of that width. A word that is longer has a line for itself. */
export function wrap(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last === undefined || last.length + 1 + word.length > width) lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines;
}

/** Rows of cells in columns, the first `left` of them to the left, the others to the right. */
export function columns(rows: readonly (readonly string[])[], { left = 1, gap = 2, indent = 2 } = {}): readonly string[] {
  const widths = Array.from({ length: Math.max(0, ...rows.map((row) => row.length)) }, (_, n) => Math.max(...rows.map((row) => (row[n] ?? '').length)));
  return rows.map((row) => (' '.repeat(indent) + row.map((cell, n) => (n < left ? cell.padEnd(widths[n]) : cell.padStart(widths[n]))).join(' '.repeat(gap))).trimEnd());
}
