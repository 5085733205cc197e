/** A host that profiles itself runs a guest: where the samples go, and whose they are (notes 6 and 9 of the faults). */
import { LAB, decodeRecords, withProfiling, A64, type SampleRecord } from '@worldswitch/arm64';
import { TWO_HOOKS, type FaultName } from '@worldswitch/arm64-hypervisor';
import type { RegisterName } from '@worldswitch/arm64-sysreg';
import { assemble } from '@worldswitch/isa';
import { describe, expect, it } from 'vitest';
import { guestMachine, program, type GuestMachine } from '../../src/test/guest-machine.ts';

const MODEL = withProfiling(LAB);
const INTERVAL = 256n;
/** One instruction in so many: the one that loads the counter, and those that count it down. */
const PERIOD = Number(INTERVAL) + 1;
const GIB = 0x4000_0000n;
/** Physical addresses in the host's RAM, behind what the hypervisor allocates from its beginning. */
const [CODE, BUFFER, TABLES] = [0x4060_0000n, 0x4061_0000n, 0x4062_0000n];
/** Without VHE the host's kernel knows its memory by these addresses, too. */
const KERNEL = 0x8000_0000n;
const BUFFER_BYTES = 0x4000n;
const GUEST = 0x4000_0000n;

interface Profiled {
  readonly machine: GuestMachine;
  /** The host executes instructions of its own, in a loop. */
  host(instructions: number): void;
  read(name: RegisterName): bigint;
  write(name: RegisterName, value: bigint): void;
  records(): readonly SampleRecord[];
  /** Bytes anywhere in the host's RAM that are the head of a record. */
  headsAt(physical: bigint): number;
}

function profiledHost(mode: 'nvhe' | 'vhe', faithful: readonly FaultName[]): Profiled {
  // A loop of four, 20,000 instructions long, between hypercalls.
  const image = program('1: mov x9, #5000\n2: sub x9, x9, #1\n add x10, x10, #1\n eor x11, x11, x10\n cbnz x9, 2b\n ldr x0, =0x84000000\n hvc #0\n b 1b');
  const machine = guestMachine({ mode, image, model: MODEL, revision: TWO_HOOKS, faithful, ram: 1 << 20 });
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
function runGuest({ machine: { vcpu, host } }: Profiled): number {
  const before = host.machine.clock.now();
  vcpu.run({ budget: 30_000 });
  // Out of budget, it would be left standing on the processor; this takes it off.
  vcpu.getRegister('MDSCR_EL1');
  return Number(host.machine.clock.now() - before);
}
const inHost = ({ pc }: SampleRecord): boolean => pc.address >= CODE && pc.address < CODE + 8n;

describe('a host at EL1 that profiles itself', () => {
  it('gets its own samples, in its own memory, and none of the guest', () => {
    const p = profiledHost('nvhe', []);
    // Three samples wait in the processor when the guest is entered.
    p.host(PERIOD * 3);
    expect(p.records().length).toBe(0);
    expect(runGuest(p)).toBeGreaterThan(20_000);
    expect([p.read('PMBSR_EL1'), p.read('PMSCR_EL1')]).toEqual([0n, 2n]);
    expect(p.records().length).toBe(3);
    p.host(PERIOD * 5);
    runGuest(p);
    const records = p.records();
    expect([records.length, records.filter(inHost).length, records.every(({ pc }) => pc.el === 1)]).toEqual([8, 8, true]);
    expect(p.headsAt(BUFFER)).toBe(8);
  });
  it('with late-drain has lost what waited: EL2, whose buffer it was by then, has no such address', () => {
    const p = profiledHost('nvhe', ['late-drain']);
    p.host(PERIOD * 3);
    runGuest(p);
    // An external abort: the processor stops profiling, and the host has an interrupt and no samples.
    expect(p.read('PMBSR_EL1')).toBe((0x24n << 26n) | (1n << 18n) | (1n << 17n) | 0x10n);
    expect([p.records().length, p.headsAt(BUFFER)]).toEqual([0, 0]);
    p.host(PERIOD * 5);
    runGuest(p);
    expect(p.headsAt(BUFFER)).toBe(0);
  });
  it('with late-drain writes over other memory where EL2 has that address', () => {
    const p = profiledHost('nvhe', ['late-drain']);
    // The kernel's address 0x4065_0000 is its buffer; at that physical address is something else.
    const other = 0x4065_0000n;
    p.machine.host.machine.memory.write(TABLES + 8n, 8, GIB | 0x701n, 0);
    const page = TABLES + 0x1000n;
    // Below level 1: 2 MiB blocks, of which the fourth's last part is the buffer's.
    for (let n = 0n; n < 512n; n++) p.machine.host.machine.memory.write(page + 8n * n, 8, (GIB + n * 0x20_0000n) | 0x701n, 0);
    const pages = TABLES + 0x2000n;
    for (let n = 0n; n < 512n; n++) p.machine.host.machine.memory.write(pages + 8n * n, 8, (GIB + 0x60_0000n + n * 0x1000n) | 0x703n, 0);
    for (let n = 0n; n < 4n; n++) p.machine.host.machine.memory.write(pages + 8n * (0x50n + n), 8, (BUFFER + n * 0x1000n) | 0x703n, 0);
    p.machine.host.machine.memory.write(page + 8n * 3n, 8, pages | 3n, 0);
    p.machine.host.machine.memory.write(TABLES + 8n, 8, page | 3n, 0);
    p.write('PMBPTR_EL1', other);
    p.write('PMBLIMITR_EL1', (other + BUFFER_BYTES) | 1n);
    p.host(PERIOD * 3);
    runGuest(p);
    expect([p.headsAt(BUFFER), p.headsAt(other), p.read('PMBPTR_EL1')]).toEqual([0, 3, other + 3n * 64n]);
  });
});

describe('a host at EL2 that profiles itself', () => {
  it.each([[[], 0], [['profiled-guest'], 1]] as const)('faithful to %j: samples of the guest, times the instructions that it executes: %i', (faithful, guest) => {
    const p = profiledHost('vhe', faithful);
    // As the firmware may have left it.
    p.write('PMSCR_EL1', 3n);
    p.host(PERIOD * 3);
    const executed = runGuest(p);
    p.host(PERIOD * 4);
    // What waits is drained by whoever fills the processor's room: another few of the host's.
    p.host(PERIOD * 4);
    const records = p.records();
    const guests = records.filter(({ pc }) => pc.el === 1 && pc.address >= GUEST && pc.address < GUEST + 0x100n);
    expect(guests.length).toBe(guest * Math.floor(executed / PERIOD));
    expect(records.every((record) => guests.includes(record) || (inHost(record) && record.pc.el === 2))).toBe(true);
    expect(records.length - guests.length).toBeGreaterThanOrEqual(8);
  });
});
