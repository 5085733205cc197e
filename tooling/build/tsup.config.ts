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

// tsup takes its config by default export.
export default defineConfig({
  entry: Object.fromEntries(sources.map((source) => [source.replace(/^\.\/src\//, '').replace(/\.ts$/, ''), source])),
  format: 'esm',
  target: 'es2022',
  platform: 'neutral',
  dts: true,
  sourcemap: true,
  clean: true,
  // Packages see no platform types but the ambient file, which the declaration build must be shown too.
  tsconfig: 'tsconfig.json',
});
