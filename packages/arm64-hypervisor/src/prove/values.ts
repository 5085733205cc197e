/** Values for both worlds that a kernel could have there: random where a register keeps what it is given, within its rules where not. */
import type { AccessorMode, RegisterName } from '@worldswitch/arm64-sysreg';
import { GUEST } from './program.ts';
import type { Random } from './random.ts';

const U64 = (1n << 64n) - 1n;
/** Bits that a random value may have. Translation stays off, data little-endian, so that whoever runs can run. */
const FREE: Readonly<Record<string, bigint>> = {
  SCTLR_EL1: (1n << 14n) | (1n << 15n) | (1n << 16n) | (1n << 18n) | (1n << 26n), CPACR_EL1: 0x1000_0000n, CSSELR_EL1: 3n, CONTEXTIDR_EL1: 0xffff_ffffn,
  ESR_EL1: 0xffff_ffffn, TTBR0_EL1: 0xffff_ffff_fffen, TTBR1_EL1: 0xffff_ffff_fffen, TTBR1_EL2: 0xffff_ffff_fffen, CONTEXTIDR_EL2: 0xffff_ffffn,
  CNTKCTL_EL1: 0x3ffn, SPSR_EL1: 0xf000_0000n, FPCR: 0xc0_0000n, FPSR: 0xf800_009fn, VBAR_EL1: 0n, SP_EL1: ~0xfn & U64, MDCCINT_EL1: 0x6000_0000n, ACTLR_EL1: 0n,
  TCR_EL1: 0x7f_ffff_ffffn, NZCV: 0xf000_0000n, PMUSERENR_EL0: 0xfn,
};
const FIXED: Readonly<Record<string, bigint>> = { SCTLR_EL1: 0x30c5_0838n, CPACR_EL1: 0x30_0000n, SPSR_EL1: 5n };

/** A value for a register of either world. */
export function randomValue(name: string, random: Random): bigint {
  if (/^DBGB[CV]R|^DBGW[CV]R/.test(name)) return debugValue(name, random);
  return (random.next() & (FREE[name] ?? U64)) | (FIXED[name] ?? 0n);
}

/** A unit that is off: nobody is stopped by it. */
function debugValue(name: string, random: Random): bigint {
  if (name.startsWith('DBGBVR')) return random.next() & 0xffff_ffff_fffcn;
  if (name.startsWith('DBGWVR')) return random.next() & 0xffff_ffff_fff8n;
  if (name.startsWith('DBGBCR')) return (random.next() & 0xe006n) | 0x1e0n;
  return (random.next() & 0xfffen & ~0x18n) | 0x8n;
}

const COMMON: readonly RegisterName[] = ['TPIDR_EL0', 'TPIDRRO_EL0', 'TPIDR_EL1', 'SP_EL0', 'MDCCINT_EL1'];
const HOSTS: Readonly<Record<AccessorMode, readonly RegisterName[]>> = {
  nvhe: [
    'SCTLR_EL1', 'CPACR_EL1', 'TTBR0_EL1', 'TTBR1_EL1', 'TCR_EL1', 'ESR_EL1', 'AFSR0_EL1', 'AFSR1_EL1', 'FAR_EL1', 'MAIR_EL1', 'AMAIR_EL1', 'CONTEXTIDR_EL1', 'CNTKCTL_EL1',
    'PAR_EL1', 'CSSELR_EL1', 'SP_EL1', 'NZCV',
  ],
  vhe: ['TTBR1_EL2', 'MAIR_EL2', 'CONTEXTIDR_EL2'],
};

/** Registers of the host's kernel that may hold anything while hosted code runs in its name. */
export function hostRegisters(mode: AccessorMode, breakpoints: number, watchpoints: number): readonly RegisterName[] {
  const units = (bank: string, count: number): RegisterName[] => Array.from({ length: count }, (_, n) => `DBG${bank}${n}_EL1` as RegisterName);
  // SP_EL1 is the stack in use at EL1, which only a level above may write; the frame of a call is not modelled.
  const own = HOSTS[mode].filter((name) => name !== 'SP_EL1');
  return [...COMMON, ...own, ...units('BVR', breakpoints), ...units('BCR', breakpoints), ...units('WVR', watchpoints), ...units('WCR', watchpoints)];
}

/** Registers of a guest that are set from outside before it starts. */
export const GUEST_START: readonly string[] = [
  'CSSELR_EL1', 'SCTLR_EL1', 'CPACR_EL1', 'TTBR0_EL1', 'TTBR1_EL1', 'TCR_EL1', 'ESR_EL1', 'AFSR0_EL1', 'AFSR1_EL1', 'FAR_EL1', 'MAIR_EL1', 'CONTEXTIDR_EL1', 'AMAIR_EL1',
  'CNTKCTL_EL1', 'PAR_EL1', 'TPIDR_EL0', 'TPIDRRO_EL0', 'TPIDR_EL1', 'SP_EL0', 'SP_EL1', 'ELR_EL1', 'SPSR_EL1', 'MDCCINT_EL1', 'FPSR', 'FPCR',
];

/** General registers the program gives a meaning. */
export const POINTERS: Readonly<Record<string, bigint>> = {
  x20: GUEST.data, x21: 0x0900_0000n, x22: 0x5000_0000n, x25: GUEST.data + 0x40n, x26: GUEST.values, x27: GUEST.counters, x28: GUEST.dump,
};
