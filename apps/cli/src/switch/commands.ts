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

function injectCommand(done: Done): Command {
  return new Command('inject').description('something comes between two accesses of a switch: what comes of it, and what the rules allow')
    .option('--at <STEP[:N]>', 'before the Nth access of a step (1 unless given), in an ordinary round trip; worldswitch trace shows the steps')
    .option('--kind <KIND>', 'irq: an interrupt for the host; virq: one for the guest; serror; debug: breakpoint, watchpoint and step on the instruction; abort: the guest\'s memory unmapped')
    .option('--revision <NAME>', 'the state of the switch (worldswitch compare lists them)')
    .option('--mode <NAME>', 'vhe (the host at EL2) or nvhe (at EL1); vhe where the revision has it')
    .option('--json', 'as JSON, for schemas/inject.schema.json')
    .addHelpText('after', '\nExit status 1: what came is not what the rules allow.')
    .action(async (options: Record<string, string>) => {
      const { inject } = await import('./inject.ts');
      done(inject(options));
    });
}

/** In the order of the help text. `done` is told the exit status. */
export function switchCommands(done: Done): readonly Command[] {
  return [compareCommand(done), traceCommand(done), alternativesCommand(done), injectCommand(done)];
}
