// Access rules, system instructions, redirection and later registers as source text. Used by generate.mjs.
import { EXTRA_RULES, FAMILY_LIMITS, ICC_AT_EL2, ICH_AT_EL2 } from './corrections.mjs';
import { source, wrap } from './layouts.mjs';

const LEVELS = ['EL0', 'EL1', 'EL2'];
const encodingOf = (text) => /^S(\d)_(\d)_C(\d+)_C(\d+)_(\d)$/.exec(text).slice(1).map(Number);

/** `{ if, then }` of the facts → 'condition -> EL2 0x18'. */
function check({ if: condition, then }) {
  const outcome = then.startsWith('virtual') ? 'virtual' : then.replace(/^trap (EL\d) EC (0x[0-9A-Fa-f]{2})$/, '$1 $2');
  return `${condition.replace(' or ', ' | ')} -> ${outcome}`;
}
function checksOf(node) {
  return Array.isArray(node) ? node.filter((c) => typeof c === 'object').map(check) : [];
}
function sides(entry) {
  const perLevel = (node) => Object.fromEntries(LEVELS.map((el) => [el, checksOf(node?.[el])]).filter(([, list]) => list.length));
  const read = perLevel(entry.read ?? entry.access);
  const write = perLevel(entry.write ?? entry.access);
  if (!entry.write && !entry.access) return read;
  if (!entry.read && !entry.access) return write;
  return JSON.stringify(read) === JSON.stringify(write) ? read : { read, write };
}

export function accessRules(rows, traps) {
  const rules = new Map();
  const family = (name) => name.replace(/(DBG[BW][CV]R|PMEVCNTR|PMEVTYPER)\d+(_EL\d)/, '$1<n>$2');
  for (const [name, entry] of Object.entries(traps.registers)) rules.set(family(name), sides(entry));
  for (const entry of traps.gic) {
    if (/^ICH_|ICC_SRE_EL2/.test(entry.register)) continue;
    rules.set(entry.register, sides({ access: entry }));
    if (entry.register !== 'ICC_SRE_EL1') rules.get(entry.register).EL2 = ICC_AT_EL2;
  }
  for (const row of rows) {
    if (/^ICH_/.test(row.name)) rules.set(row.name, { EL2: ICH_AT_EL2 });
    if (row.aliasOf) rules.set(row.name, { EL2: ['HCR_EL2.E2H=0 -> UNDEFINED'] });
  }
  for (const [name, extra] of Object.entries(EXTRA_RULES)) rules.set(name, extra);
  for (const [pattern, text, levels] of FAMILY_LIMITS) {
    const limit = (side) => Object.fromEntries(LEVELS.map((el) => [el, [...(levels.includes(el) ? [text] : []), ...(side[el] ?? [])]]).filter(([, l]) => l.length));
    for (const [name, rule] of rules) {
      if (pattern.test(name)) rules.set(name, rule.read ? { read: limit(rule.read), write: limit(rule.write) } : limit(rule));
    }
  }
  const lines = [...rules].filter(([, r]) => Object.keys(r).length)
    .map(([name, r]) => wrap(`  ${/^\w+$/.test(name) ? name : `'${name}'`}: ${source(r)},`, '    '));
  return `import type { AccessRules } from '../row.ts';\n\n`
    + '/** The checks of each register in the order to test them; the first that holds decides. A level without checks follows the `access` column. */\n'
    + `export const ACCESS_RULES: AccessRules = {\n${lines.join('\n')}\n};\n`;
}

export function systemInstructions(traps) {
  const noOperand = /^(TLBI (ALLE|VMALL|PAALL)|IC IALLU)/;
  const lines = Object.entries(traps.system_instructions).map(([name, e]) => {
    const access = LEVELS.map((el) => (typeof e.access[el] === 'string' && e.access[el].startsWith('UNDEFINED') ? '-' : 'W'));
    // The facts evaluate what needs an absent feature as UNDEFINED; op1 tells the lowest level that may execute it (DDI 0487 C5.1.2).
    if (e.feature && access.every((a) => a === '-')) access.splice(0, 3, ...({ 0: '-WW', 3: 'WWW', 4: '--W' }[encodingOf(e.encoding)[1]] ?? '---'));
    const rules = Object.fromEntries(LEVELS.map((el) => [el, checksOf(e.access[el])]).filter(([, list]) => list.length));
    const row = {
      encoding: encodingOf(e.encoding), access: access.join(' '), operand: !noOperand.test(name), feature: e.feature?.replaceAll('+', '&'),
      source: `DDI 0487 ${name}`, rules: Object.keys(rules).length ? rules : undefined,
    };
    return wrap(`  '${name}': ${source(row)},`, '    ');
  });
  return `import type { SystemInstructionRows } from '../row.ts';\n\n/** SYS encodings by their assembler spelling. \`W\` means the level may execute it. */\n`
    + `export const SYSTEM_INSTRUCTIONS = {\n${lines.join('\n')}\n} as const satisfies SystemInstructionRows;\n`;
}

