import { configDefaults, defineConfig } from 'vitest/config';

/**
 * One config, three modes. Plain: everything that needs only Node. `--mode oracle`: what is compared with installed
 * tools (QEMU, binutils, gdb, Chromium). `--mode nightly`: the long runs. A file's name says where it belongs.
 */
const suffixes = { oracle: 'oracle.test.ts', nightly: 'nightly.test.ts' } as const;

function suiteOf(mode: string): keyof typeof suffixes | 'unit' {
  return mode === 'oracle' || mode === 'nightly' ? mode : 'unit';
}

export default defineConfig(({ mode }) => {
  const suite = suiteOf(mode);
  const suffix = suite === 'unit' ? 'test.ts' : suffixes[suite];
  // A long run says what it has done so far.
  const printed = suite === 'nightly' ? 'verbose' : 'default';
  const notHere = suite === 'unit' ? Object.values(suffixes).map((s) => `**/*.${s}`) : [];
  return {
    test: {
      include: [`{packages,apps}/*/{src,test}/**/*.${suffix}`, `{tooling,examples}/**/*.${suffix}`],
      exclude: [...configDefaults.exclude, '**/.cache/**', ...notHere],
      setupFiles: suite === 'nightly' ? [] : ['./tooling/gate/property-seed.ts'],
      testTimeout: suite === 'unit' ? 60_000 : 600_000,
      hookTimeout: suite === 'unit' ? 60_000 : 600_000,
      // The gate counts tests from these files, so they are written only where it looks for them.
      reporters: process.env['CI']
        ? [printed, './tooling/gate/skipped-reporter.ts', ['json', { outputFile: `.cache/reports/${process.env['REPORT_NAME'] ?? suite}.json` }]]
        : [printed, './tooling/gate/skipped-reporter.ts'],
    },
  };
});
