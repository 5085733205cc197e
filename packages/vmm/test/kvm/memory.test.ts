/** Memory slots, and the log of pages that a guest writes. */
import { LAB } from '@worldswitch/arm64';
import type { Arm64Model } from '@worldswitch/arm64';
import type { MemoryRegion } from '@worldswitch/hypervisor';
import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { errnoOf, kvmBench } from './bench.ts';
import { MMIO, RAM, kvmGuest, runAt } from './guest.ts';
import type { KvmGuest, KvmGuestOptions } from './guest.ts';
import { sentence } from './sentence.ts';

const PAGE = 0x1000n;
const MANUAL_PROTECT = 168;
const READONLY_MEM = 81;
/** Sets access flags and dirty state in tables by itself. */
const UPDATING: Arm64Model = { ...LAB, features: new Set([...LAB.features, 'FEAT_HAFDBS']) };

describe('slots', () => {
  const { kvm, memory } = kvmBench();
  const good: MemoryRegion = { slot: 0, guestAddress: 0n, size: PAGE, hostAddress: memory.base };
  const set = (fault: Partial<MemoryRegion>, vm = kvm.createVm()): string => errnoOf(() => { vm.setMemoryRegion({ ...good, ...fault }); });
  sentence('2.1', () => {
    expect(set({ logDirtyPages: true })).toBe('none');
    expect(set({ readOnly: true })).toBe('none');
    expect(kvm.checkExtension(READONLY_MEM)).toBe(1);
  }, 'typed');
  sentence('2.2', () => { for (const size of [1n, PAGE + 1n, PAGE - 1n]) expect(set({ size })).toBe('EINVAL'); });
  sentence('2.3', () => { for (const guestAddress of [1n, PAGE - 1n]) expect(set({ guestAddress })).toBe('EINVAL'); });
  sentence('2.4', () => {
    for (const hostAddress of [memory.base + 1n, 1n << 47n, memory.base + memory.size - PAGE]) expect(set({ hostAddress, size: 2n * PAGE })).toBe('EINVAL');
    // The hypervisor's own memory is nobody's.
    expect(set({ hostAddress: RAM })).toBe('EINVAL');
  });
  sentence('2.5', () => {
    expect(set({ slot: 32_766 })).toBe('none');
    for (const slot of [32_767, 65_536, -1]) expect(set({ slot })).toBe('EINVAL');
  });
  sentence('2.6', () => { expect(set({ guestAddress: (1n << 64n) - PAGE, size: 2n * PAGE })).toBe('EINVAL'); });
  sentence('2.7', () => {
    expect(set({ guestAddress: (1n << 40n) - PAGE })).toBe('none');
    for (const [guestAddress, size] of [[1n << 40n, PAGE], [(1n << 40n) - PAGE, 2n * PAGE]]) expect(set({ guestAddress, size })).toBe('EFAULT');
    expect(set({ guestAddress: 1n << 36n }, kvm.createVm(36n))).toBe('EFAULT');
    const vm = kvm.createVm();
    set({}, vm);
    expect(set({ size: 0n }, vm)).toBe('none');
    expect(vm.slots).toEqual([]);
  });
  sentence('2.8', () => { expect(set({ size: 0n })).toBe('EINVAL'); });
  sentence('2.9', () => {
    const vm = kvm.createVm();
    set({}, vm);
    for (const changed of [{ hostAddress: good.hostAddress + PAGE }, { size: 2n * PAGE }, { readOnly: true }]) expect(set(changed, vm)).toBe('EINVAL');
    expect(vm.slots).toHaveLength(1);
  });
  sentence('2.10', () => {
    const one = kvmGuest({ source: 'ldr x0, [x1]\n b .' });
    const slot: MemoryRegion = { slot: 1, guestAddress: RAM + 0x100_0000n, size: PAGE, hostAddress: one.memory.base + 0x20_0000n };
    one.vm.setMemoryRegion(slot);
    one.vm.setMemoryRegion(slot);
    one.machine.memory.write(slot.hostAddress, 8, 0x1234n, 'debugger');
    const read = (at: bigint): bigint | 'mmio' => {
      one.vcpu.run({ immediateExit: true });
      one.vcpu.setRegister('x0', 0n);
      one.vcpu.setRegister('x1', at);
      one.vcpu.setRegister('pc', RAM);
      return one.vcpu.run({ budget: 10 }).kind === 'mmio' ? 'mmio' : one.vcpu.getRegister('x0');
    };
    expect(read(slot.guestAddress)).toBe(0x1234n);
    // Moved while the guest has it mapped, and stands on the processor.
    const moved = slot.guestAddress + 0x40_0000n;
    one.vm.setMemoryRegion({ ...slot, guestAddress: moved });
    expect([read(slot.guestAddress), read(moved)]).toEqual(['mmio', 0x1234n]);
    one.vm.setMemoryRegion({ ...slot, guestAddress: moved, logDirtyPages: true });
    expect(one.vm.slots.find((each) => each.slot === 1)).toMatchObject({ guestAddress: moved, logDirtyPages: true });
    expect(read(moved)).toBe(0x1234n);
    one.vm.setMemoryRegion({ ...slot, size: 0n });
    expect(read(moved)).toBe('mmio');
  });
  sentence('2.11', () => {
    const vm = kvm.createVm();
    const at = (slot: number, pages: bigint, size = 4n): MemoryRegion => ({ slot, guestAddress: pages * PAGE, size: size * PAGE, hostAddress: memory.base + BigInt(slot) * 0x10_0000n });
    vm.setMemoryRegion(at(0, 8n));
    for (const pages of [5n, 8n, 9n, 11n]) expect(errnoOf(() => { vm.setMemoryRegion(at(1, pages)); })).toBe('EEXIST');
    expect(errnoOf(() => { vm.setMemoryRegion(at(1, 4n, 16n)); })).toBe('EEXIST');
    vm.setMemoryRegion(at(1, 12n));
    vm.setMemoryRegion(at(2, 4n));
    expect(errnoOf(() => { vm.setMemoryRegion(at(2, 6n)); })).toBe('EEXIST');
    vm.setMemoryRegion(at(2, 16n));
  });
  sentence('2.13', () => {
    const readOnly = RAM + 0x100_0000n;
    const one = kvmGuest({ source: 'ldr x0, [x1]\n str x0, [x1]\n b .' });
    one.vm.setMemoryRegion({ slot: 1, guestAddress: readOnly, size: PAGE, hostAddress: one.memory.base + 0x20_0000n, readOnly: true });
    one.machine.memory.write(one.memory.base + 0x20_0000n, 8, 5n, 'debugger');
    expect(runAt(one.vcpu, RAM, { x1: readOnly })).toMatchObject({ kind: 'mmio', address: readOnly, write: true, length: 8, data: Uint8Array.of(5, 0, 0, 0, 0, 0, 0, 0) });
    expect(one.machine.memory.read(one.memory.base + 0x20_0000n, 8, 'debugger')).toBe(5n);
  }, 'read-only');
  sentence('2.13', () => {
    // Tables in a read-only slot, whose access flags the processor is to set (TCR_EL1.HA): an abort on a walk, for the guest.
    const tables = RAM + 0x100_0000n;
    const one = kvmGuest({ source: 'ldr x0, [x1]\n b .', model: UPDATING });
    const host = one.memory.base + 0x20_0000n;
    one.vm.setMemoryRegion({ slot: 1, guestAddress: tables, size: PAGE, hostAddress: host, readOnly: true });
    stage1(one, { tables, write: (at, value) => { one.machine.memory.write(host + (at - tables), 8, value, 'debugger'); } });
    // The second GiB has no access flag; it is the same memory.
    one.machine.memory.write(host + 16n, 8, RAM | BLOCK, 'debugger');
    one.program('mrs x9, ESR_EL1\n str x9, [x2]', RAM + 0xa00n);
    const exit = runAt(one.vcpu, RAM, { x1: RAM + 0x4000_0000n, x2: MMIO, VBAR_EL1: RAM + 0x800n });
    expect(exit).toMatchObject({ kind: 'mmio', address: MMIO });
    // A data abort of EL1, synchronous external.
    expect(one.vcpu.getRegister('x9') & ~(1n << 6n)).toBe(0x9600_0010n);
  }, 'walks');
});

