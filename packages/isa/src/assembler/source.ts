/** Assembler source text to statements: comments out, labels off, columns kept for the messages. */

/** One label, directive, assignment or instruction; a statement may carry labels only. */
export interface Statement {
  /** From 1. */
  readonly line: number;
  /** Labels before the statement, with their columns (from 1). Digits only: a numeric label. */
  readonly labels: readonly { readonly name: string; readonly column: number }[];
  /** What follows the labels; empty when nothing does. Comments are blanks. */
  readonly text: string;
  /** Column of the first character of `text`, from 1. */
  readonly column: number;
}

/**
 * Replaces comments by blanks of the same length, so that columns stay true: slash-slash and the given introducers up to the end of the
 * line, `#` when it is the first thing on a line, and block comments. Strings and character constants are left alone.
 */
export function blankComments(text: string, introducers: readonly string[]): string {
  let out = '';
  let at = 0;
  let lineIsEmpty = true;
  const blankTo = (end: number): void => {
    out += text.slice(at, end).replace(/[^\n]/g, ' ');
    at = end;
  };
  const endOfLine = (): number => {
    const end = text.indexOf('\n', at);
    return end < 0 ? text.length : end;
  };
  while (at < text.length) {
    const c = text[at];
    if (c === '\n') {
      lineIsEmpty = true;
      out += c;
      at += 1;
    } else if (text.startsWith('/*', at)) {
      const end = text.indexOf('*/', at + 2);
      blankTo(end < 0 ? text.length : end + 2);
    } else if (text.startsWith('//', at) || (c === '#' && lineIsEmpty) || introducers.some((start) => text.startsWith(start, at))) {
      blankTo(endOfLine());
    } else if (c === '"' || c === "'") {
      const end = c === '"' ? closingQuote(text, at) : characterEnd(text, at);
      out += text.slice(at, end);
      at = end;
      lineIsEmpty = false;
    } else {
      if (c !== ' ' && c !== '\t') lineIsEmpty = false;
      out += c;
      at += 1;
    }
  }
  return out;
}

/** Index after the string that opens at `at`; a string never crosses a line. */
function closingQuote(text: string, at: number): number {
  let end = at + 1;
  while (end < text.length && text[end] !== '"' && text[end] !== '\n') end += text[end] === '\\' && text[end + 1] !== '\n' ? 2 : 1;
  return text[end] === '"' ? end + 1 : Math.min(end, text.length);
}

/** Index after the character constant that opens at `at`: `'c`, `'c'`, `'\\n'`; GNU as does not need the closing quote. */
function characterEnd(text: string, at: number): number {
  const end = at + (text[at + 1] === '\\' ? 3 : 2);
  const lineEnd = text.indexOf('\n', at);
  const limit = lineEnd < 0 ? text.length : lineEnd;
  return Math.min(text[end] === "'" ? end + 1 : end, limit);
}

/** Cuts a line at `;` outside strings; yields start indices and texts. */
function* cut(line: string): Generator<{ start: number; text: string }> {
  let start = 0;
  for (let at = 0; at <= line.length; at++) {
    if (line[at] === '"') at = closingQuote(line, at) - 1;
    else if (line[at] === "'") at = characterEnd(line, at) - 1;
    else if (at === line.length || line[at] === ';') {
      yield { start, text: line.slice(start, at) };
      start = at + 1;
    }
  }
  if (start < line.length) yield { start, text: line.slice(start) };
}

const LABEL = /\s*([A-Za-z_.$][A-Za-z0-9_.$]*|[0-9]+)\s*:(?!:)/y;

/** Splits source into statements, in order. `;` separates statements on a line. */
export function statements(text: string, introducers: readonly string[]): readonly Statement[] {
  const result: Statement[] = [];
  const lines = blankComments(text.replace(/\r\n?/g, '\n'), introducers).split('\n');
  for (const [index, line] of lines.entries()) {
    for (const { start, text: piece } of cut(line)) {
      const labels: { name: string; column: number }[] = [];
      LABEL.lastIndex = 0;
      let rest = 0;
      for (let match = LABEL.exec(piece); match; match = LABEL.exec(piece)) {
        labels.push({ name: match[1], column: start + LABEL.lastIndex - match[0].trimStart().length + 1 });
        rest = LABEL.lastIndex;
      }
      const body = piece.slice(rest);
      const trimmed = body.trim();
      if (trimmed === '' && labels.length === 0) continue;
      result.push({ line: index + 1, labels, text: trimmed, column: start + rest + (body.length - body.trimStart().length) + 1 });
    }
  }
  return result;
}
