import { Command, CommanderError, Option } from 'commander';
import { ENGINE_CHOICES, type OptionSpec } from '@worldswitch/session';
import manifest from '../package.json' with { type: 'json' };
import { EXIT, reportError } from './exit.ts';
import { ARM64_PLUGIN } from './plugins/arm64/index.ts';
import type { RunArguments } from './run/run.ts';
import { switchCommands } from './switch/commands.ts';

const EXAMPLES = `
Examples:
  worldswitch demo                                   the story on one screen
  worldswitch run hello.elf                          an ELF file as a guest under the hypervisor
  worldswitch run u-boot.bin --as bare               firmware from flash, from EL2 down; Ctrl-a x ends it
  worldswitch run hello.elf --break main --step 5    stop at a symbol, then five instructions
  worldswitch run hello.elf --watch 0x9000000:4:w    stop at a write to the UART
  worldswitch compare                                a round trip under each revision and mode, counted
  worldswitch trace --mode vhe --why                 a world switch access by access, with its reasons
  worldswitch inject --at traps-on:3 --kind serror   something comes between two accesses of it
  worldswitch regs MDSCR_EL1                         encoding, fields, access, traps
  worldswitch regs elr                               search by name

Exit status: 0 ok, 1 the guest failed, 2 a mistake on the command line or in a file, 70 a fault of worldswitch itself.`;

const CONSOLE = `
The guest's console is this terminal. On a terminal, Ctrl-a x ends the run, Ctrl-a h shows help, Ctrl-a Ctrl-a sends Ctrl-a; other keys
go to the guest. Input from a pipe or file is fed to it, and a guest that then waits for more ends the run.
An address is a number, a symbol of the image, or main+0x10. Reports go to standard error, and with --json, as one object a line, to
standard output.`;

const collect = (value: string, before: readonly string[]): readonly string[] => [...before, value];

/** A flag for each option of the plugin's schema: front ends know no architecture's options. */
function machineOption(spec: OptionSpec): Option {
  const about = 'default' in spec ? `${spec.about} (default: ${spec.default})` : spec.about;
  switch (spec.type) {
    case 'flag': return new Option(`--${spec.name}`, about);
    case 'choice': return new Option(`--${spec.name} <${spec.choices.join('|')}>`, about);
    case 'size': return new Option(`--${spec.name} <SIZE>`, about);
    case 'count': return new Option(`--${spec.name} <N>`, about);
    case 'file': return new Option(`--${spec.name} <FILE>`, about);
    case 'text': case 'number': return new Option(`--${spec.name} <${spec.placeholder}>`, about);
  }
}

/** The values of commander's camel-cased keys, by the schema's names. */
function machineValues(options: Readonly<Record<string, unknown>>): Record<string, string | boolean> {
  return Object.fromEntries(ARM64_PLUGIN.options
    .map(({ name }) => [name, options[name.replace(/-./g, (text) => text[1].toUpperCase())]] as const)
    .filter((entry): entry is readonly [string, string | boolean] => entry[1] !== undefined));
}

function runCommand(done: (status: number) => void): Command {
  const command = new Command('run').argument('<image>', 'ELF file, Linux arm64 Image, firmware or flat file; gzip is unpacked').description('run an image');
  for (const spec of ARM64_PLUGIN.options) command.addOption(machineOption(spec));
  command
    .addOption(new Option('--engine <NAME>', 'how it executes; check compares the evaluator with the translator').choices(ENGINE_CHOICES).default('translator'))
    .addOption(new Option('--pace <NAME>', 'idle time passes at once, or as on a clock').choices(['skip', 'real']).default('skip'))
    .option('--break <ADDR>', 'stop before the instruction there; may be repeated', collect, [])
    .option('--watch <ADDR[:LEN][:r|w|rw]>', 'stop before an access to these bytes; 8 of them and rw unless given; may be repeated', collect, [])
    .option('--hits <N>', 'end at the Nth stop, report the others and go on; 0: never end', '1')
    .option('--step <N>', 'execute N instructions one by one and show them, from the first stop or from the start; then as --hits says')
    .option('--limit <N>', 'end after N instructions')
    .option('--trace <NAME>', `${Object.entries(ARM64_PLUGIN.traces).map(([name, about]) => `${name}: ${about}`).join('; ')}; may be repeated`, collect, [])
    .option('--no-reboot', 'end where the guest asks for a reset')
    .option('--json', 'one JSON object a line on standard output')
    .addHelpText('after', CONSOLE)
    .action(async (image: string, options: Record<string, unknown>) => {
      const { run } = await import('./run/run.ts');
      done(await run(ARM64_PLUGIN, { json: false, ...options, image, machine: machineValues(options) } as unknown as RunArguments));
    });
  return command;
}

function regsCommand(done: (status: number) => void): Command {
  return new Command('regs').argument('[name]', 'a name (ELR_EL1), an encoding (S3_0_C4_C0_1, 3,0,4,0,1), or a part of a name')
    .description('look up AArch64 system registers')
    .option('--json', 'as JSON')
    .action(async (name: string | undefined, { json = false }: { readonly json?: boolean }) => {
      const { regs } = await import('./regs/regs.ts');
      done(regs(name, json));
    });
}

function demoCommand(done: (status: number) => void): Command {
  return new Command('demo').description('one set of debug registers, two owners: the story on one screen').action(async () => {
    const { demo } = await import('./demo/demo.ts');
    done(demo());
  });
}

/** The whole command. Gives the exit status; never throws. */
export async function main(args: readonly string[]): Promise<number> {
  let status: number = EXIT.ok;
  const done = (value: number): void => { status = value; };
  // A reader that has seen enough, as in `worldswitch regs | head`.
  const closed = (error: NodeJS.ErrnoException): void => { process.exit(error.code === 'EPIPE' ? EXIT.ok : EXIT.internal); };
  process.stdout.on('error', closed);
  const program = new Command('worldswitch')
    .description('A hypervisor-debugging laboratory: an emulated arm64 machine with a KVM-style hypervisor at EL2.')
    .version(manifest.version)
    .addHelpText('after', EXAMPLES)
    .showHelpAfterError('(worldswitch --help shows the options)');
  for (const command of [demoCommand(done), runCommand(done), ...switchCommands(done), regsCommand(done)]) program.addCommand(command);
  for (const command of [program, ...program.commands]) command.exitOverride().configureOutput({ outputError: (text, write) => { write(text.replace(/^error:/, 'worldswitch:')); } });
  try {
    await program.parseAsync(args, { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.userError;
    return reportError(error, args.includes('--json'));
  } finally {
    if (process.stdout.writableLength === 0) process.stdout.off('error', closed);
  }
  return status;
}
