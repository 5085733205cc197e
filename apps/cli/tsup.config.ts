import { defineConfig } from 'tsup';

/** One self-contained program: nothing is resolved when it starts, and what a subcommand alone needs is a chunk of its own. */
export default defineConfig({
  entry: ['src/worldswitch.ts'],
  format: 'esm',
  platform: 'node',
  target: 'node20',
  splitting: true,
  treeshake: true,
  minify: true,
  noExternal: [/.*/],
  // commander is CommonJS and asks for Node's modules with require.
  banner: { js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);" },
  clean: true,
});
