/** `worldswitch inject`: something comes between two accesses of a switch, and what came of it. */
import { A64 } from '@worldswitch/arm64';
import { DEFAULT_REVISION, compose, hostOn, processorOf, revisionNamed } from '@worldswitch/arm64-hypervisor';
import { Bench, HOST_INTERRUPT, inject as injectAt, positionsOf, type Injection, type InjectionKind, type InjectionOutcome, type InjectionPoint, type ProofMachine } from '@worldswitch/arm64-hypervisor/prove';
import { assemble } from '@worldswitch/isa';
import { EXIT, UsageError } from '../exit.ts';
import { jsonLine } from '../json.ts';
import { machineFor } from './lab.ts';
import { choosePair, type PairOptions } from './pairs.ts';
import { DEFAULT_PROCESSOR, meant } from './processor.ts';
import { styled, terminal, wrap, type Terminal } from './terminal.ts';

export interface InjectArguments extends Omit<PairOptions, 'faithful'> {
  readonly at?: string;
  readonly kind?: string;
  readonly all?: boolean;
  readonly every?: string;
  readonly json?: boolean;
}

/** What a user may ask for, what that is to the prover, and in words. */
export const KINDS = {
  irq: { kinds: ['interrupt'], words: 'a physical interrupt of a device of the host' },
  virq: { kinds: ['virtual-interrupt'], words: 'a virtual interrupt, which the VMM raises for the guest' },
  serror: { kinds: ['serror'], words: 'an SError' },
  debug: { kinds: ['breakpoint', 'watchpoint', 'step'], words: 'a debug event of the instruction at hand' },
  abort: { kinds: ['abort'], words: 'the guest\'s memory unmapped, so that its next access faults' },
} as const satisfies Readonly<Record<string, { readonly kinds: readonly InjectionKind[]; readonly words: string }>>;

type KindName = keyof typeof KINDS;
const KIND_NAMES = Object.keys(KINDS);

/** What `--json` prints; schemas/inject.schema.json. */
export interface InjectReport {
  readonly report: 'worldswitch inject';
  readonly version: 1;
  readonly revision: string;
  readonly mode: 'nvhe' | 'vhe';
  readonly kind: KindName;
  readonly at: { readonly step: string; readonly access: number; readonly of: number };
  readonly results: readonly Injection[];
}

const DISTRIBUTOR = 0x0800_0000n;
/** GICD_SGIR, and processor 0 in its target list (IHI 0048B 4.3.15). */
const GICD_SGIR = 0xf00n;
const TO_PROCESSOR_0 = 1n << 16n;

/** The machine of `compare`, as the prover wants it. Its writes act at once. */
export function proofMachine(): ProofMachine {
  const made = machineFor(DEFAULT_PROCESSOR);
  const { machine, cpu } = made;
  const { processor, inputs } = cpu;
  return {
    processor: processorOf(made), ...hostOn(made.places, { virtualInterface: false }), guestMemory: made.guestMemory,
    reset: () => {
      inputs['serror']?.set(false);
      made.reset();
    },
    skipTo: (tick) => { machine.skipTo(tick); },
    interrupt: () => { machine.memory.write(DISTRIBUTOR + GICD_SGIR, 4, TO_PROCESSOR_0 | BigInt(HOST_INTERRUPT), 0); },
    forgetTranslations: () => {
      processor.mmu.reset();
      processor.core.flush();
    },
    serror: (level) => { inputs['serror']?.set(level); },
    takeDue: () => processor.interrupt() || (processor.stepping && processor.before()) || processor.fetched(),
    poke: (register, value) => { cpu.registers.raw.write(register, value); },
    assemble: (source, origin) => assemble(source, { instructionSet: A64, origin }).bytes,
  };
}

export function parseKind(text: string | undefined): KindName {
  if (text !== undefined && KIND_NAMES.includes(text)) return text as KindName;
  throw new UsageError(`--kind ${text ?? ''}: ${text === undefined ? 'it is missing' : `unknown kind '${text}'${meant(text, KIND_NAMES)}`}; there are ${KIND_NAMES.join(', ')}`);
}

/** `STEP[:N]`, N from 1. @throws UsageError for a step that the pair does not have */
function parseAt(text: string | undefined, steps: readonly string[]): { readonly step: string; readonly access: number } {
  const [step, number = '1', more] = (text ?? '').split(':');
  if (text === undefined || !steps.includes(step)) {
    throw new UsageError(`--at ${text ?? ''}: ${text === undefined ? 'it is missing' : `the revision has no step '${step}' in this mode${meant(step, steps)}`}; write STEP or STEP:N, the steps are ${steps.join(', ')}`);
  }
  if (more !== undefined || !/^[1-9][0-9]*$/.test(number)) throw new UsageError(`--at ${text}: '${text.slice(step.length + 1)}' is no number of an access; write ${step}:1 for the first`);
  return { step, access: Number(number) };
}

