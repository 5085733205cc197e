import { describe, expect, it } from 'vitest';
import { BANKED, BANKS, bankOf, viewOf } from './aarch32.ts';

/** DDI 0487 D1, "Mapping of the general-purpose registers between the Execution states": each X register and the AArch32 register that it holds. */
const ARCHITECTURE = `
  X0 R0, X1 R1, X2 R2, X3 R3, X4 R4, X5 R5, X6 R6, X7 R7, X8 R8_usr, X9 R9_usr, X10 R10_usr, X11 R11_usr, X12 R12_usr, X13 SP_usr, X14 LR_usr, X15 SP_hyp,
  X16 LR_irq, X17 SP_irq, X18 LR_svc, X19 SP_svc, X20 LR_abt, X21 SP_abt, X22 LR_und, X23 SP_und, X24 R8_fiq, X25 R9_fiq, X26 R10_fiq, X27 R11_fiq, X28 R12_fiq,
  X29 SP_fiq, X30 LR_fiq`;
const HELD = new Map(ARCHITECTURE.trim().split(/,\s+/).map((pair): [number, string] => [Number(/^X(\d+)/.exec(pair)![1]), pair.split(' ')[1]]));

/** DDI 0487 G1, "AArch32 PE modes": CPSR.M. */
const MODES = { usr: 0x10n, fiq: 0x11n, irq: 0x12n, svc: 0x13n, abt: 0x17n, hyp: 0x1an, und: 0x1bn, sys: 0x1fn } as const;

/** What a mode calls R8 to R14, in the table's names. */
function expected(mode: keyof typeof MODES, n: number): string {
  const bank = mode === 'sys' ? 'usr' : mode;
  if (n < 8) return `R${n}`;
  if (n < 13) return `R${n}_${bank === 'fiq' ? 'fiq' : 'usr'}`;
  // Hyp mode has its own SP, and User mode's LR (G1, "AArch32 general-purpose registers").
  return n === 13 ? `SP_${bank}` : `LR_${bank === 'hyp' ? 'usr' : bank}`;
}

describe.each(Object.entries(MODES))('mode %s', (mode, bits) => {
  it('sees the registers that the architecture maps there', () => {
    expect(viewOf(bits | 0x6000_01c0n).map((x) => HELD.get(x))).toEqual(Array.from({ length: 15 }, (_, n) => expected(mode as keyof typeof MODES, n)));
  });
});

it('every X register is seen from some mode, and X15 from Hyp mode alone', () => {
  expect(new Set(Object.values(MODES).flatMap((mode) => viewOf(mode)))).toEqual(new Set(HELD.keys()));
  expect(Object.entries(MODES).filter(([, mode]) => viewOf(mode).includes(15)).map(([mode]) => mode)).toEqual(['hyp']);
});

it('the banks\' SP and LR are the architecture\'s', () => {
  for (const bank of BANKS) {
    expect(HELD.get(BANKED[bank].sp)).toBe(`SP_${bank}`);
    expect(HELD.get(BANKED[bank].lr)).toBe(bank === 'hyp' ? 'LR_usr' : `LR_${bank}`);
  }
});

it('refuses modes that no guest can be in: Monitor, and what is no mode', () => {
  for (let mode = 0x10n; mode < 0x20n; mode++) {
    if ((Object.values(MODES) as bigint[]).includes(mode)) expect(bankOf(mode)).toBeDefined();
    else expect(() => bankOf(mode)).toThrow(`EINVAL: CPSR.M 0x${mode.toString(16)}`);
  }
});
