// Reads what a gate run left in .cache/reports and prints its closing line. Plain JavaScript on purpose: it must also
// speak when the installation of everything else has failed.
import { existsSync, readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

/** @typedef {{ passed: number, failed: number, notes: string[] }} Count */

/**
 * Counts one vitest JSON report. A test that did not run (skipped, todo) counts as failed, and so does a file that
 * failed before it had any test: the gate is asked what was checked, not what was found wrong.
 * @param {string} name
 * @param {string | undefined} text the report, or undefined where none was written
 * @returns {Count}
 */
export function countReport(name, text) {
  if (text === undefined) return { passed: 0, failed: 1, notes: [`${name}: no report was written`] };
  /** @type {{ numPassedTests: number, numFailedTests: number, numPendingTests: number, numTodoTests?: number,
   *   testResults: { name: string, status: string, assertionResults: unknown[] }[] }} */
  const report = JSON.parse(text);
  const brokenFiles = report.testResults.filter((file) => file.status === 'failed' && file.assertionResults.length === 0);
  const unrun = report.numPendingTests + (report.numTodoTests ?? 0);
  const notes = brokenFiles.map((file) => `${name}: ${file.name} failed before its first test`);
  if (unrun > 0) notes.push(`${name}: ${unrun} tests did not run`);
  const failed = report.numFailedTests + unrun + brokenFiles.length;
  if (report.numPassedTests + failed === 0) return { passed: 0, failed: 1, notes: [`${name}: the report holds no test`] };
  return { passed: report.numPassedTests, failed, notes };
}

/**
 * Counts steps, one JSON line `{ name, ok }` each.
 * @param {string} text
 * @returns {Count}
 */
export function countSteps(text) {
  /** @type {{ name: string, ok: boolean }[]} */
  const steps = text.split('\n').filter(Boolean).map((line) => JSON.parse(line));
  const failed = steps.filter(({ ok }) => !ok);
  return { passed: steps.length - failed.length, failed: failed.length, notes: failed.map(({ name }) => `step failed: ${name}`) };
}

/** @param {string} file */
const read = (file) => (existsSync(file) ? readFileSync(file, 'utf8') : undefined);

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const counts = [
    countSteps(read('.cache/reports/steps.jsonl') ?? '{"name":"any step at all","ok":false}'),
    ...process.argv.slice(2).map((name) => countReport(name, read(`.cache/reports/${name}.json`))),
  ];
  const passed = counts.reduce((sum, count) => sum + count.passed, 0);
  const failed = counts.reduce((sum, count) => sum + count.failed, 0);
  for (const note of counts.flatMap((count) => count.notes)) console.log(note);
  console.log(`${passed} passed, ${failed} failed`);
  process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
}
