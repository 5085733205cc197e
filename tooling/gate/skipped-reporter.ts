import type { Reporter, TestModule } from 'vitest/node';

/**
 * Says in red how many tests did not run. A skipped oracle looks like a green line otherwise, and a comparison that
 * never ran proves nothing.
 */
// vitest loads a reporter by its default export.
export default class SkippedReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    let skipped = 0;
    for (const module of modules) for (const test of module.children.allTests()) if (test.result().state === 'skipped') skipped++;
    if (skipped > 0) process.stderr.write(`\u001b[1;31m${String(skipped)} skipped\u001b[0m: their tools are not installed; \`pnpm oracles\` installs them\n`);
  }
}
