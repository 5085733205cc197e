/**
 * Where the assembly of revision `vhe` has one instruction without VHE and another with it: patched in place when the host boots. The steps
 * get the same by accessor families and by their modes; here each place is a row, with both words.
 */
import { ACCESSOR_ALTERNATIVES, REGISTERS } from '@worldswitch/arm64-sysreg';
import type { AccessorFamily, RegisterName } from '@worldswitch/arm64-sysreg';
import { FRAME_EL1, FRAME_RETURN, SYSREGS_ALTERNATIVES } from './steps/registers.ts';
import type { Moved } from './steps/registers.ts';

export interface AlternativeInstruction {
  /** As an assembler takes it; the label of a branch is the branch itself. */
  readonly text: string;
  /** The instruction word. That of a branch has an offset of 0. */
  readonly word: number;
}

export interface Alternative {
  readonly nvhe: AlternativeInstruction;
  readonly vhe: AlternativeInstruction;
  /** Steps of revision `vhe` that have it. */
  readonly steps: readonly string[];
  readonly because: string;
}

const NOP: AlternativeInstruction = { text: 'nop', word: 0xd503_201f };
const B: AlternativeInstruction = { text: 'b .', word: 0x1400_0000 };
const BL: AlternativeInstruction = { text: 'bl .', word: 0x9400_0000 };
const XZR = 31;

const instruction = (text: string, word: number): AlternativeInstruction => ({ text, word: word >>> 0 });
/** MRS and MSR (register): op0 to op2 from bit 5 (DDI 0487 C6.2). */
const mrs = (rt: number, name: RegisterName): AlternativeInstruction => instruction(`mrs x${rt}, ${name.toLowerCase()}`, 0xd520_0000 | (REGISTERS[name].packed << 5) | rt);
const msr = (name: RegisterName, rt: number): AlternativeInstruction =>
  instruction(`msr ${name.toLowerCase()}, ${rt === XZR ? 'xzr' : `x${rt}`}`, 0xd500_0000 | (REGISTERS[name].packed << 5) | rt);

/** The two names of a register in a family. */
function names(family: AccessorFamily, register: string): { readonly nvhe: RegisterName; readonly vhe: RegisterName } {
  const row = ACCESSOR_ALTERNATIVES.find((one) => one.family === family && one.register === register);
  if (!row) throw new RangeError(`${register}: family ${family} does not have it; see ACCESSOR_ALTERNATIVES`);
  return row;
}

const BECAUSE: Readonly<Record<AccessorFamily, string>> = {
  el1: 'the guest\'s register: at EL2 with E2H the plain name means EL2\'s own',
  hyp: 'this level\'s register: with E2H by its EL1 name, as a kernel at EL2 has it throughout',
  el0: 'the guest\'s timer: at EL2 with E2H the plain name means EL2\'s own',
};

function read(family: AccessorFamily, register: string, rt: number, ...steps: readonly string[]): Alternative {
  const { nvhe, vhe } = names(family, register);
  return { nvhe: mrs(rt, nvhe), vhe: mrs(rt, vhe), steps, because: BECAUSE[family] };
}
function write(family: AccessorFamily, register: string, rt: number, ...steps: readonly string[]): Alternative {
  const { nvhe, vhe } = names(family, register);
  return { nvhe: msr(nvhe, rt), vhe: msr(vhe, rt), steps, because: BECAUSE[family] };
}

/** Registers of a list that have two names, each with the general register it goes through: the list's, from `first` up. */
function twoNamed(list: readonly Moved[], first: number): readonly { readonly family: 'el1' | 'hyp'; readonly register: string; readonly rt: number }[] {
  return list.flatMap((moved, n) => (moved.family === 'same' ? [] : [{ family: moved.family, register: moved.register, rt: first + n }]));
}

const FRAME: readonly Moved[] = [...FRAME_RETURN, ...FRAME_EL1];
const FRAME_FIRST = 20;
const ARRAY_FIRST = 4;

const context: readonly Alternative[] = [
  ...twoNamed(FRAME, FRAME_FIRST).map(({ family, register, rt }) => read(family, register, rt, 'host-el1-save', 'guest-el1-save')),
  ...twoNamed(FRAME, FRAME_FIRST).map(({ family, register, rt }) => write(family, register, rt, 'guest-el1-restore', 'host-el1-restore')),
  ...twoNamed(SYSREGS_ALTERNATIVES, ARRAY_FIRST).map(({ family, register, rt }) => read(family, register, rt, 'host-all-save', 'guest-all-save')),
  ...twoNamed(SYSREGS_ALTERNATIVES, ARRAY_FIRST).map(({ family, register, rt }) => write(family, register, rt, 'guest-all-restore', 'host-all-restore')),
];

