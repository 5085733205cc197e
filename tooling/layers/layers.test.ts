import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { repositoryRoot } from '../files.ts';
import { importsOf } from './imports.ts';
import { layerViolations } from './rules.ts';
import { readWorkspace, type Layers, type Manifest, type Package, type Workspace } from './workspace.ts';

describe('the workspace', () => {
  const layers = JSON.parse(readFileSync(`${repositoryRoot}/layers.json`, 'utf8')) as Layers;
  const workspace = readWorkspace(repositoryRoot);

  it('is read: packages, files and arrows are there to be checked', () => {
    expect(workspace.packages.length).toBeGreaterThan(5);
    expect(workspace.packages.flatMap((p) => p.files).length).toBeGreaterThan(10);
  });
  it('has no arrow that layers.json does not allow', () => {
    expect(layerViolations(workspace, layers)).toEqual([]);
  });
  it('layers.json itself points down only', () => {
    const upward = Object.entries(layers.packages).flatMap(([name, { layer, mayImport }]) =>
      mayImport.filter((target) => target !== '*' && layer !== 'dev' && !isBelow(layers, target, layer)).map((target) => `${name} → ${target}`));
    expect(upward).toEqual([]);
  });
});

function isBelow(layers: Layers, target: string, layer: number): boolean {
  const below = layers.packages[target.split('/')[0] ?? target]?.layer;
  return typeof below === 'number' && below <= layer;
}

// Synthetic graphs: `low` may import nothing, `high` may import `low`.
const layers: Layers = {
  packages: { low: { layer: 0, mayImport: [] }, high: { layer: 1, mayImport: ['low', 'kit/pure'] }, kit: { layer: 0, mayImport: [] }, app: { layer: 7, mayImport: ['*'] } },
  folders: { 'packages/*/src/facts': { mayImport: [], because: 'facts are data' } },
};

interface Over extends Partial<Omit<Manifest, 'name'>> {
  readonly tsconfig?: Package['tsconfig'];
  readonly files?: Readonly<Record<string, string>>;
}

function pkg(name: string, { files = {}, tsconfig = { extends: '../../tsconfig.base.json' }, ...over }: Over = {}, group = 'packages'): Package {
  const folder = `${group}/${name}`;
  return {
    folder,
    manifest: { name: `@worldswitch/${name}`, exports: { '.': './src/index.ts' }, publishConfig: { exports: { '.': {} } }, ...over },
    tsconfig,
    files: Object.entries(files).map(([path, source]) => ({ path: `${folder}/src/${path}`, imports: importsOf(path, source) })),
  };
}

const needsLow = { dependencies: { '@worldswitch/low': 'workspace:*' } };

function violations(...packages: readonly Package[]): string {
  const root = { name: 'root', devDependencies: Object.fromEntries(packages.map((p) => [p.manifest.name, 'workspace:*'])) };
  const workspace: Workspace = { root, packages };
  return layerViolations(workspace, layers).join('\n');
}

describe('the layer rules allow', () => {
  it('a declared, allowed arrow, in code, types and tests', () => {
    const files = {
      'a.ts': `import { x } from '@worldswitch/low'; export type { y } from './b.ts';`,
      'b.ts': `import type { z } from './a.ts';`,
      'b.test.ts': `import fs from 'node:fs'; import '@worldswitch/kit'; import 'vitest'; import '../../../tooling/readme/run.ts';`,
      'node/file.ts': `import fs from 'node:fs';`,
      'facts/rows.ts': `import type { Row } from '../a.ts'; import { more } from './more.ts';`,
      'facts/more.ts': '',
    };
    expect(violations(pkg('low'), pkg('kit'), pkg('high', { ...needsLow, files }))).toBe('');
  });
  it('Node in an app', () => {
    expect(violations(pkg('app', { private: true, files: { 'main.ts': `import fs from 'node:fs';` } }, 'apps'))).toBe('');
  });
});

