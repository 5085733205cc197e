/**
 * What has no vectors, and why: encodings whose result the architecture leaves open, and the few places where the recorded QEMU
 * (7.2) does less than the architecture asks. Each row says which words or states it keeps out.
 */
import type { Form } from './forms.ts';

/** One reason. */
export interface Exclusion {
  readonly id: string;
  /** What is kept out and the rule. Arm ARM = DDI 0487. */
  readonly reason: string;
  /** True if the word is kept out. Rows without it concern states or operands: the generator does not make them. */
  readonly word?: (form: Form, fields: Readonly<Record<string, number>>, word: number) => boolean;
}

const isPair = (form: Form): boolean => form.id >= 110 && form.id <= 152;
const isSimd = (form: Form): boolean => form.feature === 'FEAT_FP/AdvSIMD';
const isLoad = (form: Form): boolean => form.names[0].startsWith('ld');
const exclusive = { store: 95, load: 96, storePair: 99, loadPair: 100 } as const;

export const exclusions: readonly Exclusion[] = [
  {
    id: 'load pair to one register',
    reason: 'LDP, LDNP, LDPSW with Rt = Rt2 (also of SIMD registers): CONSTRAINED UNPREDICTABLE, Arm ARM K1.2 and the instruction pages',
    word: (form, f) => isPair(form) && isLoad(form) && f['rt'] === f['rt2'],
  },
  {
    id: 'write-back to a transferred register',
    reason: 'integer loads and stores with write-back and Rn equal to Rt or Rt2, unless 31: CONSTRAINED UNPREDICTABLE',
    word: (form, f) =>
      form.class === 'load-store' && !isSimd(form) && f['w'] === 1 && f['rn'] !== 31 && (f['rn'] === f['rt'] || f['rn'] === f['rt2']),
  },
  {
    id: 'exclusive pair load to one register',
    reason: 'LDXP, LDAXP with Rt = Rt2: CONSTRAINED UNPREDICTABLE',
    word: (form, f) => form.id === exclusive.loadPair && f['rt'] === f['rt2'],
  },
  {
    id: 'exclusive store status register',
    reason: 'STXR, STXP and their release forms with Rs = Rt, Rs = Rt2, or Rs = Rn unless 31: CONSTRAINED UNPREDICTABLE',
    word: (form, f) =>
      (form.id === exclusive.store || form.id === exclusive.storePair) &&
      (f['rs'] === f['rt'] || (form.id === exclusive.storePair && f['rs'] === f['rt2']) || (f['rs'] === f['rn'] && f['rn'] !== 31)),
  },
  {
    id: 'should-be-one fields',
    reason: 'Rs and Rt2 of exclusives that do not use them hold (1): other values are CONSTRAINED UNPREDICTABLE, Arm ARM C4.1',
    word: (form, f) =>
      ((form.id === exclusive.store || form.id === exclusive.load) && f['rt2'] !== 31) ||
      ((form.id === exclusive.load || form.id === exclusive.loadPair) && f['rs'] !== 31),
  },
  {
    id: 'half precision moves',
    reason: 'FMOV between H registers and of an H immediate: part of FEAT_FP16, an optional feature; type 3 is UNDEFINED without it',
    word: (form, f) => (form.id === 774 || form.id === 796) && f['esz'] === 3,
  },
  {
    id: 'words the recorder keeps for itself',
    reason: 'HVC #0xffff and BRK #0xffff end a case, HVC #0xfe00 to #0xfeff come from the vectors of EL1, HLT #0xf000 is semihosting',
    word: (form, f) =>
      (form.id === 91 && f['imm'] >= 0xfe00) || (form.id === 93 && f['imm'] === 0xffff) || (form.id === 94 && f['imm'] === 0xf000),
  },
  {
    id: 'branch to itself',
    reason: 'a branch to its own address or to the word before it would never end; the offset 0 needs a processor that stops by budget',
    word: (form, f) => [34, 35, 36, 37, 38].includes(form.id) && (f['imm'] === 0 || isMinusOne(form, f['imm'])),
  },
  {
    id: 'unaligned LDAPR',
    reason: 'LDAPR at an unaligned address: alignment fault before FEAT_LSE2; QEMU 7.2 does not check, so only aligned ones are recorded',
  },
  {
    id: 'SP alignment',
    reason: 'SCTLR_ELx.SA and SA0 are 0: QEMU 7.2 does not raise the SP alignment fault (EC 0x26)',
  },
  {
    id: 'access over the end of a mapping',
    reason: 'a transfer whose first bytes are mapped and whose last are not: which part has happened is left open (Arm ARM B2.2)',
  },
  {
    id: 'failing store-exclusive that would fault',
    reason: 'whether a store-exclusive without reservation checks alignment and permissions is IMPLEMENTATION DEFINED (Arm ARM B2.9.5)',
  },
  {
    id: 'cache maintenance of unmapped addresses',
    reason:
      'DC CVAC, CVAU, CIVAC, CVAP, IVAC and IC IVAU fault on addresses without translation; QEMU 7.2 does nothing: ' +
      'only mapped, writable addresses are used',
  },
  {
    id: 'WFI and WFE',
    reason:
      'WFI only where HCR_EL2.TWI traps it (EL1, EL0): asleep, nothing would wake the recorder. ' +
      'WFE only at EL2: QEMU 7.2 does not trap it and never waits',
  },
  {
    id: 'SMC at EL2',
    reason:
      'without EL3 it is UNDEFINED or the machine answers as firmware; ' +
      'recorded is SMC at EL0 (UNDEFINED) and at EL1 with HCR_EL2.TSC (trapped)',
  },
  {
    id: 'ISV and its fields in stage 1 aborts',
    reason: 'bits 24:14 of the ISS of a data abort are valid only at stage 2; QEMU 7.2 sets them at stage 1, too. The recorder clears them',
  },
  {
    id: 'PAR_EL1.NS and bit 10',
    reason: 'UNKNOWN in Non-secure state and IMPLEMENTATION DEFINED; the recorder clears them',
  },
  {
    id: 'identification and other registers that belong to a model',
    reason: 'MRS and MSR are recorded for the registers a state holds and for unallocated encodings; the walk of all registers is another test',
  },
];

function isMinusOne(form: Form, imm: number): boolean {
  const width = form.pattern.split('').filter((letter) => letter === 'i').length;
  return imm === 2 ** width - 1;
}

/** The id of the exclusion that keeps a word out, if one does. */
export function excludedBy(form: Form, fields: Readonly<Record<string, number>>, word: number): string | undefined {
  return exclusions.find((exclusion) => exclusion.word?.(form, fields, word) === true)?.id;
}