describe('beyond a VM\'s addresses', () => {
  it('nothing answers, not the VMM either: an abort', () => {
    for (const [type, kind] of [[0n, 'mmio'], [32n, 'abort']] as const) {
      const { kvm, memory, load } = kvmBench();
      const vm = kvm.createVm(type);
      vm.setMemoryRegion({ slot: 0, guestAddress: RAM, size: 0x10_0000n, hostAddress: memory.base });
      const vcpu = vm.createVcpu(0);
      vcpu.initialise(['psci-0.2']);
      load(memory.base, RAM, 'ldr x0, [x1]');
      load(memory.base + 0xa00n, RAM + 0xa00n, 'mrs x9, ESR_EL1\n str x9, [x2]');
      const exit = runAt(vcpu, RAM, { x1: 1n << 33n, x2: MMIO, VBAR_EL1: RAM + 0x800n });
      expect(exit).toMatchObject({ kind: 'mmio', address: kind === 'mmio' ? 1n << 33n : MMIO });
      if (kind === 'abort') expect(vcpu.getRegister('x9')).toBe(0x9600_0010n);
    }
  });
});

/** A block of 1 GiB: valid, normal memory by AttrIndx 0, inner shareable. AF is bit 10. */
const BLOCK = 1n | (3n << 8n);
const AF = 1n << 10n;
/** A page or table. */
const TABLE = 3n;

