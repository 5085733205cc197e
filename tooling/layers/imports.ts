import ts from 'typescript';

/** One arrow out of a file. */
export interface Import {
  readonly specifier: string;
  /** Gone after compilation: `import type`, an `import()` type, or only `type` names in the braces. */
  readonly typeOnly: boolean;
}

function clauseIsTypeOnly(clause: ts.ImportClause | undefined): boolean {
  if (clause === undefined) return false;
  if (clause.phaseModifier === ts.SyntaxKind.TypeKeyword) return true;
  const names = clause.namedBindings;
  return clause.name === undefined && names !== undefined && ts.isNamedImports(names) && names.elements.length > 0
    && names.elements.every((e) => e.isTypeOnly);
}

function exportIsTypeOnly(node: ts.ExportDeclaration): boolean {
  if (node.isTypeOnly) return true;
  const names = node.exportClause;
  return names !== undefined && ts.isNamedExports(names) && names.elements.length > 0 && names.elements.every((e) => e.isTypeOnly);
}

const textOf = (node: ts.Node | undefined): string | undefined => (node !== undefined && ts.isStringLiteralLike(node) ? node.text : undefined);

function importOf(node: ts.Node): { specifier: string | undefined; typeOnly: boolean } | undefined {
  if (ts.isImportDeclaration(node)) return { specifier: textOf(node.moduleSpecifier), typeOnly: clauseIsTypeOnly(node.importClause) };
  if (ts.isExportDeclaration(node)) return { specifier: textOf(node.moduleSpecifier), typeOnly: exportIsTypeOnly(node) };
  if (ts.isImportTypeNode(node)) return { specifier: ts.isLiteralTypeNode(node.argument) ? textOf(node.argument.literal) : undefined, typeOnly: true };
  if (ts.isImportEqualsDeclaration(node) && ts.isExternalModuleReference(node.moduleReference)) {
    return { specifier: textOf(node.moduleReference.expression), typeOnly: node.isTypeOnly };
  }
  if (ts.isCallExpression(node)) {
    const called = node.expression;
    const loads = called.kind === ts.SyntaxKind.ImportKeyword || (ts.isIdentifier(called) && called.text === 'require');
    if (loads) return { specifier: textOf(node.arguments[0]), typeOnly: false };
  }
  return undefined;
}

/**
 * Every module a TypeScript source names: imports, re-exports, `import()` as expression and as type, `require`, and
 * `/// <reference types>`. A specifier that is computed cannot be seen and is left out.
 */
export function importsOf(fileName: string, source: string): Import[] {
  const file = ts.createSourceFile(fileName, source, ts.ScriptTarget.ES2022, false);
  const found: Import[] = file.typeReferenceDirectives.map(({ fileName: specifier }) => ({ specifier, typeOnly: true }));
  const visit = (node: ts.Node): void => {
    const arrow = importOf(node);
    if (arrow?.specifier !== undefined) found.push({ specifier: arrow.specifier, typeOnly: arrow.typeOnly });
    ts.forEachChild(node, visit);
  };
  visit(file);
  return found;
}
