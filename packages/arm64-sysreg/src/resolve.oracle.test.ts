/**
 * Verdicts against QEMU: a bare-metal program reads every register and writes back what it read, runs every system instruction and tries
 * every encoding of later extensions at EL0, EL1 and EL2 under random trap controls, and reports where each exception went and with
 * which syndrome.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hex } from '@worldswitch/bits';
import { afterAll, describe, expect, it } from 'vitest';
import { haveTools } from '../../../tooling/oracles/require.ts';
import { LATER_REGISTERS, REGISTER_LIST, SYSTEM_INSTRUCTIONS, encodingOf, genericName, nameOf, packEncoding, resolve, unpackEncoding } from './index.ts';
import type { AccessContext, Direction, RegisterName, Resolution } from './index.ts';

/** What QEMU's neoverse-n1 has on the virt board without EL3 (its identification registers say so). */
const FEATURES = new Set([
  'FEAT_AA64', 'FEAT_AA32', 'FEAT_AA32EL0', 'FEAT_AdvSIMD', 'FEAT_DPB', 'FEAT_Debugv8p1', 'FEAT_Debugv8p2', 'FEAT_DoubleLock', 'FEAT_FP', 'FEAT_GICv3',
  'FEAT_HAFDBS', 'FEAT_HPDS', 'FEAT_HPDS2', 'FEAT_IESB', 'FEAT_LOR', 'FEAT_LRCPC', 'FEAT_LSE', 'FEAT_PAN', 'FEAT_PAN2', 'FEAT_PMUv3', 'FEAT_PMUv3p1',
  'FEAT_RAS', 'FEAT_SSBS', 'FEAT_SSBS2', 'FEAT_TTCNP', 'FEAT_UAO', 'FEAT_VHE', 'FEAT_VMID16', 'FEAT_XNX',
]);

interface Item {
  readonly packed: number;
  readonly direction: Direction;
}

const readable: Item[] = REGISTER_LIST.filter((r) => /RW|RO/.test(r.access)).map((r) => ({ packed: r.packed, direction: 'read' }));
const writable: Item[] = REGISTER_LIST.filter((r) => /RW|WO/.test(r.access)).map((r) => ({ packed: r.packed, direction: 'write' }));
const writeOnly = new Set(REGISTER_LIST.filter((r) => !/RW|RO/.test(r.access)).map((r) => r.packed));
const instructions: Item[] = Object.keys(SYSTEM_INSTRUCTIONS).map((n) => ({ packed: encodingOf(n), direction: 'write' }));
const later: Item[] = [...new Set(Object.keys(LATER_REGISTERS).map(encodingOf))].map((packed) => ({ packed, direction: 'read' }));
const identification: Item[] = Array.from({ length: 64 }, (_, i) => ({ packed: packEncoding(3, 0, 0, i >> 3, i & 7), direction: 'read' }));
const implementationDefined: Item[] = [11, 15].flatMap((crn) => [0, 1, 3, 4, 6].map((op1): Item => ({ packed: packEncoding(3, op1, crn, 13, 5), direction: 'read' })));
const ITEMS = [...readable, ...writable, ...instructions, ...later, ...identification, ...implementationDefined];

const STORED = [
  'HCR_EL2', 'MDCR_EL2', 'CPTR_EL2', 'CNTHCTL_EL2', 'CNTKCTL_EL1', 'CPACR_EL1', 'SCTLR_EL1', 'SCTLR_EL2', 'PMUSERENR_EL0', 'MDSCR_EL1', 'ICH_HCR_EL2',
] as const satisfies readonly RegisterName[];

interface State {
  readonly el: 0 | 1 | 2;
  readonly e2h: boolean;
  readonly tge: boolean;
  readonly values: readonly bigint[];
}

const bits = (...n: number[]): bigint => n.reduce((all, b) => all | (1n << BigInt(b)), 0n);

