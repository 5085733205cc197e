/** What the processor under test needs around an instance: the same registers, tables and memory as the harness sets up. */
import { before, type Instance } from './generate.ts';
import { BUFFER, SLOT, VBAR_EL1, VBAR_EL2, WINDOW, type VectorState } from './state.ts';

/** Physical addresses. The three views of the window all lead to the same 2 MiB. */
export const WINDOW_PHYSICAL = 0x4080_0000n;
const TABLES = 0x4040_0000n;
const PAGE = 4096n;

/** Bytes to write at a physical address. */
export interface MemoryPiece {
  readonly address: bigint;
  readonly bytes: Uint8Array;
}

const physical = (address: bigint): bigint => address - WINDOW + WINDOW_PHYSICAL;

/** Block descriptor: Normal write-back (attribute 1), inner shareable, AF; `ap` is AP[2:1]. */
const block = (address: bigint, ap: bigint, executeNever: bigint): bigint => address | (ap << 6n) | 0x705n | (executeNever << 53n);

/** Level 1 and 2 tables for a translation regime: AP of the window, of its read-only view and of the other level's view. */
function tables(at: bigint, ap: readonly [bigint, bigint, bigint], identity: bigint, never: bigint): MemoryPiece[] {
  const page = (entries: readonly (readonly [number, bigint])[]): Uint8Array => {
    const bytes = new Uint8Array(4096);
    for (const [index, value] of entries) new DataView(bytes.buffer).setBigUint64(index * 8, value, true);
    return bytes;
  };
  const second = at + PAGE;
  return [
    { address: at, bytes: page([[1, identity], [64, second | 3n]]) },
    {
      address: second,
      bytes: page([
        [0, block(WINDOW_PHYSICAL, ap[0], 0n)],
        [2, block(WINDOW_PHYSICAL, ap[1], never)],
        [4, block(WINDOW_PHYSICAL, ap[2], never)],
      ]),
    },
  ];
}

/** Translation tables for EL2, EL1 and EL0, in this order, 8 KiB each, without a gap. Write them once. */
export function translationTables(): readonly MemoryPiece[] {
  const gigabyte = 0x4000_0000n;
  return [
    ...tables(TABLES, [1n, 3n, 1n], block(gigabyte, 1n, 0n), 2n), // AP[1] is RES1 at EL2, XN is bit 54
    ...tables(TABLES + 2n * PAGE, [0n, 2n, 1n], block(gigabyte, 0n, 2n), 3n),
    ...tables(TABLES + 4n * PAGE, [1n, 3n, 0n], block(gigabyte, 0n, 2n), 3n),
  ];
}

/** Registers that are the same for all instances. What is not named holds its reset value; E2H is 0, no interrupt is pending. */
export const fixedRegisters: Readonly<Record<string, bigint>> = {
  VBAR_EL2, VBAR_EL1, CPTR_EL2: 0x33ffn, CPACR_EL1: 0x30_0000n, VTTBR_EL2: 0n, MDCR_EL2: 0n,
  TTBR0_EL2: TABLES, MAIR_EL2: 0xff00n, MAIR_EL1: 0xff00n, TCR_EL2: 0x8082_3519n, TCR_EL1: 0x2_0080_3519n,
  SCTLR_EL2: 0x30c5_1835n, SCTLR_EL1: 0x34d5_d805n,
};

/** How an instance starts. The exclusive monitor is clear, no translation is cached that the tables do not give. */
export interface Start {
  /** The word, or its prelude. */
  readonly pc: bigint;
  /** PSTATE in the format of an SPSR. */
  readonly pstate: bigint;
  /** Registers by architectural name, over {@link fixedRegisters}. */
  readonly registers: Readonly<Record<string, bigint>>;
  readonly state: VectorState;
  /** Word, prelude and buffer. The rest of the window, 2 MiB at {@link WINDOW_PHYSICAL}, holds `marker` in every word. */
  readonly memory: readonly MemoryPiece[];
  readonly marker: number;
}

/** Where and how to start; X0…X30 and Q0…Q31 are in `state`. Run until the pc is at a vector, then `capture`. */
export function startOf(instance: Instance, state: VectorState = before(instance)): Start {
  const pstate = state.get('pstate');
  const el0 = (pstate & 0xfn) === 0n;
  const marker = Number(state.get('marker'));
  const code = new Uint8Array(8);
  const view = new DataView(code.buffer);
  view.setUint32(0, instance.prelude === 0 ? marker : instance.prelude, true);
  view.setUint32(4, instance.word, true);
  return {
    pc: instance.prelude === 0 ? SLOT : SLOT - 4n,
    pstate,
    registers: {
      TTBR0_EL1: el0 ? (TABLES + 4n * PAGE) | (1n << 48n) : TABLES + 2n * PAGE,
      HCR_EL2: 0x8000_0000n | state.get('hcr'),
      SP_EL0: state.get('sp_el0'), SP_EL1: state.get('sp_el1'), SP_EL2: state.get('sp_el2'),
      FPCR: state.get('fpcr'), FPSR: state.get('fpsr'),
      TPIDR_EL0: state.get('tpidr_el0'), TPIDRRO_EL0: state.get('tpidrro_el0'), TPIDR_EL1: state.get('tpidr_el1'),
      PAR_EL1: state.get('par_el1'), ELR_EL1: state.get('elr_el1'), SPSR_EL1: state.get('spsr_el1'), SPSR_EL2: pstate,
      CONTEXTIDR_EL1: state.get('contextidr_el1'), DBGBVR0_EL1: state.get('dbgbvr0_el1'), DBGWVR0_EL1: state.get('dbgwvr0_el1'),
    },
    state,
    memory: [
      { address: physical(SLOT) - 4n, bytes: code },
      { address: physical(BUFFER), bytes: state.data.slice() },
    ],
    marker,
  };
}
