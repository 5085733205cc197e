// Exception classes, ISS layouts and fault status codes as source text. Used by generate.mjs.
import { source, wrap } from './layouts.mjs';

export function syndromeFacts(esr) {
  const classes = esr.classes.map((c) => wrap(`  ${c.name}: ${source({
    ec: c.ec, iss: c.iss, takenTo: c.takenTo.split(' ').map((el) => Number(el[2])), elr: c.elr, farValid: c.farValid, feature: c.feature, note: c.note,
    source: 'DDI 0487 ESR_ELx.EC',
  })},`, '    '));
  const iss = Object.entries(esr.iss).map(([name, list]) => {
    const fields = Object.fromEntries(list.filter((f) => f.name !== 'RES0').map((f) => [f.name, f.hi === f.lo ? f.hi : [f.hi, f.lo]]));
    const res0 = list.filter((f) => f.name === 'RES0').map((f) => [f.hi, f.lo]);
    return wrap(`  ${name}: ${source({ fields, res0: res0.length ? res0 : undefined })},`, '    ');
  });
  const meanings = Object.entries(esr.iss).flatMap(([name, list]) => {
    const told = Object.fromEntries(list.filter((f) => f.meaning).map((f) => [f.name, f.meaning]));
    return Object.keys(told).length ? [wrap(`  ${name}: ${source(told)},`, '    ')] : [];
  });
  const status = esr.faultStatus.map((f) => wrap(`  ${f.code}: ${source({ name: f.name, used: f.used.split(' '), note: f.note })},`, '    '));
  const vectors = Object.entries(esr.vectors.offsets).map(([from, o]) => {
    const key = { 'current level with SP_EL0': 'currentSp0', 'current level with SP_ELx': 'currentSpx', 'lower level, AArch64': 'lower64', 'lower level, AArch32': 'lower32' }[from];
    return `  ${key}: { sync: 0x${o.sync.toString(16)}, irq: 0x${o.IRQ.toString(16)}, fiq: 0x${o.FIQ.toString(16)}, serror: 0x${o.SError.toString(16)} },`;
  });
  const priority = esr.syncPriority.map(([n, text]) => `  [${n}, ${source(text)}],`);
  return `/** Exception classes by name. \`elr\` says what the preferred return address is. */\nexport const EXCEPTION_CLASSES = {\n${classes.join('\n')}\n} as const;\n\n`
    + `/** Layouts of ESR_ELx.ISS by name (DDI 0487 ESR_ELx, one part per exception class). */\nexport const ISS_LAYOUTS = {\n${iss.join('\n')}\n} as const;\n\n`
    + `/** What ISS fields mean, where a few words tell it. */\nexport const ISS_MEANINGS: Readonly<Record<string, Readonly<Record<string, string>>>> = {\n${meanings.join('\n')}\n};\n\n`
    + `/** Fault status codes (DFSC, IFSC). \`used\`: I instruction abort, D data abort, S SError or step, B breakpoint, W watchpoint. */\n`
    + `export const FAULT_STATUS: Readonly<Record<number, { readonly name: string; readonly used: readonly string[]; readonly note?: string }>> = {\n${status.join('\n')}\n};\n\n`
    + `/** Offsets from VBAR_ELx (DDI 0487 D1.3.1). \`lower\`: by the width of the level directly below the target. */\nexport const VECTOR_OFFSETS = {\n${vectors.join('\n')}\n} as const;\n\n`
    + `/** Priority of synchronous exceptions, lowest number first (DDI 0487 D1.3.5). */\nexport const SYNCHRONOUS_PRIORITY: readonly (readonly [number, string])[] = [\n${priority.join('\n')}\n];\n`;
}
