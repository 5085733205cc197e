/** The commands about the world switch, for `main`: what they take. What they do is loaded when one is called. */
import { Command } from 'commander';

const REVISION = 'states of the switch, by name, with commas; all unless given';
const FAULTS = 'faults of the original code to have too, by name, with commas, or all (see docs/faults.md); none unless given';

type Done = (status: number) => void;

function compareCommand(done: Done): Command {
  return new Command('compare').description('one round trip between guest and host under each revision and mode, counted')
    .option('--revision <NAMES>', REVISION)
    .option('--mode <NAMES>', 'vhe (the host at EL2), nvhe (at EL1), both unless given')
    .option('--faithful <NAMES>', FAULTS)
    .option('--debug <STATE>', 'clean: the guest\'s debug registers are not in use; dirty: they are, and are exchanged', 'clean')
    .option('--breakpoints <N>', 'breakpoints of the processor, 2 to 16', '6')
    .option('--watchpoints <N>', 'watchpoints of the processor, 2 to 16', '4')
    .option('--features <NAMES>', 'what else it has, with commas: ras, spe')
    .option('--gic <VERSION>', 'the guest has the virtual CPU interface of a GICv2 or GICv3, 2 or 3; without it its interrupts come from the VMM')
    .option('--json', 'as JSON, for schemas/compare.schema.json')
    .action(async (options: Record<string, string>) => {
      const { compare } = await import('./compare.ts');
      done(compare(options));
    });
}

function traceCommand(done: Done): Command {
  return new Command('trace').argument('[image]', 'what the guest runs, as for run; a guest that is built in unless given')
    .description('one world switch of a guest as a timeline: every access, whose value, what changed')
    .option('--revision <NAME>', 'the state of the switch (worldswitch compare lists them)')
    .option('--mode <NAME>', 'vhe (the host at EL2) or nvhe (at EL1); vhe where the revision has it')
    .option('--faithful <NAMES>', FAULTS)
    .option('--gic <VERSION>', 'version of the host\'s interrupt controller, 2 or 3', '2')
    .option('--from <N>', 'the Nth time the guest is left', '1')
    .option('--limit <N>', 'give up after N instructions', '50000000')
    .option('--why', 'with the reason of each step')
    .option('--json', 'as JSON, for schemas/trace.schema.json')
    .addHelpText('after', '\nThe width is the terminal\'s, or COLUMNS. NO_COLOR switches colours off.')
    .action(async (image: string | undefined, options: Record<string, string>) => {
      const { trace } = await import('./trace.ts');
      done(trace({ ...options, ...(image !== undefined && { image }) }));
    });
}

function alternativesCommand(done: Done): Command {
  return new Command('alternatives').description('where the assembly of revision vhe has one instruction for either mode')
    .option('--why', 'with the reason of each')
    .option('--json', 'as JSON, for schemas/alternatives.schema.json')
    .action(async (options: { readonly why?: boolean; readonly json?: boolean }) => {
      const { alternatives } = await import('./alternatives.ts');
      done(alternatives(options));
    });
}

const INJECT_HELP = `
A switch is a list of steps, and a step is a few accesses: instructions that read or write a register or the memory
where contexts are kept. Between two of them anything may come; masked, it must wait for whoever may have it.

  worldswitch inject --at traps-on:3 --kind serror             before the third access of traps-on
  worldswitch inject --at guest-enter --kind irq --mode nvhe   before the first, with the host at EL1
  worldswitch inject --all --every 50                          a sample of all positions of all revisions

Exit status 1: what came is not what the rules allow.`;

function injectCommand(done: Done): Command {
  return new Command('inject').description('something comes between two accesses of a switch: what comes of it, and what the rules allow')
    .option('--at <STEP[:N]>', 'before the Nth access of a step (1 unless given), in an ordinary round trip; worldswitch trace shows the steps')
    .option('--kind <KIND>', 'irq: an interrupt for the host; virq: one for the guest; serror; debug: breakpoint, watchpoint and step on the instruction; abort: the guest\'s memory unmapped')
    .option('--revision <NAME>', 'the state of the switch (worldswitch compare lists them); with --all several, with commas, and all unless given')
    .option('--mode <NAME>', 'vhe (the host at EL2) or nvhe (at EL1); vhe where the revision has it, with --all both')
    .option('--all', 'instead of --at: before each access of each step, every kind unless one is given, and print totals; a minute or so for a pair')
    .option('--every <N>', 'with --all: every Nth access only')
    .option('--json', 'as JSON, for schemas/inject.schema.json, with --all schemas/inject-all.schema.json')
    .addHelpText('after', INJECT_HELP)
    .action(async (options: Readonly<Record<string, string>> & { readonly all?: boolean; readonly json?: boolean }) => {
      const [{ inject }, { injectEverything }] = await Promise.all([import('./inject.ts'), import('./inject-all.ts')]);
      done(options.all === true ? injectEverything(options) : inject(options));
    });
}

/** In the order of the help text. `done` is told the exit status. */
export function switchCommands(done: Done): readonly Command[] {
  return [compareCommand(done), traceCommand(done), alternativesCommand(done), injectCommand(done)];
}
