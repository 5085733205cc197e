import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { KvmError } from '@worldswitch/hypervisor';
import { FakeKernel } from '../test/fake-kernel.ts';
import type { FakeKernelOptions } from '../test/fake-kernel.ts';
import { RegisterList, compareRegisters, registerSize } from './register-list.ts';
import type { RegisterFields, RegisterListRules } from './register-list.ts';

/** Registers of an architecture that does not exist: bit 20 marks those moved by hand, bit 21 those of level full, bit 22 of level reset. */
const U32 = 2n << 52n;
const U64 = 3n << 52n;
const A = U64 | 1n;
const B = U64 | 2n;
const NARROW = U32 | 3n;
const FULL = U64 | (1n << 21n);
const RESET = U64 | (1n << 22n);
const BY_HAND = U64 | (1n << 20n);
const RULES: RegisterListRules = {
  listed: (id) => (id & (1n << 20n)) === 0n,
  level: (id) => ((id & (1n << 21n)) !== 0n ? 'full' : (id & (1n << 22n)) !== 0n ? 'reset' : 'runtime'),
  nameOf: (id) => `R${id & 0xffn}`,
};

function listOf(options: FakeKernelOptions): { readonly kernel: FakeKernel; readonly list: RegisterList } {
  const kernel = new FakeKernel(options);
  const { vcpu } = kernel.vcpu();
  const list = new RegisterList(vcpu.oneRegisters, RULES);
  kernel.calls.length = 0;
  return { kernel, list };
}
const make = (list: readonly bigint[]) => (): RegisterList => new RegisterList(new FakeKernel({ list }).vcpu().vcpu.oneRegisters, RULES);
const sets = (kernel: FakeKernel): string[] => kernel.calls.filter((call) => call.startsWith('set'));
const hexId = (id: bigint): string => `0x${id.toString(16)}`;

/** Fields of a VMM's processor that knows A, which it can change, and NARROW, which is a constant 7 of its model. */
function fields(): { readonly values: { a: bigint }; readonly fields: RegisterFields } {
  const values = { a: 0n };
  return {
    values,
    fields: {
      find: (id) => (id === A ? { read: () => values.a, write: (value) => { values.a = value; } } : id === NARROW ? { read: () => 7n, write: () => undefined } : undefined),
    },
  };
}

describe('the list as the kernel gives it', () => {
  it('is sorted, and holds nothing that is moved by hand', () => {
    const { list } = listOf({ list: [FULL, B, BY_HAND, NARROW, A] });
    expect(list.ids).toEqual([NARROW, A, B, FULL]);
  });

  it('has the values of the kernel from the start, each in its width', () => {
    const { list } = listOf({ list: [A, NARROW], registers: new Map([[A, 0xffff_ffff_ffff_fffen], [NARROW, 0xffff_fffdn]]) });
    expect([list.get(A), list.get(NARROW), list.get(B)]).toEqual([0xffff_ffff_ffff_fffen, 0xffff_fffdn, undefined]);
  });

  it('refuses a register that is listed twice, and names it', () => {
    expect(make([A, B, A])).toThrow(/^EINVAL: R1 \(0x30000000000001\): a kernel lists a register once/);
  });

  it.each([0n, 1n, 4n, 5n, 8n])('refuses a register of 2^%s bytes, and names it', (log) => {
    expect(make([A, (log << 52n) | 9n])).toThrow(new RegExp(`^EINVAL: R9 \\(0x${((log << 52n) | 9n).toString(16)}\\), ${1 << Number(log)} bytes`));
  });

  it('takes a wider register that is moved by hand', () => {
    expect(make([A, (4n << 52n) | (1n << 20n)])().ids).toEqual([A]);
  });

  it('refuses to begin with a kernel that does not have what it listed, and names all of that', () => {
    const kernel = new FakeKernel({ list: [A, B, NARROW] });
    const { vcpu } = kernel.vcpu();
    kernel.refusals.set(`get ${hexId(A)}`, 'ENOENT').set(`get ${hexId(NARROW)}`, 'EPERM');
    expect(() => new RegisterList(vcpu.oneRegisters, RULES)).toThrow(`EINVAL: reading what the kernel listed: R3 (${hexId(NARROW)}) EPERM, R1 (${hexId(A)}) ENOENT`);
  });

  it('says so where the kernel refuses the list', () => {
    const kernel = new FakeKernel({ list: [A] });
    const { vcpu } = kernel.vcpu();
    kernel.refusals.set('list', 'EPERM');
    expect(() => new RegisterList(vcpu.oneRegisters, RULES)).toThrow(/^EPERM: asking for the list of registers/);
  });

  it('lets through what is no refusal', () => {
    const broken = { list: () => [A], get: (): bigint => { throw new RangeError('a bug'); }, set: () => undefined };
    expect(() => new RegisterList(broken, RULES)).toThrow(RangeError);
  });
});