describe('the layer rules refuse', () => {
  const refuses = (name: string, packages: readonly Package[], because: RegExp): void => {
    it(name, () => {
      expect(violations(...packages)).toMatch(because);
    });
  };
  const low = (source: string, path = 'a.ts'): Package => pkg('low', { files: { [path]: source } });

  refuses('an unlisted package', [pkg('other')], /package other is not in layers.json/);
  refuses('an upward dependency', [pkg('low', { dependencies: { '@worldswitch/high': 'workspace:*' } }), pkg('high')], /low depends on high; layers.json allows nothing/);
  refuses('an upward import', [low(`import { x } from '@worldswitch/high';`), pkg('high')], /a.ts: imports @worldswitch\/high; layers.json allows nothing/);
  refuses('an upward type import', [low(`type X = import('@worldswitch/high').X;`), pkg('high')], /imports @worldswitch\/high/);
  refuses('an upward dynamic import', [low(`void import('@worldswitch/high');`), pkg('high')], /imports @worldswitch\/high/);
  refuses('an upward re-export', [low(`export * from '@worldswitch/high';`), pkg('high')], /imports @worldswitch\/high/);
  refuses('the whole of a package of which one entry is allowed',
    [pkg('kit'), pkg('high', { dependencies: { '@worldswitch/kit': 'workspace:*' }, files: { 'a.ts': `import '@worldswitch/kit';` } })], /imports @worldswitch\/kit;/);
  refuses('an undeclared import', [pkg('low'), pkg('high', { files: { 'a.ts': `import '@worldswitch/low';` } })], /does not list under dependencies/);
  refuses('an unknown package', [low(`import '@worldswitch/nowhere';`, 'a.test.ts')], /no package of this workspace/);
  refuses('a path into another package', [low(`import '../../high/src/x.ts';`)], /outside its package/);
  refuses('code that imports a test', [low(`import './b.test.ts';`)], /imports the test file/);
  refuses('node: below the apps', [low(`import 'node:fs';`)], /imports node:fs; Node belongs to/);
  refuses('a bare builtin below the apps', [low(`import 'fs';`)], /imports fs; Node belongs to/);
  refuses('Node types by reference', [low('/// <reference types="node" />')], /imports node; Node belongs to/);
  refuses('an external package', [low(`import 'left-pad';`)], /imports left-pad, which/);
  refuses('an external dependency', [pkg('low', { dependencies: { 'left-pad': '1' } })], /external dependency left-pad/);
  refuses('a devDependency', [pkg('low', { devDependencies: { '@worldswitch/kit': 'workspace:*' } }), pkg('kit')], /devDependency @worldswitch\/kit/);
  refuses('facts that run code of elsewhere', [pkg('high', { files: { 'facts/a.ts': `import { f } from '../f.ts';` } })], /because facts are data/);
  refuses('a ring of files', [pkg('low', { files: { 'a.ts': `import './b.ts';`, 'b.ts': `import './a.ts';` } })], /ring of imports: .*a.ts → .*b.ts → .*a.ts/);
  refuses('a ring of packages',
    [pkg('low', { dependencies: { '@worldswitch/high': 'workspace:*' } }), pkg('high', needsLow)], /ring of imports: @worldswitch\/low → @worldswitch\/high → @worldswitch\/low/);
  refuses('entries that are not published', [pkg('low', { exports: { '.': './src/index.ts', './x': './src/x.ts' } })], /both must name the same entries/);
  refuses('platform types by tsconfig', [pkg('low', { tsconfig: { extends: '../../tsconfig.base.json', compilerOptions: { lib: ['DOM'] } } })], /sets lib/);
  refuses('a tsconfig of its own', [pkg('low', { tsconfig: {} })], /must extend/);

  it('a package that the root does not link', () => {
    expect(layerViolations({ root: { name: 'root' }, packages: [pkg('low')] }, layers).join()).toMatch(/missing from the root devDependencies/);
  });
});

describe('imports are read', () => {
  it('with what is only a type', () => {
    const source = `import type { A } from 'a'; import { type B } from 'b'; import { type C, d } from 'c'; import e, { type F } from 'e'; import 'g'; export type { H } from 'h';`;
    expect(importsOf('x.ts', source).filter((i) => i.typeOnly).map((i) => i.specifier)).toEqual(['a', 'b', 'h']);
    expect(importsOf('x.ts', source)).toHaveLength(6);
  });
  it('not from comments and strings', () => {
    expect(importsOf('x.ts', `// import 'a';\nconst s = "import 'b'";`)).toEqual([]);
  });
});