/** Translation on: the GiB at 0x40000000 is itself, and the one at 0 (for MMIO), by tables at level 1. */
function stage1({ vcpu }: KvmGuest, { tables, write }: { readonly tables: bigint; readonly write: (at: bigint, value: bigint) => void }): void {
  write(tables, 4n | BLOCK | AF);
  write(tables + 8n, RAM | BLOCK | AF);
  const registers = {
    // AttrIndx 0 normal write-back, 1 device. T0SZ 25: level 1. IRGN0, ORGN0, SH0; HA; 40 bits of physical address.
    MAIR_EL1: 0xffn, TTBR0_EL1: tables, TCR_EL1: 25n | (1n << 8n) | (1n << 10n) | (3n << 12n) | (1n << 23n) | (2n << 32n) | (1n << 39n),
    SCTLR_EL1: 0x30d0_1805n, CPACR_EL1: 0x30_0000n,
  };
  for (const [name, value] of Object.entries(registers)) vcpu.setRegister(name, value);
}

const PAGES = 48;
const LIST = RAM + 0x8000n;
const TABLES = RAM + 0xa000n;
/** The same pages at another address, by tables of pages without access flags that are themselves the last pages of the data. */
const WINDOW = RAM + 0x4000_0000n;

/** What an operation of the guest's does at an address, and whether that is a write. Aligned to 64 bytes. */
const OPERATIONS = [
  { source: 'ldr x3, [x2]', writes: false }, { source: 'str x3, [x2]', writes: true }, { source: 'strb w3, [x2]', writes: true },
  { source: 'stp x3, x4, [x2]', writes: true }, { source: 'str q0, [x2]', writes: true }, { source: 'dc zva, x2', writes: true },
  { source: 'ldxr x3, [x2]\n stxr w4, x3, [x2]', writes: true }, { source: 'ldxr x3, [x2]\n clrex', writes: false }, { source: 'ldadd x3, x4, [x2]', writes: true },
  { source: 'cas x3, x4, [x2]', writes: true }, { source: 'dc cvac, x2', writes: false }, { source: 'dc civac, x2', writes: false }, { source: 'prfm pldl1keep, [x2]', writes: false },
  { source: 'ldp x3, x4, [x2]', writes: false },
] as const;

interface Operation {
  readonly operation: number;
  readonly page: number;
  readonly line: number;
}
const operations = fc.array(fc.record({ operation: fc.nat(OPERATIONS.length - 1), page: fc.nat(PAGES - 1), line: fc.nat(63) }), { maxLength: 40 });