describe('read and write', () => {
  it.each([['runtime', [A, B]], ['reset', [A, B, RESET]], ['full', [A, B, FULL, RESET]]] as const)('at %s writes that level and the more frequent ones', (level, written) => {
    const { kernel, list } = listOf({ list: [A, B, FULL, RESET] });
    expect(list.write(level)).toEqual({ ok: true, refused: [] });
    expect(sets(kernel)).toEqual(written.map((id) => `set ${hexId(id)}`));
  });

  it('goes on after a refusal, and tells of each', () => {
    const { kernel, list } = listOf({ list: [A, B, NARROW] });
    kernel.refusals.set(`set ${hexId(A)}`, 'ENOENT').set(`set ${hexId(NARROW)}`, 'EINVAL');
    list.set(B, 5n);
    const { ok, refused } = list.write('runtime');
    expect(ok).toBe(false);
    expect(refused.map(({ id, name, error }) => [id, name, error?.errno])).toEqual([[NARROW, 'R3', 'EINVAL'], [A, 'R1', 'ENOENT']]);
    expect(kernel.registers.get(B)).toBe(5n);
  });

  it('keeps the old value of what cannot be read', () => {
    const { kernel, list } = listOf({ list: [A, B], registers: new Map([[A, 1n], [B, 2n]]) });
    kernel.registers.set(A, 11n).set(B, 22n);
    kernel.refusals.set(`get ${hexId(A)}`, 'EIO');
    expect(list.read().ok).toBe(false);
    expect([list.get(A), list.get(B)]).toEqual([1n, 22n]);
  });

  it('refuses values that do not fit, and registers it does not have', () => {
    const { list } = listOf({ list: [A, NARROW] });
    expect(() => { list.set(NARROW, 1n << 32n); }).toThrow(/^EINVAL: 0x100000000 for R3/);
    expect(() => { list.set(A, -1n); }).toThrow(/^EINVAL/);
    expect(() => { list.set(B, 0n); }).toThrow(/^ENOENT: R2/);
  });

  it('registers that nobody knows come back as they were (property)', () => {
    fc.assert(fc.property(fc.uniqueArray(fc.bigInt({ min: 0n, max: 0xfffn }), { maxLength: 40 }), fc.infiniteStream(fc.bigInt({ min: 0n, max: (1n << 64n) - 1n })), (numbers, values) => {
      const registers = new Map(numbers.map((n) => [U64 | n, values.next().value as bigint]));
      const { kernel, list } = listOf({ list: [...registers.keys()], registers });
      kernel.registers.forEach((_, id) => kernel.registers.set(id, 0n));
      expect(list.write('full').ok).toBe(true);
      expect(kernel.registers).toEqual(registers);
    }));
  });
});

describe('list and processor', () => {
  it('copies what the VMM knows; tells of what it does not, and of constants that differ', () => {
    const { list } = listOf({ list: [A, B, NARROW], registers: new Map([[A, 5n], [NARROW, 8n]]) });
    const mine = fields();
    expect(list.copyTo(mine.fields).refused.map(({ id }) => id)).toEqual([NARROW, B]);
    expect(mine.values.a).toBe(5n);
  });

  it('takes back what has changed, and never the VMM\'s idea of a constant', () => {
    const { list } = listOf({ list: [A, B, NARROW], registers: new Map([[A, 5n], [NARROW, 8n]]) });
    const mine = fields();
    list.copyTo(mine.fields);
    mine.values.a = 6n;
    list.copyFrom(mine.fields);
    expect([list.get(A), list.get(NARROW)]).toEqual([6n, 8n]);
  });

  it('takes nothing back from a field that could not hold the last value, though it held an earlier one', () => {
    const { kernel, list } = listOf({ list: [A], registers: new Map([[A, 5n]]) });
    let held = 0n;
    const narrow: RegisterFields = { find: () => ({ read: () => held, write: (value) => { held = value & 0xffn; } }) };
    expect(list.copyTo(narrow).ok).toBe(true);
    kernel.registers.set(A, 0x105n);
    list.read();
    expect(list.copyTo(narrow).refused.map(({ id }) => id)).toEqual([A]);
    held = 6n;
    list.copyFrom(narrow);
    expect(list.get(A)).toBe(0x105n);
  });

  it('does not overwrite with fields that did not change, or were never filled', () => {
    const { list } = listOf({ list: [A], registers: new Map([[A, 5n]]) });
    const mine = fields();
    mine.values.a = 99n;
    list.copyFrom(mine.fields);
    expect(list.get(A)).toBe(5n);
    list.copyTo(mine.fields);
    list.set(A, 7n);
    list.copyFrom(mine.fields);
    expect(list.get(A)).toBe(7n);
  });
});

describe('snapshots', () => {
  it('restore what they hold and leave the rest', () => {
    const { list } = listOf({ list: [A, B], registers: new Map([[A, 1n], [B, 2n]]) });
    list.restore([{ id: A, value: 10n }]);
    expect(list.snapshot()).toEqual([{ id: A, value: 10n }, { id: B, value: 2n }]);
  });

  it('are refused whole where a register would be lost, or a value does not fit', () => {
    const { list } = listOf({ list: [A, NARROW], registers: new Map([[A, 1n]]) });
    expect(() => { list.restore([{ id: A, value: 9n }, { id: B, value: 1n }]); }).toThrow(/^EINVAL: R2 \(0x30000000000002\)/);
    expect(() => { list.restore([{ id: A, value: 9n }, { id: NARROW, value: 1n << 40n }]); }).toThrow(/^EINVAL/);
    expect(list.get(A)).toBe(1n);
  });

  it('compare by identifier', () => {
    const left = [{ id: A, value: 1n }, { id: B, value: 2n }];
    expect(compareRegisters(left, left)).toEqual([]);
    expect(compareRegisters(left, [{ id: B, value: 3n }, { id: FULL, value: 0n }])).toEqual([
      { id: A, left: 1n, right: undefined }, { id: B, left: 2n, right: 3n }, { id: FULL, left: undefined, right: 0n },
    ]);
  });
});

it('sizes are in the identifier, on every architecture', () => {
  // KVM_REG_PPC_PIR of 32 bits, KVM_REG_ARM64's V0 and SVE's Z0, from the kernel's headers.
  expect([0x1020_0000_0000_0041n, 0x6040_0000_0010_0054n, 0x6080_0000_0015_0000n].map(registerSize)).toEqual([4, 16, 256]);
});

it('a refusal of a list is a KvmError like any other', () => {
  expect(() => make([A, A])()).toThrow(KvmError);
});
