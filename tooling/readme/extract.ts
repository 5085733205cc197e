import ts from 'typescript';

/** One ```ts block of a Markdown file. */
export interface Example {
  readonly source: string;
  /** Line of the Markdown file on which `source` begins, from 1. */
  readonly line: number;
}

/** The ```ts blocks of a Markdown text, each a module of its own. */
export function extractExamples(markdown: string): Example[] {
  return fencedBlocks(markdown).filter(({ language }) => language === 'ts').map(({ text, line }) => ({ source: text, line }));
}

export interface Block {
  /** The word after the fence: `ts`, `sh`, `text`, or an empty string. */
  readonly language: string;
  readonly text: string;
  /** Line of the first line of `text`, from 1. */
  readonly line: number;
}

/** All fenced blocks of a Markdown text. An unclosed one is an error, because it swallows the rest of the page. */
export function fencedBlocks(markdown: string): Block[] {
  const blocks: Block[] = [];
  let open: { language: string; line: number; lines: string[] } | undefined;
  for (const [i, text] of markdown.split(/\r?\n/).entries()) {
    const fence = /^```(.*)$/.exec(text);
    if (open === undefined && fence) open = { language: fence[1].trim(), line: i + 2, lines: [] };
    else if (open !== undefined && fence) {
      blocks.push({ language: open.language, line: open.line, text: open.lines.join('\n') });
      open = undefined;
    } else open?.lines.push(text);
  }
  if (open !== undefined) throw new Error(`code block opened above line ${String(open.line)} is not closed; end it with three backticks`);
  return blocks;
}

/** An example with its `// →` comments turned into calls of `check`. */
export interface Checked {
  /** TypeScript; expects a global-like name {@link CHECK} in scope, a function of (actual thunk, expected, line). */
  readonly source: string;
  /** How many comments were turned into checks. */
  readonly checks: number;
}

/** The name under which the rewritten example finds its checker. */
export const CHECK = '__check';

const ARROW = /^\/\/ → ?(.*)$/;

/** The `// → …` comment on the line on which `node` ends, if there is one. */
function promiseAfter(file: ts.SourceFile, node: ts.Node): string | undefined {
  const comments = ts.getTrailingCommentRanges(file.text, node.end) ?? [];
  const found = comments.map(({ pos, end }) => ARROW.exec(file.text.slice(pos, end))?.[1]).filter((text) => text !== undefined);
  return found[0]?.trim();
}

function isConsole(method: 'log' | 'assert', expression: ts.Expression): expression is ts.CallExpression {
  return ts.isCallExpression(expression) && ts.isPropertyAccessExpression(expression.expression) && expression.expression.getText() === `console.${method}`;
}

function callOfCheck(kind: string, actual: string, expected: string, line: number): string {
  const thunk = `${actual.includes('await ') ? 'async ' : ''}() => (${actual})`;
  return `await ${CHECK}(${JSON.stringify(kind)}, ${thunk}, ${expected}, ${String(line)});`;
}

/** The text of the call that checks `statement`, or why it cannot be checked. */
function checkOf(file: ts.SourceFile, statement: ts.Statement, promise: string, line: number): { code: string; replaces: boolean } {
  const call = (kind: string, actual: string, expected: string): string => callOfCheck(kind, actual, expected, line);
  const throws = /^throws (.+)$/.exec(promise);
  if (ts.isExpressionStatement(statement)) {
    const expression = statement.expression;
    if (throws) return { code: call('throws', expression.getText(file), JSON.stringify(throws[1])), replaces: true };
    if (isConsole('log', expression)) return { code: call('prints', `[${expression.arguments.map((a) => a.getText(file)).join(', ')}]`, JSON.stringify(promise)), replaces: true };
    return { code: call('equals', expression.getText(file), `() => (${promise})`), replaces: true };
  }
  if (ts.isVariableStatement(statement)) {
    const names = statement.declarationList.declarations.map((d) => d.name);
    if (names.length === 1 && ts.isIdentifier(names[0])) return { code: call('equals', names[0].text, `() => (${promise})`), replaces: false };
  }
  throw new Error(`line ${String(line)}: "// → ${promise}" stands behind something that has no single value; put it behind an expression or a declaration of one name`);
}

/**
 * Turns the promises of an example into checks:
 * - `expression; // → value` and `const name = expression; // → value`: deep equality with a JavaScript expression,
 * - `console.log(…); // → text`: the printed line, letter for letter,
 * - `expression; // → throws text`: an error is thrown whose message contains the text,
 * - `console.assert(condition)`: it holds (Node alone would only print that it does not).
 *
 * Line numbers are kept, so that a failing example points into the Markdown file.
 */
export function withChecks({ source, line: firstLine }: Example): Checked {
  const file = ts.createSourceFile('example.ts', source, ts.ScriptTarget.ES2022, true);
  const edits: { pos: number; end: number; code: string }[] = [];
  let asserts = 0;
  const visit = (node: ts.Node): void => {
    if (ts.isExpressionStatement(node) && isConsole('assert', node.expression) && node.expression.arguments.length > 0) {
      const line = firstLine + file.getLineAndCharacterOfPosition(node.getStart(file)).line;
      const condition = node.expression.arguments[0].getText(file);
      edits.push({ pos: node.getStart(file), end: node.end, code: callOfCheck('equals', `Boolean(${condition})`, '() => true', line) });
      asserts++;
      return;
    }
    if (ts.isStatement(node) && !ts.isBlock(node)) {
      const promise = promiseAfter(file, node);
      if (promise !== undefined) {
        const line = firstLine + file.getLineAndCharacterOfPosition(node.end).line;
        const { code, replaces } = checkOf(file, node, promise, line);
        edits.push({ pos: replaces ? node.getStart(file) : node.end, end: node.end, code: replaces ? code : ` ${code}` });
        return;
      }
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  const promised = (source.match(/\/\/ →/g) ?? []).length;
  if (promised !== edits.length - asserts) {
    throw new Error(`example at line ${String(firstLine)}: ${String(promised)} comments "// →", ${String(edits.length - asserts)} of them behind a statement; each must end the line of one`);
  }
  const text = edits.reduceRight((out, { pos, end, code }) => out.slice(0, pos) + code + out.slice(end), source);
  return { source: text, checks: edits.length };
}