/** Random trap controls, every third time all zero or all one; nothing that turns on translation, interrupts or stepping. */
function states(rounds: number): State[] {
  let seed = 0x2545_f491_4f6c_dd1dn;
  const random = (): bigint => {
    seed = (seed * 0x5851_f42d_4c95_7f2dn + 0x1405_7b7e_f767_814fn) & ((1n << 64n) - 1n);
    return ((seed >> 32n) | (seed << 32n)) & ((1n << 64n) - 1n);
  };
  const combinations = [[2, 0, 0], [2, 1, 0], [2, 1, 1], [1, 0, 0], [1, 1, 0], [0, 0, 0], [0, 0, 1], [0, 1, 0], [0, 1, 1]] as const;
  return Array.from({ length: rounds }, (_, round) => combinations.map(([el, e2h, tge]): State => {
    const some = (mask: bigint): bigint => (round === 0 ? 0n : round === 1 ? mask : random() & mask);
    const hcr = bits(31) | BigInt(e2h) << 34n | BigInt(tge) << 27n | some(bits(3, 4, 15, 16, 17, 18, 20, 21, 22, 23, 24, 25, 26, 28, 30, 35, 36));
    const el1Control = 0x30d0_0800n | some(bits(9, 14, 15, 26));
    return {
      el, e2h: e2h === 1, tge: tge === 1,
      values: [
        hcr, 6n | some(bits(5, 6, 8, 9, 10, 11)), e2h ? some(bits(20, 21, 28, 31)) : 0x33ffn | some(bits(10, 20, 31)), some(bits(0, 1, 8, 9, 10, 11)),
        some(bits(0, 1, 8, 9)), some(bits(20, 21, 28)), el1Control, 0x30c5_0830n | some(bits(14, 15, 26)), some(15n), some(bits(12)), some(bits(10, 11, 12, 14)),
      ],
    };
  })).flat();
}

/** The control registers as QEMU shows them; what the program does not write keeps its reset value. */
function context(state: State, rt: number): AccessContext {
  const values: Partial<Record<RegisterName, bigint>> = {
    ...Object.fromEntries(STORED.map((name, i) => [name, state.values[i]])), SPSel: 1n, ICC_SRE_EL1: 7n, ICC_SRE_EL2: 15n,
    ID_AA64DFR0_EL1: 0x1_1030_5408n, PMCR_EL0: 6n << 11n, ICH_VTR_EL2: (4n << 26n) | 3n, ICC_CTLR_EL1: 4n << 8n,
  };
  return { el: state.el, e2h: state.e2h, tge: state.tge, features: FEATURES, rt, read: (name) => values[name] ?? 0n };
}

/** What the program stores for a write it did not try, because the register could not be read there. */
const SKIPPED = (1n << 64n) - 1n;

/** One try: x0 receives a read, x1 holds the address of scratch memory, x20 what an exception reports. */
function attempt({ packed, direction }: Item): string {
  const [op0, op1, crn, crm, op2] = unpackEncoding(packed);
  const name = genericName(packed);
  const store = '  str x20, [x21], #8';
  if (op0 === 1) return `  mov x20, xzr\n  sys #${op1}, C${crn}, C${crm}, #${op2}, x1\n${store}`;
  if (direction === 'read') return `  mov x20, xzr\n  mrs x0, ${name}\n${store}`;
  if (writeOnly.has(packed)) return `  mov x20, xzr\n  mov x0, xzr\n  msr ${name}, x0\n${store}`;
  return `  mov x20, xzr\n  mrs x0, ${name}\n  cbz x20, 1f\n  mov x20, #-1\n  b 2f\n1: msr ${name}, x0\n2:\n${store}`;
}

