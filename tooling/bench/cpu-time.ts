/** Processor time, not wall time: the machine that measures is shared. */
import { spawnSync } from 'node:child_process';

/** Milliseconds of processor time that this process spends in `work`, the compiler's threads included. */
export function cpuTime(work: () => void): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

/** What a program cost and said. */
export interface Spent {
  /** Milliseconds of processor time, user and system, of the program and of those it waited for. */
  readonly cpu: number;
  readonly stdout: string;
}

/**
 * Runs a program and takes its processor time, as the shell's `time` reports it.
 * @throws Error with what the program printed, if its exit status is not 0 or two minutes are over.
 */
export function cpuTimeOf(program: string, args: readonly string[]): Spent {
  // What the program writes to standard error comes first; the report of `time` is the last line.
  const script = `TIMEFORMAT='%3U %3S'; time "$@"`;
  const { status, signal, error, stdout, stderr } = spawnSync('bash', ['-c', script, 'bash', program, ...args], { timeout: 120_000, stdio: ['ignore', 'pipe', 'pipe'], encoding: 'utf8' });
  if (error !== undefined) throw new Error(`${program} could not run: ${error.message}`);
  if (status !== 0) throw new Error(`${program} ended with ${status ?? signal}: ${stderr.trim()}`);
  const times = /([\d.]+) ([\d.]+)\s*$/.exec(stderr);
  if (times === null) throw new Error(`bash's time said ${JSON.stringify(stderr)} instead of two numbers`);
  return { cpu: (Number(times[1]) + Number(times[2])) * 1000, stdout };
}

/** The middle of some numbers; of an even count the upper of the two. */
export function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1];
}