export function aliasFacts(rows, vhe) {
  const redirected = vhe.redirected.filter((r) => r.alias)
    .map((r) => `  ${r.register}: { e2h1: '${r.fromEL2_E2H1}', alias: '${r.alias}' },`);
  const timers = vhe.el0_timers.filter((t) => /^CNT\w+$/.test(t.fromEL0_E2H_TGE_11)).map((t) => `  ${t.register}: '${t.fromEL0_E2H_TGE_11}',`);
  const offsets = vhe.aliases.flatMap((a) => {
    const slot = /VNCR\+(0x[0-9a-f]+)/i.exec(JSON.stringify(a.behaviour));
    return slot ? [`  ${a.name}: ${slot[1]},`] : [];
  });
  const el1 = vhe.redirected.filter((r) => r.alias && r.register.endsWith('_EL1'));
  const el0 = vhe.redirected.filter((r) => r.alias && r.register.endsWith('_EL0'));
  const accessor = (family, register, nvhe, vheName, reached) => `  { family: '${family}', register: '${register}', nvhe: '${nvhe}', vhe: '${vheName}', reached: ${source(reached)} },`;
  const accessors = [
    ...el1.map((r) => accessor('el1', r.register.slice(0, -4), r.register, r.alias, r.register)),
    ...el0.map((r) => accessor('el0', r.register.slice(0, -4), r.register, r.alias, r.register)),
    ...[...el1, ...el0].map((r) => accessor('hyp', r.fromEL2_E2H1.slice(0, -4), r.fromEL2_E2H1, r.register, r.fromEL2_E2H1)),
  ];
  return `/** DDI 0487 D8.1 (Virtualization Host Extensions): with HCR_EL2.E2H=1 an EL1 or EL0 name used at EL2 reaches \`e2h1\`; \`alias\` reaches the register itself. */\n`
    + `export const E2H_REDIRECTION = {\n${redirected.join('\n')}\n} as const;\n\n`
    + `/** EL0 accesses with HCR_EL2.{E2H,TGE} = {1,1} (a host's user space) reach the EL2 timers. */\nexport const HOST_EL0_TIMERS = {\n${timers.join('\n')}\n} as const;\n\n`
    + `/** EL1 reads of the identification registers a hypervisor can substitute (DDI 0487 VPIDR_EL2, VMPIDR_EL2). */\n`
    + `export const EL1_SUBSTITUTES = { MIDR_EL1: 'VPIDR_EL2', MPIDR_EL1: 'VMPIDR_EL2' } as const;\n\n`
    + `/** Names that E2H does not redirect; the families are in NOT_REDIRECTED_FAMILIES. */\nexport const NOT_REDIRECTED: readonly string[] = ${wrap(source(vhe.not_redirected), '  ')};\n\n`
    + `export const NOT_REDIRECTED_FAMILIES: readonly string[] = ${wrap(source(vhe.not_redirected_families), '  ')};\n\n`
    + `/** FEAT_NV2: byte offset of each alias's slot at VNCR_EL2. Nested virtualisation itself is not modelled. */\nexport const VNCR_OFFSETS: Readonly<Record<string, number>> = {\n${offsets.join('\n')}\n};\n\n`
    + `/** Accessor alternatives: how code of a hypervisor at EL2 spells each register in the two modes, and what it reaches (the same in both). */\n`
    + `export const ACCESSOR_ROWS = [\n${accessors.join('\n')}\n] as const;\n`;
}

export function laterRegisters(later) {
  const lines = Object.entries(later.registers).map(([name, e]) => `  ${name}: [${encodingOf(e.enc).join(', ')}, ${source(e.feature ?? null)}],`);
  return `/** Registers of later or optional extensions this package does not describe: [op0, op1, CRn, CRm, op2, feature]. They are UNDEFINED. Banked ones share an encoding. */\n`
    + `export const LATER_REGISTERS: Readonly<Record<string, readonly [number, number, number, number, number, string | null]>> = {\n${lines.join('\n')}\n};\n`;
}