function program(list: readonly State[]): string {
  const write = (name: string): string => `ldr x0, [x22, #${8 * STORED.indexOf(name as (typeof STORED)[number])}]\nmsr ${name}, x0`;
  const vector = (handler: string): string => Array.from({ length: 16 }, (_, i) => `.balign 128\n${i % 4 === 0 ? `b ${handler}` : 'b .'}`).join('\n');
  return `
.arch armv8.2-a+profile
.text
.global _start
_start:
  ldr x0, =vectors2
  msr vbar_el2, x0
  ldr x0, =vectors1
  msr vbar_el1, x0
  ldr x21, =results
  ldr x22, =states
  ldr x23, =${list.length}
  ldr x1, =scratch
next:
  mov x0, #0x80000000
  msr hcr_el2, x0
  isb
  mov x0, #15
  msr S3_4_C12_C9_5, x0
  isb
${['MDCR_EL2', 'CNTKCTL_EL1', 'CPACR_EL1', 'SCTLR_EL1', 'PMUSERENR_EL0', 'MDSCR_EL1'].map(write).join('\n')}
  ldr x0, [x22, #${8 * STORED.indexOf('ICH_HCR_EL2')}]
  msr S3_4_C12_C11_0, x0
${write('HCR_EL2')}
  isb
${['CPTR_EL2', 'CNTHCTL_EL2', 'SCTLR_EL2'].map(write).join('\n')}
  isb
  ldr x25, [x22, #${8 * STORED.length}]
  cmp x25, #2
  b.ne lower
  bl walk
done:
  add x22, x22, #${8 * (STORED.length + 1)}
  subs x23, x23, #1
  b.ne next
  ldr x22, =results
  mov x3, #0x09000000
print:
  ldr x4, [x22], #8
  mov x5, #60
digit:
  lsr x6, x4, x5
  and x6, x6, #15
  cmp x6, #10
  add x7, x6, #48
  add x8, x6, #87
  csel x6, x7, x8, lo
  str w6, [x3]
  subs x5, x5, #4
  b.ge digit
  mov w6, #10
  str w6, [x3]
  cmp x22, x21
  b.lo print
  ldr x0, =0x84000008
  smc #0
  b .
lower:
  ldr x0, =walk
  msr elr_el2, x0
  mov x0, #0x3c5
  cbnz x25, enter
  mov x0, #0x3c0
enter:
  msr spsr_el2, x0
  isb
  eret
walk:
${ITEMS.map(attempt).join('\n')}
  cmp x25, #1
  b.hi finished
  b.eq 1f
  svc #0
1: hvc #1
finished:
  ret
handler2:
  mrs x16, esr_el2
  lsr x17, x16, #26
  cmp x17, #0x15
  b.eq done
  cmp x17, #0x16
  b.eq call
  orr x20, x16, #(2 << 60)
  mrs x17, elr_el2
  add x17, x17, #4
  msr elr_el2, x17
  eret
call: // hvc #1: finished; hvc #2: what did EL1 take?
  tbnz x16, #0, done
  mrs x16, hcr_el2
  tbz x16, #34, 1f
  mrs x16, S3_5_C5_C2_0
  b 2f
1: mrs x16, esr_el1
2: lsr x17, x16, #26
  cmp x17, #0x15
  b.eq done
  orr x20, x16, #(1 << 60)
  eret
handler1: // ESR_EL1 may itself be trapped at EL1, so EL2 reads it
  hvc #2
  mrs x17, elr_el1
  add x17, x17, #4
  msr elr_el1, x17
  eret
.ltorg
.balign 2048
vectors1:
${vector('handler1')}
.balign 2048
vectors2:
${vector('handler2')}
.data
.balign 8
states:
${list.map((s) => `.quad ${[...s.values, BigInt(s.el)].map((v) => hex(v)).join(', ')}`).join('\n')}
.bss
.balign 4096
scratch: .skip 4096
results: .skip ${8 * list.length * ITEMS.length}
`;
}

const folder = mkdtempSync(join(tmpdir(), 'walk-'));
afterAll(() => rmSync(folder, { recursive: true }));

function run(list: readonly State[]): bigint[] {
  writeFileSync(join(folder, 'walk.s'), program(list));
  execFileSync('aarch64-linux-gnu-as', ['-o', join(folder, 'walk.o'), join(folder, 'walk.s')]);
  execFileSync('aarch64-linux-gnu-ld', ['-Ttext=0x40100000', '-o', join(folder, 'walk.elf'), join(folder, 'walk.o')]);
  const out = execFileSync('qemu-system-aarch64', [
    '-M', 'virt,virtualization=on,gic-version=3', '-cpu', 'neoverse-n1', '-m', '256', '-display', 'none', '-serial', 'stdio', '-monitor', 'none', '-net', 'none',
    '-kernel', join(folder, 'walk.elf'),
  ], { encoding: 'utf8', maxBuffer: 1 << 28, stdio: ['ignore', 'pipe', 'pipe'], timeout: 300_000 });
  return out.trim().split(/\r?\n/).map((line) => BigInt(`0x${line}`));
}

/** What the program reports for a verdict. An UNDEFINED instruction goes to EL2 when TGE is set, else to EL1, or stays at EL2. */
function expected(verdict: Resolution, state: State): string {
  if (verdict.kind === 'trap') return `EL${verdict.to} EC ${hex(verdict.ec, 2)} ISS ${hex(verdict.iss)}`;
  return verdict.kind === 'undefined' ? `EL${state.el === 2 || state.tge ? 2 : 1} EC 0x00 ISS 0x0` : 'executed';
}

function observed(word: bigint): string {
  const ec = Number((word >> 26n) & 0x3fn);
  // Data and instruction aborts come from what a permitted cache or translation operation did.
  if (word === 0n || ec === 0x24 || ec === 0x25) return 'executed';
  return `EL${word >> 60n} EC ${hex(ec, 2)} ISS ${hex(word & 0x1ff_ffffn)}`;
}

