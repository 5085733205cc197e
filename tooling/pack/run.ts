import { spawnSync } from 'node:child_process';

/** The package manager that started this process, as a command and its first arguments. */
export function packageManager(): readonly [string, ...string[]] {
  const script = process.env['npm_execpath'];
  if (script === undefined || !script.includes('pnpm')) {
    throw new Error(`npm_execpath is ${script ?? 'not set'}: packing needs pnpm, which rewrites workspace: versions; run \`npx -y pnpm@10.34.9 check:packages\``);
  }
  return [process.execPath, script];
}

/**
 * Runs a program to its end and returns its standard output.
 * @throws Error with the output, if it ends with anything but 0
 */
export function run(command: string, args: readonly string[], cwd: string): string {
  const done = spawnSync(command, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  if (done.status === 0) return done.stdout;
  throw new Error(`${command} ${args.join(' ')} (in ${cwd}) ended with ${String(done.status ?? done.signal)}\n${done.stdout}${done.stderr}${done.error?.message ?? ''}`);
}