/** What is left out, or done, in one of the modes only. */
const branches: readonly Alternative[] = [
  { nvhe: NOP, vhe: B, steps: ['host-el1-save'], because: 'a host at EL2 has called a function: nothing of EL1 is its own' },
  { nvhe: NOP, vhe: B, steps: ['host-el1-restore'], because: 'the same on the way back' },
  { nvhe: BL, vhe: NOP, steps: ['host-all-save'], because: 'a host at EL1 has everything in the registers that the guest gets' },
  { nvhe: B, vhe: NOP, steps: ['host-shared-save'], because: 'a host at EL2 only what E2H does not redirect' },
  { nvhe: BL, vhe: NOP, steps: ['host-all-restore'], because: 'as it was saved' },
  { nvhe: B, vhe: NOP, steps: ['host-shared-restore'], because: 'as it was saved' },
  { nvhe: NOP, vhe: B, steps: ['panic-return'], because: 'the kernel\'s panic is at this level, so a branch goes there' },
];

const CPACR_TTA = instruction('orr x2, x2, #0x10000000', 0xb264_0042);
const AND = instruction('and x2, x2, x3', 0x8a03_0042);

const traps: readonly Alternative[] = [
  { nvhe: NOP, vhe: msr('VBAR_EL1', 3), steps: ['traps-by-mode'], because: 'the vectors are the hypervisor\'s for the run; without VHE they always are' },
  { nvhe: NOP, vhe: mrs(2, 'CPACR_EL1'), steps: ['traps-by-mode'], because: 'the control holds the host\'s own fields too: they are kept' },
  { nvhe: instruction('mov x2, #0x100000', 0xd2a0_0202), vhe: CPACR_TTA, steps: ['traps-by-mode'], because: 'TTA is bit 20 in the format of CPTR_EL2, bit 28 in that of CPACR_EL1' },
  { nvhe: msr('CPTR_EL2', 2), vhe: msr('CPACR_EL1', 2), steps: ['traps-by-mode'], because: 'the same register, by the name that fits its format' },
  {
    nvhe: instruction('mov x2, #0x80000000', 0xd2b0_0002), vhe: instruction('mov x2, #0x88000000', 0xd2b1_0002), steps: ['traps-off-by-mode'],
    because: 'RW, and TGE: at EL2 the host takes what its own user programs raise',
  },
  { nvhe: NOP, vhe: instruction('orr x2, x2, #0x400000000', 0xb25e_0042), steps: ['traps-off-by-mode'], because: 'E2H never changes, so a value of HCR_EL2 has it' },
  { nvhe: NOP, vhe: mrs(2, 'CPACR_EL1'), steps: ['traps-off-by-mode'], because: 'without the trap, the rest as it is' },
  { nvhe: NOP, vhe: instruction('mov x3, #-0x10000001', 0x92a2_0003), steps: ['traps-off-by-mode'], because: 'everything but TTA' },
  { nvhe: NOP, vhe: AND, steps: ['traps-off-by-mode'], because: 'takes TTA out' },
  { nvhe: msr('CPTR_EL2', XZR), vhe: msr('CPACR_EL1', 2), steps: ['traps-off-by-mode'], because: 'nothing traps; in the format of the mode' },
  { nvhe: NOP, vhe: msr('VBAR_EL1', 2), steps: ['traps-off-by-mode'], because: 'the kernel\'s vectors again' },
];

const timers: readonly Alternative[] = [
  write('el0', 'CNTV_CVAL', 2, 'timer-restore'), write('el0', 'CNTV_CTL', 2, 'timer-restore'),
  read('el0', 'CNTV_CTL', 3, 'timer-save'), write('el0', 'CNTV_CTL', 3, 'timer-save'), read('el0', 'CNTV_CVAL', 3, 'timer-save'),
  { nvhe: msr('CNTVOFF_EL2', XZR), vhe: NOP, steps: ['timer-save'], because: 'a host at EL2 counts without the offset (CNTVCT_EL0 with E2H set)' },
];

/** In the order of the code: contexts, what is left out, traps, timers, the trap path. */
export const ALTERNATIVES: readonly Alternative[] = [
  ...context, ...branches, ...traps, ...timers, read('hyp', 'FAR', 2, 'trap-fault-info'),
];
