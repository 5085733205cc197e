/** `worldswitch alternatives`: where the assembly of revision `vhe` has one instruction for either mode. */
import { ALTERNATIVES, type Alternative } from '@worldswitch/arm64-hypervisor';
import { hex } from '@worldswitch/bits';
import { EXIT } from '../exit.ts';
import { jsonLine } from '../json.ts';
import { styled, terminal, wrap, type Terminal } from './terminal.ts';

export interface AlternativesArguments {
  readonly why?: boolean;
  readonly json?: boolean;
}

/** What `--json` prints; schemas/alternatives.schema.json. */
export interface AlternativesReport {
  readonly report: 'worldswitch alternatives';
  readonly version: 1;
  readonly revision: 'vhe';
  readonly alternatives: readonly (Alternative & { readonly accessor?: string })[];
}

/** The register as the steps name it: `el1 SCTLR` is SCTLR_EL1 without VHE, SCTLR_EL12 with it. Undefined for what is no access, or one in one mode only. */
function accessorOf({ nvhe, vhe }: Alternative): string | undefined {
  const name = /^(?:mrs x\d+, |msr )(\w+)_(el\d+)\b/;
  const [plain, other] = [name.exec(nvhe.text), name.exec(vhe.text)];
  if (plain === null || other === null) return undefined;
  const family = other[2] === 'el12' ? 'el1' : other[2] === 'el02' ? 'el0' : 'hyp';
  return plain[1] === other[1] ? `${family} ${plain[1].toUpperCase()}` : `hyp ${plain[1].toUpperCase()}`;
}

export function alternativesReport(): AlternativesReport {
  return {
    report: 'worldswitch alternatives', version: 1, revision: 'vhe',
    alternatives: ALTERNATIVES.map((row) => {
      const accessor = accessorOf(row);
      return accessor === undefined ? row : { accessor, ...row };
    }),
  };
}

/** Prints the table. Gives the exit status. */
export function alternatives({ why = false, json = false }: AlternativesArguments): number {
  const report = alternativesReport();
  process.stdout.write(json ? jsonLine(report) : `${alternativesScreen(report, terminal(), why).join('\n')}\n`);
  return EXIT.ok;
}

const ABOUT = 'The code is the same in both modes but for these instructions, which are patched when the host boots: without VHE the host is at EL1 and this code above it, with VHE both are at EL2. '
  + 'el1 is a register of the guest, hyp one of EL2 itself, el0 the guest\'s timer: each has two names, and the mode decides which of them means it.';
const NONE = '';

/** The table, line by line, by the steps that have the instructions; a row that is too long continues below. */
export function alternativesScreen({ alternatives: rows }: AlternativesReport, to: Terminal, why: boolean): readonly string[] {
  const cells = rows.map(({ accessor = NONE, nvhe, vhe }) => [accessor, word(nvhe.word), nvhe.text, word(vhe.word), vhe.text]);
  const head = ['accessor', '', 'without VHE', '', 'with VHE'];
  const widths = head.map((_, n) => Math.max(...[head, ...cells].map((row) => row[n].length)));
  const excess = Math.max(0, 2 + widths.reduce((sum, width) => sum + width + 1, -1) - to.width);
  widths[2] -= excess;
  const line = (row: readonly string[]): readonly string[] => {
    const [accessor, plainWord, plain, vheWord, vhe] = row.map((cell, n) => cell.padEnd(widths[n]));
    const [left, right] = [`  ${accessor} ${plainWord} ${plain}`, `${vheWord} ${vhe}`.trimEnd()];
    if (left.trimEnd().length + 1 + right.length <= to.width && plain.length <= widths[2]) return [`${left} ${right}`];
    return [left.trimEnd(), right.padStart(Math.max(right.length, Math.min(to.width, left.length + 1 + right.length)))];
  };
  let steps = '';
  let reason = '';
  const lines = [...wrap(ABOUT, to.width), '', styled(to, 'strong', line(head)[0])];
  for (const [n, row] of rows.entries()) {
    const here = row.steps.join(', ');
    if (here !== steps) lines.push('', styled(to, 'strong', `in ${here}`));
    if (why && (here !== steps || row.because !== reason)) lines.push(...wrap(row.because, to.width - 4).map((text) => styled(to, 'faint', `    ${text}`)));
    lines.push(...line(cells[n]));
    steps = here;
    reason = row.because;
  }
  const alone = rows.filter(({ nvhe, vhe }) => nvhe.text === 'nop' || vhe.text === 'nop').length;
  return [...lines, '', `${rows.length} places, ${alone} of them with nothing in one of the modes.`];
}

const word = (value: number): string => hex(value, 8).slice(2);
