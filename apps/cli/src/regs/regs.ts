/** `worldswitch regs`: the register table, for people. */
import { hex } from '@worldswitch/bits';
import { REGISTER_LIST, type RegisterName } from '@worldswitch/arm64-sysreg';
import { docOf } from '@worldswitch/arm64-sysreg/docs';
import { EXIT } from '../exit.ts';
import { jsonLine } from '../json.ts';
import { findRegisters } from './find.ts';
import { notesOf, registerFacts, type LayoutFacts, type RegisterFacts } from './facts.ts';

/** Prints one register, those that a text finds, or all. Gives the exit status. @throws UsageError where nothing is found. */
export function regs(text: string | undefined, json: boolean): number {
  const write = (lines: readonly string[]): void => { process.stdout.write(`${lines.join('\n')}\n`); };
  const found = text === undefined ? { kind: 'list' as const, names: REGISTER_LIST.map(({ name }) => name) } : findRegisters(text);
  if (found.kind === 'list') {
    if (json) process.stdout.write(jsonLine(found.names));
    else write(listLines(found.names));
    return EXIT.ok;
  }
  const names = [found.name, ...(found.also === undefined ? [] : [found.also])];
  if (json) process.stdout.write(jsonLine(names.length === 1 ? registerFacts(found.name) : names.map(registerFacts)));
  else write(names.flatMap((name, n) => [...(n > 0 ? ['', 'When written, the same encoding is:', ''] : []), ...registerLines(name)]));
  return EXIT.ok;
}

function listLines(names: readonly RegisterName[]): readonly string[] {
  return names.map((name) => {
    const { encoding, access } = registerFacts(name);
    const levels = `${access.EL0} ${access.EL1} ${access.EL2}`;
    return `${name.padEnd(20)} ${encoding.generic.padEnd(16)} ${levels.padEnd(10)} ${docOf(name)?.brief ?? ''}`.trimEnd();
  });
}

function registerLines(name: RegisterName): readonly string[] {
  const facts = registerFacts(name);
  const { op0, op1, CRn, CRm, op2, generic } = facts.encoding;
  return [
    `${name}${facts.title === undefined ? '' : `, ${facts.title}`}`,
    ...(facts.about === undefined ? [] : [`  ${facts.about}`]),
    '',
    `  encoding  op0 ${op0}, op1 ${op1}, CRn ${CRn}, CRm ${CRm}, op2 ${op2}: ${generic}`,
    `  access    EL0 ${facts.access.EL0}, EL1 ${facts.access.EL1}, EL2 ${facts.access.EL2}, EL3 ${facts.access.EL3}, before any trap`,
    ...(facts.feature === undefined ? [] : [`  needs     ${facts.feature}`]),
    ...(facts.reset === undefined ? [] : [`  reset     ${hex(facts.reset.value)} in the bits ${hex(facts.reset.mask)}`]),
    `  source    ${facts.source}`,
    ...redirectionLines(facts),
    ...trapLines(facts),
    ...facts.layouts.flatMap(layoutLines),
  ];
}

function redirectionLines(facts: RegisterFacts): readonly string[] {
  const lines: string[] = [];
  if (facts.alias !== undefined) lines.push(`  With E2H set, this name reaches ${facts.alias} from EL2; otherwise it is UNDEFINED.`);
  if (facts.e2h !== undefined) lines.push(`  At EL2 with E2H set, this name reaches ${facts.e2h.reaches}; ${facts.e2h.itself} reaches the register itself.`);
  lines.push(...notesOf(facts.name).map((note) => `  ${note}`));
  const rows = facts.reached.filter(({ read, write }) => read !== 'UNDEFINED' || write !== 'UNDEFINED').map(({ el, e2h, tge, read, write }) => {
    const state = `EL${el}${el === 2 || e2h ? ` E2H ${e2h ? 1 : 0}` : ''}${tge ? ' TGE 1' : ''}`;
    const what = read === write ? `read, write ${read}` : [read !== 'UNDEFINED' && `read ${read}`, write !== 'UNDEFINED' && `write ${write}`].filter(Boolean).join('; ');
    return `    ${state.padEnd(16)} ${what}`;
  });
  return ['', ...(lines.length > 0 ? [...lines, ''] : []), '  reaches, with every control bit 0:', ...(rows.length > 0 ? rows : ['    UNDEFINED at EL0, EL1 and EL2'])];
}

function trapLines({ traps }: RegisterFacts): readonly string[] {
  if (traps.length === 0) return ['', '  traps     none'];
  return ['', '  traps, the first that holds decides:', ...traps.map(({ el, direction, condition, outcome }) =>
    `    ${el} ${(direction === 'both' ? '' : direction).padEnd(5)} ${condition}: ${outcome}`)];
}

function layoutLines({ tag, when, fields, res0, res1 }: LayoutFacts): readonly string[] {
  const title = when === undefined ? 'fields' : `fields when ${when}${tag === 'only' ? '' : ` (${tag})`}`;
  const width = Math.max(4, ...fields.map(({ name }) => name.length));
  return [
    '', `  ${title}:`,
    ...fields.map(({ name, bits, about, needs, values }) => {
      const named = values === undefined ? '' : ` (${Object.entries(values).map(([value, text]) => `${value} ${text}`).join(', ')})`;
      return `    ${bits.padStart(7)}  ${name.padEnd(width)}  ${about ?? ''}${named}${needs === undefined ? '' : ` [${needs}]`}`.trimEnd();
    }),
    ...(res0 === '' ? [] : [`    RES0: ${res0}`]), ...(res1 === '' ? [] : [`    RES1: ${res1}`]),
  ];
}
