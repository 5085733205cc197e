/** `worldswitch run`: one image from start to end, its console on this terminal. */
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { LocalSession, parseOptions, type ArchitecturePlugin, type EngineChoice, type OptionValues, type Pace, type Position, type ReplyOf, type RunEnd } from '@worldswitch/session';
import { EXIT, UsageError } from '../exit.ts';
import { NODE_HOST } from '../host.ts';
import { openConsole } from './console.ts';
import { parseCount, parseWatch, type WatchArgument } from './arguments.ts';
import { HumanOutput, JsonOutput, type Output } from './output.ts';

/** The command's options as the command line has them. Options of machines are in `machine`, by the plugin's names. */
export interface RunArguments {
  readonly image: string;
  readonly machine: Readonly<Record<string, string | boolean>>;
  readonly engine: EngineChoice;
  readonly pace: Pace;
  readonly break: readonly string[];
  readonly watch: readonly string[];
  readonly step?: string;
  readonly hits: string;
  readonly limit?: string;
  readonly trace: readonly string[];
  readonly reboot: boolean;
  readonly json: boolean;
}

/** Everything the command line asks for, checked before a machine exists. */
interface Plan {
  readonly values: OptionValues;
  readonly bytes: Uint8Array;
  readonly watches: readonly WatchArgument[];
  readonly steps: number;
  readonly hits: number;
  readonly limit: number;
}

function readInput(option: string, path: string): Uint8Array {
  try {
    return new Uint8Array(readFileSync(path));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const why = code === 'ENOENT' ? 'there is no such file' : code === 'EISDIR' ? 'it is a directory' : code === 'EACCES' ? 'it may not be read' : String(error);
    throw new UsageError(`${option}${path}: ${why}; give the path of a readable file`);
  }
}

function plan(plugin: ArchitecturePlugin, args: RunArguments): Plan {
  const values = Object.fromEntries(Object.entries(args.machine).map(([name, value]) => {
    const spec = plugin.options.find((option) => option.name === name);
    return [name, spec?.type === 'file' && typeof value === 'string' ? readInput(`--${name} `, value) : value];
  }));
  parseOptions(plugin.options, values);
  return {
    values, bytes: readInput('', args.image), watches: args.watch.map(parseWatch),
    steps: args.step === undefined ? 0 : parseCount('step', args.step), hits: parseCount('hits', args.hits, 0),
    limit: args.limit === undefined ? Number.MAX_SAFE_INTEGER : parseCount('limit', args.limit),
  };
}

/** Runs an image. Resolves to the exit status; rejects for the user's mistakes. */
export async function run(plugin: ArchitecturePlugin, args: RunArguments): Promise<number> {
  const wanted = plan(plugin, args);
  const session = new LocalSession(NODE_HOST);
  session.registerArchitecture(plugin);
  const output: Output = args.json ? new JsonOutput() : new HumanOutput();
  output.listen(session);
  try {
    await session.send({ kind: 'load', architecture: plugin.name, engine: args.engine, image: { name: basename(args.image), bytes: wanted.bytes }, options: wanted.values });
    for (const address of args.break) await session.send({ kind: 'break', address });
    for (const watch of wanted.watches) await session.send({ kind: 'watch', ...watch });
    for (const name of args.trace) await session.send({ kind: 'trace', name, on: true });
    return await drive(session, output, wanted, args);
  } finally {
    session.close();
    output.close();
  }
}

async function drive(session: LocalSession, output: Output, wanted: Plan, args: RunArguments): Promise<number> {
  let quit = false;
  session.expectsInput = true;
  const console = openConsole({
    send: async (bytes) => (await session.send({ kind: 'input', bytes })).untaken,
    end: () => { session.expectsInput = false; },
    quit: () => {
      quit = true;
      void session.send({ kind: 'pause' });
    },
  });
  session.on('progress', ({ untaken }) => { console.untaken(untaken); });
  const position = async (): Promise<Position> => (await session.send({ kind: 'position' })).position;
  let hits = 0;
  /** After a stop that the user asked for: the steps from the first one, and the exit status where the run ends there. */
  const goOn = async (left: number): Promise<number | undefined> => {
    hits++;
    const ended = hits === 1 && wanted.steps > 0 ? await step(session, output, Math.min(wanted.steps, left)) : undefined;
    return ended ?? (hits === wanted.hits ? EXIT.ok : undefined);
  };
  try {
    if (wanted.steps > 0 && args.break.length + args.watch.length === 0) return await step(session, output, Math.min(wanted.steps, wanted.limit)) ?? EXIT.ok;
    for (let left = wanted.limit; left > 0;) {
      const before = (await position()).retired;
      const done = await session.send({ kind: 'run', budget: left, pace: args.pace });
      left -= done.position.retired - before;
      if (done.end.kind === 'halted' && done.end.reset === true && args.reboot) {
        await session.send({ kind: 'reset' });
        continue;
      }
      if (done.end.kind !== 'debug') {
        output.end(done);
        return quit ? EXIT.ok : statusOf(done.end);
      }
      await output.stop(session, done);
      // Without a number it is a breakpoint instruction of the guest's own: shown, and given back to it.
      if (done.end.stop === undefined) continue;
      const ended = await goOn(left);
      if (ended !== undefined) return ended;
      left -= (await position()).retired - done.position.retired;
    }
    output.end({ end: { kind: 'budget' }, position: await position() });
    return EXIT.ok;
  } finally {
    console[Symbol.dispose]();
  }
}

/** Executes instructions one by one and shows them, stops on the way too. The exit status, if that was the end of the guest. */
async function step(session: LocalSession, output: Output, count: number): Promise<number | undefined> {
  const show = async (): Promise<void> => { output.stepping((await session.send({ kind: 'position' })).position); };
  await show();
  for (let done = 0; done < count;) {
    const { end, position } = await session.send({ kind: 'step' });
    if (end === undefined) {
      done++;
      await show();
      continue;
    }
    const reply: ReplyOf<'run'> = { end, position };
    if (end.kind !== 'debug') {
      output.end(reply);
      return statusOf(end);
    }
    // The instruction that was shown has not been executed yet.
    await output.stop(session, reply);
  }
  return undefined;
}

function statusOf(end: RunEnd): number {
  switch (end.kind) {
    case 'halted': return end.ok ? EXIT.ok : EXIT.guestFailed;
    case 'failed': case 'idle': return EXIT.guestFailed;
    default: return EXIT.ok;
  }
}
