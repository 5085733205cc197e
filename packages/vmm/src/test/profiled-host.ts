/** A host on the whole processor that profiles itself with SPE, and a guest that exits now and then. */
import { LAB, decodeRecords, withProfiling, A64, type SampleRecord } from '@worldswitch/arm64';
import { TWO_HOOKS, type FaultName, type Revision } from '@worldswitch/arm64-hypervisor';
import type { RegisterName } from '@worldswitch/arm64-sysreg';
import { assemble } from '@worldswitch/isa';
import { guestMachine, program, type GuestMachine } from './guest-machine.ts';

const MODEL = withProfiling(LAB);
const INTERVAL = 256n;
/** One instruction in so many: the one that loads the counter, and those that count it down. */
export const PERIOD = Number(INTERVAL) + 1;
export const GIB = 0x4000_0000n;
/** Physical addresses in the host's RAM, behind what the hypervisor allocates from its beginning. */
export const [CODE, BUFFER, TABLES] = [0x4060_0000n, 0x4061_0000n, 0x4062_0000n];
/** Without VHE the host's kernel knows its memory by these addresses, too. */
const KERNEL = 0x8000_0000n;
export const BUFFER_BYTES = 0x4000n;
export const GUEST = 0x4000_0000n;

export interface Profiled {
  readonly machine: GuestMachine;
  /** The host executes instructions of its own, in a loop. */
  host(instructions: number): void;
  read(name: RegisterName): bigint;
  write(name: RegisterName, value: bigint): void;
  records(): readonly SampleRecord[];
  /** Bytes anywhere in the host's RAM that are the head of a record. */
  headsAt(physical: bigint): number;
}

export function profiledHost(mode: 'nvhe' | 'vhe', faithful: readonly FaultName[], revision: Revision = TWO_HOOKS): Profiled {
  // A loop of four, 20,000 instructions long, between hypercalls.
  const image = program('1: mov x9, #5000\n2: sub x9, x9, #1\n add x10, x10, #1\n eor x11, x11, x10\n cbnz x9, 2b\n ldr x0, =0x84000000\n hvc #0\n b 1b');
  const machine = guestMachine({ mode, image, model: MODEL, revision, faithful, ram: 1 << 20 });
  const { host: { machine: board }, hostCpu } = machine;
  const { bytes } = assemble('1: add x9, x9, #1\n b 1b', { instructionSet: A64, origin: CODE });
  board.memory.loadBytes(CODE, bytes);
  const { debugger: door } = hostCpu.registers;
  const write = (name: RegisterName, value: bigint): void => { door.write(name, value); };
  if (mode === 'nvhe') {
    // The first two gigabytes where they are, and the second again for the kernel.
    for (const [n, to] of [[0n, 0n], [1n, GIB], [2n, GIB]] as const) board.memory.write(TABLES + 8n * n, 8, to | 0x701n, 0);
    write('TTBR0_EL1', TABLES);
    write('TCR_EL1', 25n | (1n << 23n));
    write('MAIR_EL1', 0xffn);
    write('SCTLR_EL1', 1n);
  }
  const buffer = mode === 'nvhe' ? BUFFER - GIB + KERNEL : BUFFER;
  write('PMSIRR_EL1', INTERVAL);
  write('PMBPTR_EL1', buffer);
  write('PMBSR_EL1', 0n);
  write('PMBLIMITR_EL1', (buffer + BUFFER_BYTES) | 1n);
  write(mode === 'nvhe' ? 'PMSCR_EL1' : 'PMSCR_EL2', 2n);
  const memory = (address: bigint, size: number): Uint8Array => board.memory.readBytes(address, size) ?? new Uint8Array(0);
  return {
    machine, write,
    read: (name) => door.read(name) as bigint,
    host: (instructions) => {
      const pc = door.read('pc') as bigint;
      door.write('pc', CODE);
      board.run({ budget: instructions });
      door.write('pc', pc);
    },
    records: () => decodeRecords(memory(BUFFER, Number((door.read('PMBPTR_EL1') as bigint) - buffer))),
    headsAt: (physical) => memory(physical, Number(BUFFER_BYTES)).filter((byte, n) => n % 64 === 0 && byte === 0x98).length,
  };
}
/** The guest for a while, until the host is back; how many instructions it executed. */
export function runGuest({ machine: { vcpu, host } }: Profiled): number {
  const before = host.machine.clock.now();
  vcpu.run({ budget: 30_000 });
  // Out of budget, it would be left standing on the processor; this takes it off.
  vcpu.getRegister('MDSCR_EL1');
  return Number(host.machine.clock.now() - before);
}

/** Whether a sample is of the host's loop. */
export const inHost = ({ pc }: SampleRecord): boolean => pc.address >= CODE && pc.address < CODE + 8n;
