import { builtinModules } from 'node:module';
import { posix } from 'node:path';
import type { Layers, Package, SourceFile, Workspace } from './workspace.ts';

const SCOPE = '@worldswitch/';
const builtins = new Set(builtinModules);

const shortName = (name: string): string => name.slice(name.lastIndexOf('/') + 1);
const isApp = (p: Package): boolean => p.folder.startsWith('apps/');
/** Tests, benchmarks and generators run in Node only, and may use whatever they compare with. */
const isTestFile = (path: string): boolean => /\.(test|bench)\.tsx?$|\/(test|bench|scripts)\//.test(path);
/** The one place below `apps/` where Node may be used: an entry point of its own. */
const isNodeEntry = (path: string): boolean => /\/src\/node(\/|\.ts$)/.test(path);
const isBuiltin = (specifier: string): boolean => specifier.startsWith('node:') || builtins.has(specifier) || specifier === 'node';

/** `@worldswitch/devices/pl011` → `devices` and `devices/pl011`; undefined for anything else. */
function workspaceTarget(specifier: string): { name: string; entry: string } | undefined {
  if (!specifier.startsWith(SCOPE)) return undefined;
  const entry = specifier.slice(SCOPE.length);
  return { name: entry.split('/')[0] ?? entry, entry };
}

const mayImportEntry = (allowed: readonly string[], { name, entry }: { name: string; entry: string }): boolean =>
  allowed.includes('*') || allowed.includes(name) || allowed.includes(entry);

const mayDependOn = (allowed: readonly string[], name: string): boolean =>
  allowed.includes('*') || allowed.some((a) => a === name || a.startsWith(`${name}/`));

/** Arrows of the manifests: what package.json declares is allowed and complete. */
function manifestViolations(workspace: Workspace, layers: Layers): string[] {
  const found: string[] = [];
  for (const p of workspace.packages) {
    const { manifest } = p;
    const self = shortName(manifest.name);
    const rule = layers.packages[self];
    if (rule === undefined) {
      found.push(`${p.folder}: package ${self} is not in layers.json; add a row with its layer and what it may import`);
      continue;
    }
    const declared = { ...manifest.dependencies, ...manifest.peerDependencies, ...manifest.optionalDependencies };
    for (const name of Object.keys(declared)) {
      const target = workspaceTarget(name);
      if (target !== undefined && !mayDependOn(rule.mayImport, target.name)) {
        found.push(`${p.folder}/package.json: ${self} depends on ${target.name}; layers.json allows ${list(rule.mayImport)}`);
      }
      if (target === undefined && !isApp(p) && !(rule.external ?? []).includes(name)) {
        found.push(`${p.folder}/package.json: external dependency ${name}; packages below apps/ have none, except those named under "external" in layers.json`);
      }
    }
    for (const name of Object.keys(manifest.devDependencies ?? {})) {
      found.push(`${p.folder}/package.json: devDependency ${name}; tools and test helpers belong into the root package.json, so that the graph of packages stays free of cycles`);
    }
    if (workspace.root.devDependencies?.[manifest.name] === undefined) {
      found.push(`package.json: ${manifest.name} is missing from the root devDependencies; tests, READMEs and tooling find packages there ("workspace:*")`);
    }
    found.push(...exportViolations(p), ...tsconfigViolations(p));
  }
  return found;
}

const list = (names: readonly string[]): string => (names.length === 0 ? 'nothing' : names.join(', '));

/** `exports` (src, for development) and `publishConfig.exports` (dist, for users) must name the same entries. */
function exportViolations(p: Package): string[] {
  const { manifest, folder } = p;
  if (manifest.private === true) return [];
  const development = Object.keys(manifest.exports ?? {}).sort();
  const published = Object.keys(manifest.publishConfig?.exports ?? {}).sort();
  if (development.length > 0 && development.join() === published.join()) return [];
  return [`${folder}/package.json: exports has ${list(development)}, publishConfig.exports has ${list(published)}; both must name the same entries`];
}

/** The compiler is what keeps DOM and Node types out of packages; so its settings are part of the layers. */
function tsconfigViolations(p: Package): string[] {
  if (isApp(p)) return [];
  if (p.tsconfig === undefined) return [`${p.folder}: no tsconfig.json; copy the one of packages/bits`];
  const found: string[] = [];
  if (p.tsconfig.extends !== '../../tsconfig.base.json') found.push(`${p.folder}/tsconfig.json: must extend ../../tsconfig.base.json`);
  for (const option of ['types', 'lib', 'strict', 'skipLibCheck']) {
    if (p.tsconfig.compilerOptions?.[option] !== undefined) found.push(`${p.folder}/tsconfig.json: sets ${option}; the base decides that for all packages`);
  }
  return found;
}

