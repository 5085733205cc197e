import { spawnSync } from 'node:child_process';
import { appendFileSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';

/** One package script of the root, run to its end whatever came before it. */
export interface Step {
  readonly name: string;
  /** Script of the root package.json, with its arguments. */
  readonly script: readonly string[];
}

export interface Outcome {
  readonly name: string;
  readonly ok: boolean;
  readonly seconds: number;
}

/**
 * Runs every step, also after a failing one, so that one run shows all there is to repair.
 * @param record file that gets one JSON line per outcome (the gate counts them), or undefined
 */
export function runSteps(steps: readonly Step[], record?: string): Outcome[] {
  // The package manager that started us: pnpm through npx is not on the PATH of every shell.
  const manager = process.env['npm_execpath'];
  if (manager === undefined) throw new Error('npm_execpath is not set: start this through a package script, `npx -y pnpm@10.34.9 test:all`');
  return steps.map(({ name, script }) => {
    process.stdout.write(`\n== ${name}\n`);
    const start = performance.now();
    const done = spawnSync(process.execPath, [manager, 'run', ...script], { stdio: ['ignore', 'inherit', 'inherit'] });
    const outcome = { name, ok: done.status === 0, seconds: (performance.now() - start) / 1000 };
    if (record !== undefined) {
      mkdirSync(dirname(record), { recursive: true });
      appendFileSync(record, `${JSON.stringify(outcome)}\n`);
    }
    return outcome;
  });
}

export function printOutcomes(outcomes: readonly Outcome[]): void {
  process.stdout.write('\n');
  for (const { name, ok, seconds } of outcomes) process.stdout.write(`${ok ? 'ok    ' : 'FAILED'} ${name} (${seconds.toFixed(1)} s)\n`);
}
