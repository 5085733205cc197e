/**
 * An AArch32 guest's debug registers: coprocessor 14. They are views of the AArch64 registers, 32 bits each: DBGBVR, DBGBCR, DBGWVR and
 * DBGWCR of the low word, DBGBXVR of the high word of a DBGBVR. What only an external debugger uses reads as zero and takes nothing.
 */
import { ID_AA64DFR0_EL1, ID_AA64PFR0_EL1, ISS } from '@worldswitch/arm64-sysreg';
import type { Guest } from '../guest/guest.ts';
import type { DebugBank } from '../guest/vcpu-memory.ts';
import type { FaultName } from '../switch/faults.ts';
import { RESUME } from './context.ts';
import type { ExitContext, Outcome } from './context.ts';

/** Op1, CRn, CRm, Op2 of an MCR or MRC to coprocessor 14. */
export type Cp14Encoding = readonly [op1: number, crn: number, crm: number, op2: number];

export interface Cp14Row {
  readonly name: string;
  readonly encoding: Cp14Encoding;
  readonly read: (context: ExitContext) => bigint;
  readonly write: (context: ExitContext, value: bigint) => void;
}

type Half = 'low' | 'high';
const WORD = 32n;
const U32 = 0xffff_ffffn;

const half = (value: bigint, which: Half): bigint => (which === 'low' ? value & U32 : value >> WORD);
const withHalf = (value: bigint, which: Half, word: bigint): bigint => (which === 'low' ? (value & ~U32) | word : (value & U32) | (word << WORD));

/**
 * The half of its slot where a register's word is looked for. The original takes the address of the slot, and adds the size of a word for
 * the low one if the host is big-endian; but not for the control registers, which were single words before.
 */
function controlHalf(guest: Guest, faithful: ReadonlySet<FaultName>): Half {
  return guest.memory.byteOrder === 'big' && faithful.has('aarch32-halves') ? 'high' : 'low';
}

function debugRow(name: string, encoding: Cp14Encoding, bank: DebugBank, n: number, which: Half): Cp14Row {
  const place = ({ guest, faithful }: ExitContext): Half => (bank === 'bcr' || bank === 'wcr' ? controlHalf(guest, faithful) : which);
  return {
    name, encoding,
    read: (context) => half(context.guest.memory.debugRegister(bank, n), place(context)),
    write: (context, word) => {
      const { memory } = context.guest;
      memory.setDebugRegister(bank, n, withHalf(memory.debugRegister(bank, n), place(context), word));
      memory.markDirty();
    },
  };
}

function contextRow(name: string, encoding: Cp14Encoding, slot: 'MDSCR_EL1' | 'MDCCINT_EL1' | 'DBGVCR32_EL2'): Cp14Row {
  return {
    name, encoding,
    read: ({ guest }) => guest.memory.context.get(slot) & U32,
    write: ({ guest }, word) => {
      guest.memory.context.set(slot, word);
      guest.memory.markDirty();
    },
  };
}

const ignored = (name: string, encoding: Cp14Encoding): Cp14Row => ({ name, encoding, read: () => 0n, write: () => undefined });

/** Version of the debug architecture: Armv8 (DDI 0487 DBGDIDR). */
const ARMV8_DEBUG = 6;

const dbgdidr: Cp14Row = {
  name: 'DBGDIDR', encoding: [0, 0, 0, 0],
  read: ({ hostRegister }) => {
    const { BRPs, WRPs, CTX_CMPs } = ID_AA64DFR0_EL1.decode(hostRegister('ID_AA64DFR0_EL1'));
    const el3 = ID_AA64PFR0_EL1.decode(hostRegister('ID_AA64PFR0_EL1')).EL3 === 0 ? 0 : 1;
    return BigInt.asUintN(32, BigInt((WRPs << 28) | (BRPs << 24) | (CTX_CMPs << 20) | (ARMV8_DEBUG << 16) | (el3 << 14) | (el3 << 12)));
  },
  write: () => undefined,
};

