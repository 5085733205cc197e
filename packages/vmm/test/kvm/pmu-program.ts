/** A program about its own performance monitors, at EL1 and EL0, which does the same on a processor of its own and as a guest. */
import { A64, LAB, createHostBoard } from '@worldswitch/arm64';
import { HOSTED_SIZE } from '@worldswitch/arm64-hypervisor';
import * as devices from '@worldswitch/devices';
import * as images from '@worldswitch/image';
import { assemble } from '@worldswitch/isa';
import { RAM } from './guest.ts';

export const RESULTS = RAM + 0x8000n;
const VECTORS = RAM + 0x1000n;
const USER = RAM + 0x2000n;

/** Events and filters of counters 0 to 4: instructions of both levels, of EL1, of EL0; software increments; cycles. */
const TYPES = [0x08n, 0x4000_0008n, 0x8000_0008n, 0x00n, 0x11n];
const TO_X1 = (value: bigint): string => `mov x1, #${value & 0xffffn}\n movk x1, #${(value >> 16n) & 0xffffn}, lsl #16`;
/** Stores what they have counted, in this order: each reads itself, and what is behind it. */
const STORE = [...TYPES.keys()].map((n) => ` mrs x2, PMEVCNTR${n}_EL0\n str x2, [x20], #8`).concat(' mrs x2, PMCCNTR_EL0\n str x2, [x20], #8').join('\n');

/** Ends with x27 = 1 in an endless loop. */
export const PROGRAM = `
  mov x20, #0x40000000
  add x20, x20, #0x8000
  mov x27, #0
  mov x0, #0x40000000
  add x0, x0, #0x1000
  msr VBAR_EL1, x0
${TYPES.map((type, n) => ` ${TO_X1(type)}\n msr PMEVTYPER${n}_EL0, x1`).join('\n')}
  msr PMCCFILTR_EL0, xzr
  ${TO_X1(0x8000_001fn)}
  msr PMCNTENSET_EL0, x1
  mov x1, #0x47
  msr PMCR_EL0, x1
  isb
  mov x3, #100
1: subs x3, x3, #1
  b.ne 1b
${STORE}
  mrs x4, ID_AA64PFR0_EL1
  mrs x4, CNTVCT_EL0
  mov x1, #8
  msr PMSWINC_EL0, x1
  msr PMSWINC_EL0, x1
  mov x1, #1
  msr PMSELR_EL0, x1
  mrs x2, PMXEVCNTR_EL0
  str x2, [x20], #8
  mrs x2, PMXEVTYPER_EL0
  str x2, [x20], #8
  mov x1, #31
  msr PMSELR_EL0, x1
  mrs x2, PMXEVTYPER_EL0
  str x2, [x20], #8
  mrs x2, PMSELR_EL0
  str x2, [x20], #8
${STORE}
  mrs x2, PMCNTENSET_EL0
  str x2, [x20], #8
  mrs x2, PMUSERENR_EL0
  str x2, [x20], #8
  mov x0, #0x40000000
  add x0, x0, #0x2000
  msr ELR_EL1, x0
  mov x0, #0x3c0
  msr SPSR_EL1, x0
  eret`;

/** Reads, one of which is let through; increments; goes on where it was refused. */
export const USER_PROGRAM = `
  mov x3, #50
1: subs x3, x3, #1
  b.ne 1b
  mrs x2, PMCCNTR_EL0
  msr PMSWINC_EL0, x3
  mrs x2, PMCR_EL0
  msr PMUSERENR_EL0, x3
  svc #1
  mov x1, #8
  msr PMSWINC_EL0, x1
  mrs x2, PMCCNTR_EL0
  mrs x2, PMEVCNTR2_EL0
  msr PMEVCNTR2_EL0, x2
  svc #2
  mrs x2, PMEVCNTR2_EL0
  msr PMEVCNTR2_EL0, xzr
  mrs x2, PMUSERENR_EL0
  svc #3`;

/** Notes the syndrome, and the counters; skips what was refused; SVC #1 lets EL0 read counters and increment, #2 do anything, #3 is the end. */
const HANDLER = `
  mrs x5, ESR_EL1
  str x5, [x20], #8
  mrs x6, ELR_EL1
  str x6, [x20], #8
  str x2, [x20], #8
${STORE}
  lsr x7, x5, #26
  cmp x7, #0x15
  b.eq 1f
  add x6, x6, #4
  msr ELR_EL1, x6
  eret
1: and x5, x5, #0xff
  cmp x5, #3
  b.eq 2f
  cmp x5, #1
  mov x7, #0xe
  mov x8, #1
  csel x7, x7, x8, eq
  msr PMUSERENR_EL0, x7
  eret
2: mov x1, #0x80000000
  msr PMCNTENCLR_EL0, x1
${STORE}
  mov x1, #0x42
  msr PMCR_EL0, x1
${STORE}
  mrs x2, PMCR_EL0
  and x2, x2, #0xffff
  str x2, [x20], #8
  mrs x2, PMOVSCLR_EL0
  str x2, [x20], #8
  mov x27, #1
3: b 3b`;

export function loadProgram(load: (source: string, at: bigint) => void): void {
  load(PROGRAM, RAM);
  load(HANDLER, VECTORS + 0x400n);
  load(USER_PROGRAM, USER);
}

export interface BareRun {
  read(at: bigint): bigint;
  register(name: string): bigint;
  set(name: string, value: bigint): void;
  run(budget: number): void;
}

/** A processor without anybody above EL1; EL2 is there and traps nothing. */
export function bareProcessor(): BareRun & { load(source: string, at: bigint): void } {
  const { machine, cpu } = createHostBoard({ devices, images, model: LAB, kind: 'interpreter', ram: 1 << 20, hosted: HOSTED_SIZE, gic: 2 });
  const door = cpu.registers.debugger;
  door.write('HCR_EL2', 1n << 31n);
  door.write('pstate', 0x3c5n);
  door.write('pc', RAM);
  return {
    load: (source, at) => { machine.memory.loadBytes(at, assemble(source, { instructionSet: A64, origin: at }).bytes); },
    read: (at) => machine.memory.read(at, 8, 'debugger') ?? 0n,
    register: (name) => door.read(name) ?? 0n,
    set: (name, value) => { door.write(name, value); },
    run: (budget) => { machine.run({ budget, pace: 'skip' }); },
  };
}
