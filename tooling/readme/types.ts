import ts from 'typescript';
import { repositoryRoot } from '../files.ts';
import type { Example } from './extract.ts';

/**
 * Compiles examples as the sources of the workspace are compiled, without running them.
 * @param examples by the path of their Markdown file from the root
 * @returns one line per error, in terms of the Markdown file
 */
export function exampleTypeErrors(examples: ReadonlyMap<string, readonly Example[]>): string[] {
  const virtual = new Map<string, { markdown: string; example: Example }>();
  for (const [markdown, list] of examples) {
    for (const example of list) virtual.set(`${repositoryRoot}/${markdown}.${String(example.line)}.ts`, { markdown, example });
  }
  const base = ts.readConfigFile(`${repositoryRoot}/tsconfig.base.json`, (path) => ts.sys.readFile(path)).config as object;
  const { options } = ts.parseJsonConfigFileContent({ ...base, files: [] }, ts.sys, repositoryRoot);
  // An example may declare more than it uses, and prints to a console.
  Object.assign(options, { noUnusedLocals: false, types: ['node'], typeRoots: [`${repositoryRoot}/node_modules/@types`] });
  const host = ts.createCompilerHost(options);
  host.fileExists = (path) => virtual.has(path) || ts.sys.fileExists(path);
  host.readFile = (path) => virtual.get(path)?.example.source ?? ts.sys.readFile(path);
  const program = ts.createProgram([...virtual.keys()], options, host);
  return [...virtual].flatMap(([path, { markdown, example }]) => {
    const file = program.getSourceFile(path);
    const found = [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)];
    return found.map(({ messageText, start }) => {
      const line = example.line + (file?.getLineAndCharacterOfPosition(start ?? 0).line ?? 0);
      return `${markdown}:${String(line)}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`;
    });
  });
}