/** The program goes through a list of (routine, address), until a routine of 0; then it tells the VMM. Each routine comes back by x30. */
function writer(options: KvmGuestOptions = {}): { readonly one: KvmGuest; perform(list: readonly Operation[]): void; readonly slot: MemoryRegion } {
  const one = kvmGuest({
    source: 'add x20, x20, #0\n1: ldp x1, x2, [x20], #16\n cbz x1, 2f\n blr x1\n b 1b\n2: str xzr, [x21]', ...options,
  });
  const routines = OPERATIONS.map(({ source }, n) => {
    const at = RAM + 0x1000n + BigInt(n) * 0x40n;
    one.program(`${source}\n ret`, at);
    return at;
  });
  // Two MiB, so that there are blocks to break up; only the first pages are written.
  const slot: MemoryRegion = { slot: 1, guestAddress: RAM + 0x20_0000n, size: 0x20_0000n, hostAddress: one.memory.base + 0x20_0000n };
  one.vm.setMemoryRegion(slot);
  stage1(one, { tables: TABLES, write: (at, value) => { one.write(at, value); } });
  return {
    one, slot,
    perform(list) {
      for (const [n, { operation, page, line }] of list.entries()) {
        one.write(LIST + BigInt(n) * 16n, routines[operation]);
        one.write(LIST + BigInt(n) * 16n + 8n, slot.guestAddress + BigInt(page) * PAGE + BigInt(line) * 64n);
      }
      one.write(LIST + BigInt(list.length) * 16n, 0n);
      expect(runAt(one.vcpu, RAM, { x20: LIST, x21: MMIO })).toMatchObject({ kind: 'mmio', address: MMIO });
    },
  };
}

const pagesOf = (bitmap: Uint8Array): readonly number[] => Array.from({ length: bitmap.length * 8 }, (_, page) => page).filter((page) => ((bitmap[page >> 3] >> (page & 7)) & 1) === 1);
const written = (list: readonly Operation[]): readonly number[] => [...new Set(list.filter(({ operation }) => OPERATIONS[operation].writes).map(({ page }) => page))].sort((a, b) => a - b);

