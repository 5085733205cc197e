/** The page of the docs that says what the order of a switch must be: from the steps, and from what the proofs came to. */
import type { Revision, Step } from '../switch/step.ts';
import { CONSTRAINT_EXPLANATIONS, EXPLANATIONS } from './explained.ts';
import type { ConstraintResult, PairResult } from './results.ts';

const MODES = { nvhe: 'non-VHE', vhe: 'VHE' } as const;
const table = (head: readonly string[], rows: readonly (readonly (string | number)[])[]): string =>
  [`| ${head.join(' | ')} |`, `|${head.map(() => '---').join('|')}|`, ...rows.map((row) => `| ${row.join(' | ')} |`)].join('\n');
const pairName = ({ revision, mode }: PairResult): string => `\`${revision}\`, ${MODES[mode]}`;
const inMode = (revision: Revision, mode: PairResult['mode']): readonly Step[] => revision.steps.filter(({ modes }) => modes === undefined || modes.includes(mode));
/** A long decimal number as a power of ten. */
const rounded = (digits: string): string => (digits.length < 7 ? digits : `${digits[0]}.${digits[1]} · 10^${digits.length - 1}`);
/** Addresses and long values say nothing to a reader. */
const plain = (text: string): string => text.replace(/0x[0-9a-f]{9,}/g, '…').replaceAll('|', '/');

function graph(revision: Revision, result: PairResult): string {
  const steps = inMode(revision, result.mode).filter(({ phase }) => phase !== 'panic');
  const needed = (result.constraints ?? []).filter(({ verdict }) => verdict === 'needed');
  const node = (id: string): string => id.replaceAll('-', '_');
  const lines: string[] = ['```mermaid', 'flowchart LR'];
  for (const phase of new Set(steps.map((step) => step.phase))) {
    lines.push(`  subgraph ${node(phase)}["${phase}"]`, ...steps.filter((step) => step.phase === phase).map(({ id }) => `    ${node(id)}["${id}"]`), '  end');
  }
  lines.push(...needed.map(({ after, step }) => `  ${node(after)} --> ${node(step)}`), '```');
  return lines.join('\n');
}

/** Whether any chain of proven constraints leads from one step to another. */
function leads(constraints: readonly ConstraintResult[], from: string, to: string): boolean {
  const seen = new Set<string>();
  const walk = (at: string): boolean => at === to || (!seen.has(at) && (seen.add(at), constraints.some(({ after, step }) => after === at && walk(step))));
  return walk(from);
}

interface Question {
  readonly asked: string;
  readonly answered: string;
  readonly pairs: readonly (readonly [first: string, second: string, names: string])[];
}

