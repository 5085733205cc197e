import { ACCESSOR_ALTERNATIVES, NOT_REDIRECTED, REGISTERS, REGISTER_LIST } from '@worldswitch/arm64-sysreg';
import type { RegisterName } from '@worldswitch/arm64-sysreg';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { classOf, constantsOf, harm, registerClasses, snapshot } from './classes.ts';
import { Host } from './host/host.ts';
import { FULL_CONTEXT, VHE_HOST_CONTEXT } from './switch/steps/registers.ts';
import { MODEL_LAYOUT, ModelProcessor, NO_INTERRUPTS } from './test/model-processor.ts';

const MODES = ['nvhe', 'vhe'] as const;
/** The eight registers that E2H does not redirect and a host uses at EL2 too, by the notes on the switch. */
const SHARED = ['ACTLR_EL1', 'TPIDR_EL0', 'TPIDRRO_EL0', 'TPIDR_EL1', 'MDSCR_EL1', 'SP_EL0'] as const satisfies readonly RegisterName[];
const DEBUG = Array.from({ length: 16 }, (_, n) => ['DBGBCR', 'DBGBVR', 'DBGWCR', 'DBGWVR'].map((stem) => `${stem}${n}_EL1` as RegisterName)).flat();

describe.each(MODES)('classes of registers, %s', (mode) => {
  it('there is one for each of 465, and the other name of a register has its', () => {
    const classes = registerClasses(mode);
    expect(classes.size).toBe(465);
    for (const { name, alias } of REGISTER_LIST) if (alias !== undefined) expect(classes.get(name), name).toBe(classes.get(alias as RegisterName));
  });
  it('what both worlds use in both modes is preserved', () => {
    for (const name of [...SHARED, ...DEBUG, 'MDCCINT_EL1'] as const) if (name in REGISTERS) expect(classOf(name, mode), name).toBe('preserved');
  });
  it('what an _EL12 name reaches is the host\'s at EL1, and nobody\'s with the host at EL2', () => {
    const moved = ACCESSOR_ALTERNATIVES.filter(({ family, vhe }) => family === 'el1' && vhe.endsWith('_EL12')).map(({ reached }) => reached)
      .filter((name) => FULL_CONTEXT.some(({ slot }) => slot === name));
    expect(moved.length).toBeGreaterThan(14);
    for (const name of moved) {
      const returnState = name === 'ELR_EL1' || name === 'SPSR_EL1';
      expect(classOf(name, mode), name).toBe(mode === 'vhe' ? 'scratch' : returnState ? 'status' : 'preserved');
    }
  });
  it('constants have their value, and no other register has one', () => {
    const { constants } = new Host(new ModelProcessor(), { mode, layout: MODEL_LAYOUT, interrupts: NO_INTERRUPTS });
    const constant = [...registerClasses(mode)].filter(([name, of]) => of === 'constant' && REGISTERS[name].alias === undefined).map(([name]) => name);
    expect(Object.keys(constantsOf(mode, constants)).sort()).toEqual(constant.sort());
  });
  it('what nobody can read cannot be harmed', () => {
    for (const { name, access } of REGISTER_LIST) if (!access.includes('R')) expect(classOf(name, mode), name).toBe('scratch');
  });
  it('harm is a preserved register that changed or a constant that is not, and nothing else', () => {
    const processor = new ModelProcessor();
    const { constants } = new Host(processor, { mode, layout: MODEL_LAYOUT, interrupts: NO_INTERRUPTS });
    const before = snapshot((name) => processor.get(name));
    fc.assert(fc.property(fc.constantFrom(...before.keys()), (name) => {
      const value = (before.get(name) ?? 0n) ^ 4n;
      const found = harm(mode, constants, before, new Map([...before, [name, value]]));
      const of = classOf(name, mode);
      expect(found).toEqual(of === 'preserved' || of === 'constant' ? [{ register: name, class: of, expected: before.get(name), found: value }] : []);
    }));
  });
});

describe('contexts', () => {
  // Counted from the original code by hand: the 28, and the eight of a host at EL2 in the tree of late 2017.
  it('are 28 registers, and 8 for a host at EL2', () => {
    expect([FULL_CONTEXT.length, VHE_HOST_CONTEXT.length]).toEqual([28, 8]);
    expect(new Set(FULL_CONTEXT.map(({ slot }) => slot)).size).toBe(28);
    expect(VHE_HOST_CONTEXT.map(({ slot }) => slot).sort()).toEqual([...SHARED, 'PC', 'PSTATE'].sort());
  });
  it('name what E2H does not redirect by the same name in both modes', () => {
    for (const naming of FULL_CONTEXT) {
      if (naming.family === 'same') expect((NOT_REDIRECTED).includes(naming.register) || /_EL[02]$/.test(naming.register), naming.register).toBe(true);
    }
  });
});