describe('the log of dirty pages', () => {
  for (const mode of ['vhe', 'nvhe'] as const) {
    it(`has exactly the pages that were written since it was taken, ${mode}`, () => {
      const { one, perform, slot } = writer({ mode });
      fc.assert(fc.property(operations, fc.array(operations, { minLength: 1, maxLength: 4 }), (before, rounds) => {
        one.vm.setMemoryRegion({ ...slot, logDirtyPages: false });
        perform(before);
        one.vm.setMemoryRegion({ ...slot, logDirtyPages: true });
        for (const list of rounds) {
          perform(list);
          expect(pagesOf(one.vm.takeDirtyLog(1))).toEqual(written(list));
        }
        expect(pagesOf(one.vm.takeDirtyLog(1))).toEqual([]);
      }), { numRuns: 25 });
    });
  }

  it('is cleared by the VMM where it asked for that, a page at a time, and says all at first where it asked for that', () => {
    for (const option of [1n, 3n]) {
      const { one, perform, slot } = writer({ prepare: (vm) => { vm.enableCapability(MANUAL_PROTECT, { args: [option] }); } });
      const all = Number(slot.size / PAGE);
      perform([{ operation: 1, page: 2, line: 0 }]);
      one.vm.setMemoryRegion({ ...slot, logDirtyPages: true });
      const bitmap = new Uint8Array(8).fill(0xff);
      const clear = (first: number, pages: number): string => errnoOf(() => { one.vm.clearDirtyLog(1, { first, pages, bitmap }); });
      if (option === 3n) {
        expect(pagesOf(one.vm.takeDirtyLog(1))).toHaveLength(all);
        for (let first = 0; first < all; first += 64) expect(clear(first, 64)).toBe('none');
      }
      expect(pagesOf(one.vm.takeDirtyLog(1))).toEqual([]);
      perform([{ operation: 1, page: 2, line: 0 }, { operation: 5, page: 3, line: 1 }, { operation: 8, page: 7, line: 0 }]);
      // Taken twice: it stays.
      for (let n = 0; n < 2; n++) expect(pagesOf(one.vm.takeDirtyLog(1))).toEqual([2, 3, 7]);
      one.vm.clearDirtyLog(1, { first: 0, pages: 64, bitmap: Uint8Array.of(0b1000, 0, 0, 0, 0, 0, 0, 0) });
      expect(pagesOf(one.vm.takeDirtyLog(1))).toEqual([2, 7]);
      // Those that were not cleared are not protected either: writing them says nothing new.
      perform([{ operation: 1, page: 3, line: 0 }, { operation: 1, page: 2, line: 0 }]);
      expect(pagesOf(one.vm.takeDirtyLog(1))).toEqual([2, 3, 7]);
      expect([clear(1, 64), clear(0, 63), clear(0, all + 64), clear(all, 64)]).toEqual(['EINVAL', 'EINVAL', 'EINVAL', 'EINVAL']);
      expect(errnoOf(() => { one.vm.clearDirtyLog(0, { first: 0, pages: 64, bitmap }); })).toBe('ENOENT');
      expect(errnoOf(() => { one.vm.clearDirtyLog(40_000, { first: 0, pages: 64, bitmap }); })).toBe('EINVAL');
    }
  });

  it('has what walks of the guest write: access flags and dirty state in its tables', () => {
    for (const mode of ['vhe', 'nvhe'] as const) {
      // The tables of the window are in the logged slot: its level 3 in the last page, level 2 in the one before.
      const { one, slot } = writer({ mode, model: UPDATING });
      const [level2, level3] = [slot.guestAddress + slot.size - 2n * PAGE, slot.guestAddress + slot.size - PAGE];
      const host = (at: bigint): bigint => slot.hostAddress + (at - slot.guestAddress);
      const put = (at: bigint, value: bigint): void => { one.machine.memory.write(host(at), 8, value, 'debugger'); };
      one.write(TABLES + 16n, level2 | TABLE);
      put(level2, level3 | TABLE);
      // No access flag. DBM (bit 51) and read-only: writable clean, with HD.
      for (let n = 0n; n < 8n; n++) put(level3 + n * 8n, (slot.guestAddress + n * PAGE) | TABLE | (3n << 8n) | (1n << 7n) | (1n << 51n));
      one.vcpu.setRegister('TCR_EL1', one.vcpu.getRegister('TCR_EL1') | (1n << 40n));
      one.vm.setMemoryRegion({ ...slot, logDirtyPages: true });
      one.program('ldr x3, [x2]\n str xzr, [x21]\n str x3, [x2]\n str xzr, [x21]', RAM + 0x2000n);
      const last = Number(slot.size / PAGE) - 1;
      const touch = (pc: bigint): readonly number[] => {
        expect(runAt(one.vcpu, pc, { x2: WINDOW + 3n * PAGE, x21: MMIO })).toMatchObject({ kind: 'mmio', address: MMIO });
        return pagesOf(one.vm.takeDirtyLog(1));
      };
      const entry = (): bigint => one.machine.memory.read(host(level3 + 24n), 8, 'debugger') ?? 0n;
      // A load: the access flag. Then nothing any more. A store: the page, and its dirty state.
      expect(touch(RAM + 0x2000n)).toEqual([last]);
      expect(entry() & AF).toBe(AF);
      expect(touch(RAM + 0x2000n)).toEqual([]);
      expect(touch(RAM + 0x2008n)).toEqual([3, last]);
      expect(entry() & (1n << 7n)).toBe(0n);
    }
  });

  it('begins empty and ends with the flag, goes with a slot that is moved, and is not there without', () => {
    const { one, perform, slot } = writer();
    expect(errnoOf(() => one.vm.takeDirtyLog(1))).toBe('ENOENT');
    expect(errnoOf(() => one.vm.takeDirtyLog(3))).toBe('ENOENT');
    expect(errnoOf(() => one.vm.takeDirtyLog(32_767))).toBe('EINVAL');
    one.vm.setMemoryRegion({ ...slot, logDirtyPages: true });
    perform([{ operation: 1, page: 5, line: 0 }]);
    one.vm.setMemoryRegion({ ...slot, guestAddress: slot.guestAddress + 0x40_0000n, logDirtyPages: true });
    one.vm.setMemoryRegion({ ...slot, logDirtyPages: true });
    expect(pagesOf(one.vm.takeDirtyLog(1))).toEqual([5]);
    perform([{ operation: 1, page: 6, line: 0 }]);
    one.vm.setMemoryRegion(slot);
    expect(errnoOf(() => one.vm.takeDirtyLog(1))).toBe('ENOENT');
    one.vm.setMemoryRegion({ ...slot, logDirtyPages: true });
    expect(pagesOf(one.vm.takeDirtyLog(1))).toEqual([]);
  });
});
