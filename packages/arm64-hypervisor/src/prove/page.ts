/** The page of the docs that says what the order of a switch must be: from the steps, and from what the proofs came to. */
import type { Revision, Step } from '../switch/step.ts';
import { EXPLANATIONS } from './explained.ts';
import type { ConstraintResult, PairResult } from './results.ts';

const MODES = { nvhe: 'non-VHE', vhe: 'VHE' } as const;
const table = (head: readonly string[], rows: readonly (readonly (string | number)[])[]): string =>
  [`| ${head.join(' | ')} |`, `|${head.map(() => '---').join('|')}|`, ...rows.map((row) => `| ${row.join(' | ')} |`)].join('\n');
const pairName = ({ revision, mode }: PairResult): string => `\`${revision}\`, ${MODES[mode]}`;
const inMode = (revision: Revision, mode: PairResult['mode']): readonly Step[] => revision.steps.filter(({ modes }) => modes === undefined || modes.includes(mode));
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
  readonly pairs: readonly (readonly [first: string, second: string, names: string])[];
}

/** What the thread of the patch asks (seed 001), as pairs of steps. */
const QUESTIONS: readonly Question[] = [
  {
    asked: 'Is it save, activate, restore for everything?',
    pairs: [
      ['host-sysregs-save', 'traps-on', 'saving the host\'s registers before activating the traps'],
      ['host-sysregs-save', 'guest-sysregs-restore', 'saving the host\'s registers before restoring the guest\'s'],
      ['traps-on', 'guest-sysregs-restore', 'activating the traps before restoring the guest\'s registers'],
      ['traps-on', 'debug-to-guest', 'activating the traps before the debug registers are saved and restored'],
      ['guest-sysregs-restore', 'debug-to-guest', 'restoring the guest\'s registers before its debug registers'],
      ['host-sysregs-restore', 'debug-to-host', 'restoring the host\'s registers before its debug registers'],
    ],
  },
  { asked: 'The vgic before the timer?', pairs: [['vgic-on', 'timer-traps-on', 'the vgic before the timer\'s traps, on the way in'], ['timer-traps-off', 'vgic-off', 'the timer\'s traps before the vgic, on the way out']] },
  { asked: 'The vgic after stage 2?', pairs: [['stage2-on', 'vgic-on', 'stage 2 before the vgic, on the way in'], ['vgic-off', 'stage2-off', 'the vgic before stage 2, on the way out']] },
];

function answers(revision: Revision, results: readonly PairResult[]): string {
  return QUESTIONS.map(({ asked, pairs }) => {
    const rows = pairs.map(([first, second, names]) => [names, ...results.map((result) => {
      const ids = new Set(inMode(revision, result.mode).map(({ id }) => id));
      if (!ids.has(first) || !ids.has(second)) return 'no such steps';
      return leads((result.constraints ?? []).filter(({ verdict }) => verdict === 'needed'), first, second) ? 'must be' : 'either way';
    })]);
    return `### ${asked}\n\n${table(['', ...results.map(({ mode }) => MODES[mode])], rows)}`;
  }).join('\n\n');
}

/** `revision` is the one that is drawn; `results` those of all pairs that have been proven. */
export function orderPage(revision: Revision, results: readonly PairResult[]): string {
  const drawn = results.filter((result) => result.revision === revision.name);
  const needed = (result: PairResult): readonly ConstraintResult[] => (result.constraints ?? []).filter(({ verdict }) => verdict === 'needed');
  const total = (result: PairResult): string => `${Number(result.orders?.total ?? 0).toPrecision(3)} orders in ${MODES[result.mode]}`;
  return `<!-- Printed by \`orderPage\` from the steps and from packages/vmm/test/prove/results.json; a test compares. -->

# What the order of a switch must be

In the thread of the patch that gave the switch its two debug hooks a reviewer asks why the debug registers need not follow "save, activate,
restore", and the author answers that a total order does not exist. Here the machine answers. The steps of \`${revision.name}\` are put in other
orders, each order runs a guest that leaves in every way, and whatever host or guest can see is compared: exits, the guest's memory and
context, every register of the host, the registers that the guest is entered with.

## Is there a total order?

No. ${drawn.map(total).join(', ')} give the same result. What remains are ${drawn.map((result) => `${needed(result).length} constraints in ${MODES[result.mode]}`).join(' and ')}; each has an order that fails without it.

${drawn.map((result) => `### ${MODES[result.mode]}: what must come after what\n\n${graph(revision, result)}\n\n${table(['step', 'after', 'otherwise'], needed(result).map(({ step, after, otherwise = '' }) => [`\`${step}\``, `\`${after}\``, plain(otherwise)]))}`).join('\n\n')}

A step without an arrow may stand anywhere between the phases in which it is possible at all. A constraint that is in the list of steps and not here is
one of a step that this processor does not come to (profiling, the interface of an interrupt controller that it does not have), one that phases
give already, or one that only the other mode needs. What a processor does ahead of its program is not modelled: an order that is right here can
still be wrong on a core that walks tables speculatively, and \`because\` of the steps says where that is the reason.

## The questions of the thread

${answers(revision, drawn)}

## Totals

${table(['pair', 'orders permitted', 'round trips, each in its own', 'different orders', 'guests', 'that notice', 'constraints shown necessary'], results.filter(({ orders }) => orders !== undefined).map((result) => [
    pairName(result), result.orders?.total ?? '', result.orders?.run ?? '', result.orders?.distinct ?? '', result.orders?.guests ?? '', result.orders?.failures ?? '', `${needed(result).length} of ${(result.constraints ?? []).filter(({ verdict }) => verdict !== 'phases').length}`,
  ]))}

${results.some(({ orders }) => (orders?.missing ?? []).length > 0) ? `Constraints that the steps of other revisions would need for that:\n\n${results.flatMap((result) => (result.orders?.missing ?? []).map((text) => `- ${pairName(result)}: ${text}`)).join('\n')}\n\n` : ''}Of the orders permitted those that were run are drawn so that each is as likely as any other.

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