/** What the thread of the patch asks (seed 001), as pairs of steps. */
const QUESTIONS: readonly Question[] = [
  {
    asked: 'Is it save, activate, restore for everything, or activate, save, restore?',
    answered: 'Save before restore, of the same registers, and nothing else. Activating has no place in that: the traps act below EL2, where nothing runs meanwhile, so that they may be '
      + 'written before, between or after. The two that are ordered with them all the same have other reasons: profiling must have been drained while the host\'s translation and its ownership of the buffer '
      + 'are in force, and the pointer to the guest\'s stage 2, which is what the panic path goes by, comes when the host\'s registers are saved and before they are gone.',
    pairs: [
      ['host-sysregs-save', 'traps-on', 'saving the host\'s registers before activating the traps'],
      ['host-sysregs-save', 'guest-sysregs-restore', 'saving the host\'s registers before restoring the guest\'s'],
      ['host-sysregs-save', 'stage2-on', 'saving the host\'s registers before stage 2'],
      ['stage2-on', 'guest-sysregs-restore', 'stage 2 before the guest\'s registers'],
      ['spe-off', 'traps-on', 'draining the profiling buffer before activating the traps'],
      ['spe-off', 'guest-sysregs-restore', 'draining the profiling buffer before restoring the guest\'s registers'],
      ['traps-on', 'guest-sysregs-restore', 'activating the traps before restoring the guest\'s registers'],
    ],
  },
  {
    asked: 'And the debug registers?',
    answered: 'They may be switched anywhere on either way: both hooks ask and move what nobody else moves, and a breakpoint of either world cannot act at EL2 with debug exceptions masked. What needs its place is '
      + 'profiling, which the second hook turned on again. It is said to come after the host\'s registers since it resumes with the host\'s translation; on this processor, which takes no sample at EL2, '
      + 'it is enough that it comes before the ERET.',
    pairs: [
      ['traps-on', 'debug-to-guest', 'activating the traps before the debug registers are saved and restored'],
      ['guest-sysregs-restore', 'debug-to-guest', 'restoring the guest\'s registers before its debug registers'],
      ['host-sysregs-restore', 'debug-to-host', 'restoring the host\'s registers before its debug registers'],
      ['host-sysregs-restore', 'spe-on', 'restoring the host\'s registers before profiling is on again'],
      ['mask-exceptions', 'debug-to-guest', 'masking exceptions before the guest\'s debug registers'],
      ['debug-to-host', 'unmask-exceptions', 'the host\'s debug registers before exceptions are unmasked'],
    ],
  },
  {
    asked: 'The vgic before the timer?',
    answered: 'No. The two share no register: interrupts of either reach nobody at EL2.',
    pairs: [
      ['vgic-on', 'timer-traps-on', 'the vgic before the timer\'s traps, on the way in'], ['vgic-interface-on', 'timer-traps-on', 'its list registers before the timer\'s traps'],
      ['timer-traps-off', 'vgic-off', 'the timer\'s traps before the vgic, on the way out'],
    ],
  },
  {
    asked: 'The vgic after stage 2?',
    answered: 'No. It must come after the traps, of which its override of HCR_EL2 is a change; stage 2 is not in that register.',
    pairs: [
      ['stage2-on', 'vgic-on', 'stage 2 before the vgic, on the way in'], ['vgic-off', 'stage2-off', 'the vgic before stage 2, on the way out'], ['traps-on', 'vgic-on', 'the traps before the vgic, on the way in'],
    ],
  },
];

function answers(revision: Revision, results: readonly PairResult[]): string {
  return QUESTIONS.map(({ asked, answered, pairs }) => {
    const rows = pairs.map(([first, second, names]) => [names, ...results.map((result) => {
      const ids = new Set(inMode(revision, result.mode).map(({ id }) => id));
      if (!ids.has(first) || !ids.has(second)) return 'no such steps';
      return leads((result.constraints ?? []).filter(({ verdict }) => verdict === 'needed'), first, second) ? 'must be' : (result.constraints ?? []).some(({ step, after }) => step === second && after === first) ? 'by a fact' : 'either way';
    })]);
    return `### ${asked}\n\n${answered}\n\n${table(['', ...results.map(({ mode }) => MODES[mode])], rows)}`;
  }).join('\n\n');
}