/** Arrows of one file. */
function fileViolations(p: Package, file: SourceFile, layers: Layers, known: ReadonlySet<string>): string[] {
  const rule = layers.packages[shortName(p.manifest.name)];
  if (rule === undefined) return [];
  const declared = { ...p.manifest.dependencies, ...p.manifest.peerDependencies, ...p.manifest.optionalDependencies };
  const test = isTestFile(file.path);
  const say = (what: string): string => `${file.path}: ${what}`;
  const found: string[] = [];
  for (const { specifier } of file.imports) {
    const target = workspaceTarget(specifier);
    if (specifier.startsWith('.')) {
      const at = posix.join(posix.dirname(file.path), specifier);
      const outside = !at.startsWith(`${p.folder}/`);
      if (outside && !(test && at.startsWith('tooling/'))) found.push(say(`imports ${specifier}, outside its package; use the package's name`));
      if (!outside && !test && isTestFile(at)) found.push(say(`imports the test file ${specifier}`));
    } else if (target !== undefined) {
      if (!known.has(target.name)) found.push(say(`imports ${specifier}, which is no package of this workspace`));
      if (test || target.name === shortName(p.manifest.name)) continue;
      if (!mayImportEntry(rule.mayImport, target)) found.push(say(`imports ${specifier}; layers.json allows ${list(rule.mayImport)}`));
      else if (declared[`${SCOPE}${target.name}`] === undefined) found.push(say(`imports ${specifier}, which ${p.folder}/package.json does not list under dependencies`));
    } else if (isBuiltin(specifier)) {
      if (!isApp(p) && !test && !isNodeEntry(file.path)) found.push(say(`imports ${specifier}; Node belongs to apps/, src/node entries and tests, have it handed in`));
    } else if (!test && declared[packageOf(specifier)] === undefined) {
      found.push(say(`imports ${specifier}, which ${p.folder}/package.json does not list under dependencies`));
    }
  }
  return found;
}

/** `@scope/name/sub` → `@scope/name`, `name/sub` → `name`. */
const packageOf = (specifier: string): string => specifier.split('/').slice(0, specifier.startsWith('@') ? 2 : 1).join('/');

const toPattern = (glob: string): RegExp => new RegExp(`^(${glob.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&')).join('[^/]+')})/`);

/** Rules inside a package: code of a declared folder imports that folder and what its row allows. Types are free. */
function folderViolations(p: Package, file: SourceFile, layers: Layers): string[] {
  if (isTestFile(file.path)) return [];
  const found: string[] = [];
  for (const [glob, { mayImport, because }] of Object.entries(layers.folders)) {
    const folder = toPattern(glob).exec(file.path)?.[1];
    if (folder === undefined) continue;
    const siblings = mayImport.filter((a) => a.startsWith('./')).map((a) => posix.join(p.folder, 'src', a));
    for (const { specifier, typeOnly } of file.imports) {
      if (typeOnly) continue;
      const at = posix.join(posix.dirname(file.path), specifier);
      const target = workspaceTarget(specifier);
      const fine = specifier.startsWith('.')
        ? [folder, ...siblings].some((s) => at.startsWith(`${s}/`) || at === `${s}.ts`)
        : target !== undefined && mayImportEntry(mayImport, target);
      if (!fine) found.push(`${file.path}: imports ${specifier}; ${glob} may import itself and ${list(mayImport)}, because ${because}`);
    }
  }
  return found;
}

/** Rings in a directed graph, each once, as `a → b → a`. */
export function findRings(graph: ReadonlyMap<string, readonly string[]>): string[] {
  const done = new Set<string>();
  const path: string[] = [];
  const rings: string[] = [];
  const visit = (node: string): void => {
    const at = path.indexOf(node);
    if (at >= 0) rings.push([...path.slice(at), node].join(' → '));
    if (at >= 0 || done.has(node)) return;
    path.push(node);
    for (const next of graph.get(node) ?? []) visit(next);
    path.pop();
    done.add(node);
  };
  for (const node of graph.keys()) visit(node);
  return rings;
}

function ringViolations(workspace: Workspace): string[] {
  const packages = new Map(workspace.packages.map(({ manifest: m }) => [m.name, Object.keys({ ...m.dependencies, ...m.devDependencies, ...m.peerDependencies })]));
  const files = new Map<string, string[]>();
  for (const { path, imports } of workspace.packages.flatMap((p) => p.files)) {
    const relative = imports.filter((i) => !i.typeOnly && i.specifier.startsWith('.'));
    files.set(path, relative.map((i) => posix.join(posix.dirname(path), i.specifier)));
  }
  return [...findRings(packages), ...findRings(files)].map((ring) => `ring of imports: ${ring}`);
}

/**
 * All arrows of the workspace that `layers` does not allow, one sentence each; empty where all is well. Covers
 * manifests, files, declared folders, rings, and the compiler settings that keep platforms out.
 */
export function layerViolations(workspace: Workspace, layers: Layers): string[] {
  const known = new Set(workspace.packages.map((p) => shortName(p.manifest.name)));
  const perFile = workspace.packages.flatMap((p) => p.files.flatMap((file) => [...fileViolations(p, file, layers, known), ...folderViolations(p, file, layers)]));
  return [...manifestViolations(workspace, layers), ...perFile, ...ringViolations(workspace)];
}
