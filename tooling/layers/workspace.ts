import { existsSync, readFileSync } from 'node:fs';
import { posix } from 'node:path';
import { listFiles } from '../files.ts';
import { importsOf, type Import } from './imports.ts';

/** The parts of a package.json that the layer rules read. */
export interface Manifest {
  readonly name: string;
  readonly private?: boolean;
  readonly exports?: Readonly<Record<string, string | null>>;
  readonly publishConfig?: { readonly exports?: Readonly<Record<string, unknown>> };
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

export interface SourceFile {
  /** From the root of the repository, with forward slashes. */
  readonly path: string;
  readonly imports: readonly Import[];
}

export interface Package {
  /** From the root of the repository: `packages/bits`. */
  readonly folder: string;
  readonly manifest: Manifest;
  readonly files: readonly SourceFile[];
  /** tsconfig.json as data, or undefined where there is none. */
  readonly tsconfig?: { readonly extends?: string; readonly compilerOptions?: Readonly<Record<string, unknown>> } | undefined;
}

export interface Workspace {
  readonly root: Manifest;
  readonly packages: readonly Package[];
}

export interface Layers {
  readonly packages: Readonly<Record<string, { readonly layer: number | 'dev'; readonly mayImport: readonly string[]; readonly external?: readonly string[] }>>;
  readonly folders: Readonly<Record<string, { readonly mayImport: readonly string[]; readonly because: string }>>;
}

const readJson = (file: string): unknown => JSON.parse(readFileSync(file, 'utf8'));

/** Reads the manifests and the import graph of `packages/*` and `apps/*` below `root` (an absolute path). */
export function readWorkspace(root: string): Workspace {
  const folders = ['packages', 'apps'].flatMap((group) => listFiles(root, group, (name) => name === 'package.json').map((f) => posix.dirname(f)));
  const packages = folders.map((folder): Package => {
    const tsconfig = `${root}/${folder}/tsconfig.json`;
    return {
      folder,
      manifest: readJson(`${root}/${folder}/package.json`) as Manifest,
      files: listFiles(root, folder, (name) => /\.(ts|tsx|mts)$/.test(name)).map((path) => ({ path, imports: importsOf(path, readFileSync(`${root}/${path}`, 'utf8')) })),
      tsconfig: existsSync(tsconfig) ? (readJson(tsconfig) as Package['tsconfig']) : undefined,
    };
  });
  return { root: readJson(`${root}/package.json`) as Manifest, packages };
}