/** `revision` is the one that is drawn; `results` those of all pairs that have been proven. */
export function orderPage(revision: Revision, results: readonly PairResult[]): string {
  const drawn = results.filter((result) => result.revision === revision.name);
  const needed = (result: PairResult): readonly ConstraintResult[] => (result.constraints ?? []).filter(({ verdict }) => verdict === 'needed');
  const total = (result: PairResult): string => `${rounded(result.orders?.total ?? '0')} orders in ${MODES[result.mode]}, of which ${result.orders?.distinct ?? 0} were run`;
  return `<!-- Printed by \`orderPage\` from the steps and from packages/vmm/test/prove/results.json; a test compares. -->

# What the order of a switch must be

In the thread of the patch that gave the switch its two debug hooks a reviewer asks why the debug registers need not follow "save, activate,
restore", and the author answers that a total order does not exist. Here the machine answers. The steps of \`${revision.name}\` are put in other
orders, each order runs a guest that leaves in every way, and whatever host or guest can see is compared: exits, the guest's memory and
context, every register of the host, the registers that the guest is entered with.

## Is there a total order?

No. The constraints permit ${drawn.map(total).join(', and ')}: host and guest saw the same in ${drawn.every(({ orders }) => orders?.failures === 0) ? 'every one' : 'not all'} of these. There are ${drawn.map((result) => `${needed(result).length} constraints in ${MODES[result.mode]}`).join(' and ')}; each has an order that fails without it.

${drawn.map((result) => `### ${MODES[result.mode]}: what must come after what\n\n${graph(revision, result)}\n\n${table(['step', 'after', 'otherwise'], needed(result).map(({ step, after, otherwise = '' }) => [`\`${step}\``, `\`${after}\``, plain(otherwise)]))}`).join('\n\n')}

A step without an arrow may stand anywhere between the phases in which it is possible at all. \`by a fact\` is what no order shows on this processor and a
source asks for; those constraints are below. What a processor does ahead of its program is not modelled, so that most of them are of that kind.

## The questions of the thread

${answers(revision, drawn)}

## Totals

${table(['pair', 'orders permitted', 'round trips, each in its own', 'different orders', 'guests', 'that notice'], results.filter(({ orders }) => orders !== undefined).map((result) => [
    pairName(result), result.orders?.total ?? '', result.orders?.run ?? '', result.orders?.distinct ?? '', result.orders?.guests ?? '', result.orders?.failures ?? '',
  ]))}

${results.some(({ orders }) => (orders?.missing ?? []).length > 0) ? `Constraints that the steps of other revisions would need for that:\n\n${results.flatMap((result) => (result.orders?.missing ?? []).map((text) => `- ${pairName(result)}: ${text}`)).join('\n')}\n\n` : ''}Of the orders permitted those that were run are drawn so that each is as likely as any other. Each round trip of a guest goes by an order of its own, from
its load to its put, and the guests differ: who uses the debug registers, which interrupt controller the host has and whether guests have its virtual
interface, whether the host profiles itself, whether an interrupt or an SError is pending at the edge, whether the switch itself fails, and its panic path
is what is in another order.

## Constraints

Without a constraint there must be an order that somebody notices, all else as it must be.

${table(['pair', 'shown necessary', 'follow from others', 'given by phases', 'asked for by a fact', 'not shown'], results.flatMap((result) => (result.constraints === undefined ? [] : [[
    pairName(result), ...(['needed', 'implied', 'phases', 'explained', 'not-shown'] as const).map((wanted) => (result.constraints ?? []).filter(({ verdict }) => verdict === wanted).length),
  ]])))}

What no order shows here and a fact asks for:

${table(['constraint', 'why', 'source'], CONSTRAINT_EXPLANATIONS.map(({ about, why, source }) => [about, why, source]))}

## Accesses that can be left out

Every access of every step is left out, one at a time; then somebody must notice, with writes that act at once or with writes that act as late as
the architecture allows.

${table(['pair', 'accesses', 'left out', 'noticed', 'only with late writes', 'explained', 'needless'], results.flatMap((result) => (result.removal === undefined ? [] : [[
    pairName(result), result.removal.total, result.removal.removed, Object.values(result.removal.noticed).reduce((sum, count) => sum + count, 0), result.removal.late.length,
    result.removal.explained.length, result.removal.needless.length,
  ]])))}

What nobody can notice here and a fact asks for:

${table(['access', 'why', 'source'], EXPLANATIONS.map(({ about, why, source }) => [about, why, source]))}

${results.some(({ removal }) => (removal?.needless.length ?? 0) > 0) ? `Neither noticed nor explained:\n\n${results.flatMap((result) => (result.removal?.needless ?? []).map((text) => `- ${pairName(result)}: \`${text}\``)).join('\n')}` : 'Nothing is left over.'}

## What comes between two accesses

${table(['pair', 'positions', 'injections', 'against the rules', 'outcomes'], results.flatMap((result) => (result.injection === undefined ? [] : [[
    pairName(result), result.injection.positions, result.injection.injections, result.injection.failures.length,
    Object.entries(result.injection.outcomes).map(([what, count]) => `${what} ${count}`).join(', '),
  ]])))}
${results.some(({ injection }) => (injection?.failures.length ?? 0) > 0) ? `\nAgainst the rules:\n\n${results.flatMap((result) => (result.injection?.failures ?? []).map((text) => `- ${pairName(result)}: ${plain(text)}`)).join('\n')}\n` : ''}`;
}