/** OSLM = 0b10: there is a lock, and it is open. */
const oslsr: Cp14Row = { name: 'DBGOSLSR', encoding: [0, 1, 1, 4], read: () => 8n, write: () => undefined };

/** In the order of DDI 0487 G8.3, AArch32 debug registers. */
export const CP14_ROWS: readonly Cp14Row[] = [
  dbgdidr,
  ignored('DBGDTRRXext', [0, 0, 0, 2]), ignored('DBGDSCRint', [0, 0, 1, 0]),
  contextRow('DBGDCCINT', [0, 0, 2, 0], 'MDCCINT_EL1'), contextRow('DBGDSCRext', [0, 0, 2, 2], 'MDSCR_EL1'),
  ignored('DBGDTRTXext', [0, 0, 3, 2]), ignored('DBGDTRRXint', [0, 0, 5, 0]), ignored('DBGWFAR', [0, 0, 6, 0]), ignored('DBGOSECCR', [0, 0, 6, 2]),
  contextRow('DBGVCR', [0, 0, 7, 0], 'DBGVCR32_EL2'),
  ...Array.from({ length: 16 }, (_, n): Cp14Row[] => [
    debugRow(`DBGBVR${n}`, [0, 0, n, 4], 'bvr', n, 'low'), debugRow(`DBGBCR${n}`, [0, 0, n, 5], 'bcr', n, 'low'),
    debugRow(`DBGWVR${n}`, [0, 0, n, 6], 'wvr', n, 'low'), debugRow(`DBGWCR${n}`, [0, 0, n, 7], 'wcr', n, 'low'),
    debugRow(`DBGBXVR${n}`, [0, 1, n, 1], 'bvr', n, 'high'),
  ]).flat(),
  ignored('DBGDRAR', [0, 1, 0, 0]), ignored('DBGOSLAR', [0, 1, 0, 4]), oslsr, ignored('DBGOSDLR', [0, 1, 3, 4]), ignored('DBGPRCR', [0, 1, 4, 4]),
  ignored('DBGDSAR', [0, 2, 0, 0]), ignored('DBGDEVID2', [0, 7, 0, 7]), ignored('DBGDEVID1', [0, 7, 1, 7]), ignored('DBGDEVID', [0, 7, 2, 7]),
  ignored('DBGCLAIMSET', [0, 7, 8, 6]), ignored('DBGCLAIMCLR', [0, 7, 9, 6]), ignored('DBGAUTHSTATUS', [0, 7, 14, 6]),
];

const key = ([op1, crn, crm, op2]: Cp14Encoding): number => (op1 << 12) | (crn << 8) | (crm << 4) | op2;
const BY_ENCODING: ReadonlyMap<number, Cp14Row> = new Map(CP14_ROWS.map((row) => [key(row.encoding), row]));

/** A trapped MCR or MRC. Rt is the number of the X register in which the AArch32 one is, banked or not (DDI 0487 ESR_ELx, ISS of MCR). */
export function cp14(context: ExitContext): Outcome {
  const { guest, iss } = context;
  const { Opc1, Opc2, CRn, CRm, Rt, Direction } = ISS.mcr.decode(BigInt(iss));
  const row = BY_ENCODING.get(key([Opc1, CRn, CRm, Opc2]));
  if (row === undefined) {
    return { kind: 'internal-error', reason: 'aarch32-undefined', dead: false, detail: { coprocessor: 14, op1: Opc1, crn: CRn, crm: CRm, op2: Opc2, pc: guest.pc } };
  }
  if (Direction === 1) guest.setX(Rt, row.read(context));
  else row.write(context, guest.x(Rt) & U32);
  guest.skip();
  return RESUME;
}

/** A trapped MCRR or MRRC: DBGDRAR and DBGDSAR as doublewords, the addresses of a debug ROM that is not there. */
export function cp14Double(context: ExitContext): Outcome {
  const { guest, iss } = context;
  const { Rt, Rt2, Direction } = ISS.mcrr.decode(BigInt(iss));
  if (Direction === 1) for (const r of [Rt, Rt2]) guest.setX(r, 0n);
  guest.skip();
  return RESUME;
}