/** Where QEMU 7.2 departs from the manual, or leaves registers out, and where both have a choice. */
const KNOWN: readonly { readonly names: RegExp; readonly only?: (s: State) => boolean; readonly because: string }[] = [
  { names: /^(OSDTR[RT]X|OSECCR|DBGPRCR|DBGCLAIM(SET|CLR)|DBGAUTHSTATUS)_EL1$|^DBGDTR(RX|TX)?_EL0$/, because: 'QEMU does not have these' },
  { names: /^(ERRSELR|ERX\w+)_EL1$/, because: 'no error records: UNDEFINED is one of the permitted choices (DDI 0487 ERXFR_EL1)' },
  { names: /^(DACR32|IFSR32|FPEXC32|DBGVCR32)_EL2$/, because: 'UNDEFINED when EL1 has no AArch32 (DDI 0487 DACR32_EL2); QEMU always has them' },
  { names: /_EL[01]2$/, only: (s) => s.el === 2 && !s.e2h, because: 'UNDEFINED with E2H=0 (DDI 0487 SCTLR_EL12); QEMU executes them or traps' },
  { names: /^S3_\d_C1[15]_/, only: (s) => s.el === 1, because: 'HCR_EL2.TIDCP, which QEMU ignores' },
  { names: /^(PMSELR|PMCCNTR|PMXEVCNTR|PMEVCNTR\d+|PMSWINC)_EL0$/, because: 'MDCR_EL2.TPM traps EL0 too (DDI 0487 PMSELR_EL0); QEMU lets PMUSERENR_EL0.{ER,CR,SW} pass it' },
  { names: /^PMCR_EL0$/, only: (s) => (s.values[STORED.indexOf('MDCR_EL2')] & 0x20n) !== 0n, because: 'MDCR_EL2.TPMCR, which QEMU ignores' },
  { names: /^MDCCSR_EL0$/, because: 'MDSCR_EL1.TDCC comes before MDCR_EL2.TDA (DDI 0487 MDCCSR_EL0)' },
  { names: /^CNTPCT_EL0$/, only: (s) => s.el === 0 && !s.e2h, because: 'from EL0 with E2H=0 the control is CNTHCTL_EL2.EL1PCTEN (DDI 0487 CNTPCT_EL0); QEMU looks at EL1PCEN' },
];

describe.skipIf(!haveTools('aarch64-linux-gnu-as', 'aarch64-linux-gnu-ld', 'qemu-system-aarch64'))('verdicts against QEMU', () => {
  it('agree at every level under every trap control', () => {
    const list = states(8);
    const words = run(list);
    expect(words).toHaveLength(list.length * ITEMS.length);
    const different = new Map<string, string>();
    const seen = new Map<string, number>();
    words.forEach((word, i) => {
      const state = list[Math.floor(i / ITEMS.length)];
      const { packed, direction } = ITEMS[i % ITEMS.length];
      const name = nameOf(packed, direction);
      if (word === SKIPPED || KNOWN.some((k) => k.names.test(name) && (k.only?.(state) ?? true))) return;
      const [op0] = unpackEncoding(packed);
      const verdict = resolve(packed, context(state, op0 === 1 ? 1 : 0), direction);
      const [ours, theirs] = [expected(verdict, state), observed(word)];
      const kind = `${direction} ${/^\w+ EC 0x\w+|^\w+/.exec(theirs)?.[0]}`;
      seen.set(kind, (seen.get(kind) ?? 0) + 1);
      const key = `${direction} ${name} EL${state.el}${state.e2h ? ' E2H' : ''}${state.tge ? ' TGE' : ''}: ours ${ours}, QEMU ${theirs}`;
      if (ours !== theirs) different.set(key, 'because' in verdict ? verdict.because : '');
    });
    // The comparison is worth something only if each outcome occurs often, in both directions.
    for (const direction of ['read', 'write']) {
      for (const kind of ['executed', 'EL1 EC 0x00', 'EL2 EC 0x00', 'EL1 EC 0x18', 'EL2 EC 0x18']) {
        expect(seen.get(`${direction} ${kind}`) ?? 0, `${direction} ${kind}`).toBeGreaterThan(20);
      }
    }
    expect([...different].map(([what, why]) => `${what} (${why})`)).toEqual([]);
  });
});
