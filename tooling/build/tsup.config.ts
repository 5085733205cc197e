import { readFileSync } from 'node:fs';
import { defineConfig } from 'tsup';

interface Manifest {
  readonly exports: Readonly<Record<string, string | null>>;
}

/**
 * One build for every package, run in the package's folder: the entries are those of its `exports`, so that a new
 * subpath needs no second list. Output keeps the path below `src`: `./src/node/index.ts` → `dist/node/index.js`.
 */
const manifest = JSON.parse(readFileSync('package.json', 'utf8')) as Manifest;
const sources = Object.values(manifest.exports).filter((target) => target !== null && target.endsWith('.ts')) as string[];

const hasNodeEntry = sources.some((source) => /^\.\/src\/node(\/|\.ts$)/.test(source));

// tsup takes its config by default export.
export default defineConfig({
  // All entries in one go, so that what two of them share is one module, and a class has one identity and one type.
  entry: Object.fromEntries(sources.map((source) => [source.replace(/^\.\/src\//, '').replace(/\.ts$/, ''), source])),
  format: 'esm',
  target: 'es2022',
  platform: 'neutral',
  // Only `src/node` may import Node; the layer test sees to that, and `typecheck` compiles the rest without Node's types.
  external: [/^node:/],
  removeNodeProtocol: false,
  dts: true,
  sourcemap: true,
  clean: true,
  tsconfig: hasNodeEntry ? '../../tooling/build/tsconfig.node.json' : 'tsconfig.json',
});