/** So many accesses of a step are named; a set of registers has more. */
const NAMED = 24;
const accessList = (points: readonly InjectionPoint[]): string =>
  `${points.slice(0, NAMED).map(({ text = '' }, n) => `${n + 1} ${text}`).join(', ')}${points.length > NAMED ? ', and so on' : ''}`;

/** Injects as the options say. @throws UsageError before anything has run, but for a step that has fewer accesses, which a run tells */
export function injection(args: InjectArguments): InjectReport {
  if (args.every !== undefined) throw new UsageError(`--every ${args.every}: it chooses positions of --all; with --at there is one`);
  const { revision, mode } = choosePair(args, DEFAULT_REVISION.name);
  const found = revisionNamed(revision, mode);
  const kind = parseKind(args.kind);
  const { step, access } = parseAt(args.at, compose(found, mode).map(({ id }) => id));
  const machine = proofMachine();
  const bench = new Bench(() => machine);
  const results: Injection[] = [];
  let of = 0;
  for (const one of KINDS[kind].kinds) {
    const points = positionsOf(bench, { revision: found, mode, kind: one }).filter((point) => point.step === step).sort((a, b) => a.index - b.index);
    of = Math.max(of, points.length);
    if (points.length === 0) throw new UsageError(`--at ${args.at ?? ''}: ${step} executes nothing in this run (${revision}, ${mode}), so nothing can come between; choose another step`);
    const at = points.at(access - 1);
    if (at === undefined) throw new UsageError(`--at ${args.at ?? ''}: ${step} has ${points.length} accesses in this run (${revision}, ${mode}); choose ${step}:1 to ${step}:${points.length}: ${accessList(points)}`);
    results.push(injectAt(bench, { revision: found, mode, kind: one, at }));
  }
  return { report: 'worldswitch inject', version: 1, revision, mode, kind, at: { step, access, of }, results };
}

/** Prints what came of it. Gives 1 where it is not what the rules allow. @throws UsageError */
export function inject(args: InjectArguments): number {
  const report = injection(args);
  process.stdout.write(args.json === true ? jsonLine(report) : `${injectionScreen(report, terminal()).join('\n')}\n`);
  return report.results.every(({ ok }) => ok) ? EXIT.ok : EXIT.guestFailed;
}

export const OUTCOMES: Readonly<Record<InjectionOutcome, string>> = {
  nothing: 'masked, and the run is the same as without it', host: 'the host\'s kernel got it, once', guest: 'the guest got it, once', again: 'the guest faulted once more and got its memory',
  panic: 'it was taken in the middle of the switch: the panic path', fatal: 'the guest left for it, and the vectors of this revision have no handler for it: the panic path', pending: 'it still waits when the guest has ended', lost: 'nobody got it', harm: 'something else is different now',
};

/** The screen, line by line. */
export function injectionScreen({ revision, mode, kind, at, results }: InjectReport, to: Terminal): readonly string[] {
  const indent = (text: string): readonly string[] => wrap(text, to.width - 2).map((line) => `  ${line}`);
  const [{ phase, el, masked, before }] = results;
  const masks = Object.entries(masked).filter(([, set]) => set).map(([name]) => name).join(', ');
  return [
    ...wrap(`${revision}, host at ${mode === 'vhe' ? 'EL2 (vhe)' : 'EL1 (nvhe)'}: ${KINDS[kind].words}, before access ${at.access} of ${at.of} of step ${at.step} (${phase}).`, to.width),
    ...wrap(`The next instruction is ${before}, at EL${el}; masked are ${masks === '' ? 'none of D, A, I' : masks} (D debug, A SError, I interrupts).`, to.width),
    ...results.flatMap(({ kind: one, outcome, ok, allowed, text, panicIn }) => [
      '', styled(to, ok ? 'strong' : 'warning', `${one}: ${outcome}${ok ? '' : ', against the rules'}`), ...indent(`${OUTCOMES[outcome]}${panicIn === undefined ? '' : `, in step ${panicIn}`}.`),
      ...indent(`Seen: ${text}.`), ...indent(`The rules allow here: ${allowed.join(', ')}.`),
    ]),
  ];
}
