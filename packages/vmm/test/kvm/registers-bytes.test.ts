/** What of registers, features and events only a program has that speaks to /dev/kvm in bytes. */
import { describe, expect, it } from 'vitest';
import { byteGuest, byteProgram, struct } from './byte-program.ts';
import type { ByteGuest } from './byte-program.ts';
import { sentence } from './sentence.ts';

const LIST = struct('kvm_reg_list');
const ONE = struct('kvm_one_reg');
const BAD = 0x1234n;
const listed = ({ call, vcpu }: ByteGuest): readonly bigint[] => {
  const probe = LIST.encode({ n: 0n });
  expect(call(vcpu, 'KVM_GET_REG_LIST', probe)).toBe('E2BIG');
  const argument = LIST.encode({ n: LIST.get(probe, 'n'), reg: Array.from({ length: Number(LIST.get(probe, 'n')) }, () => 0n) });
  expect(call(vcpu, 'KVM_GET_REG_LIST', argument)).toBe(0);
  return LIST.decode(argument).reg;
};
const sizeOf = (id: bigint): number => 1 << Number((id >> 52n) & 0xfn);

describe('the register list in bytes', () => {
  sentence('4.19', () => {
    const one = byteGuest('nop');
    const all = listed(one);
    expect(all.length).toBeGreaterThan(200);
    for (const room of [0, 1, all.length - 1]) {
      const argument = LIST.encode({ n: BigInt(room), reg: Array.from({ length: all.length }, () => 0xaaaan) });
      expect(one.call(one.vcpu, 'KVM_GET_REG_LIST', argument), `${room}`).toBe('E2BIG');
      const { n, reg } = LIST.decode(argument);
      expect([n, reg.every((id) => id === 0xaaaan)]).toEqual([BigInt(all.length), true]);
    }
    const more = LIST.encode({ n: BigInt(all.length + 5), reg: Array.from({ length: all.length + 5 }, () => 0xaaaan) });
    expect(one.call(one.vcpu, 'KVM_GET_REG_LIST', more)).toBe(0);
    expect(LIST.get(more, 'n')).toBe(BigInt(all.length));
    expect(LIST.decode(more).reg).toEqual([...all, ...Array.from({ length: 5 }, () => 0xaaaan)]);
  });
  sentence('4.21', () => {
    const one = byteGuest('nop');
    const at = one.space.allocate(16);
    const get = (id: bigint): string => {
      one.space.write(at, new Uint8Array(16).fill(0xee));
      expect(one.call(one.vcpu, 'KVM_GET_ONE_REG', ONE.encode({ id, addr: at })), `0x${id.toString(16)}`).toBe(0);
      const bytes = one.space.read(at, 16) as Uint8Array;
      // Not a byte more than the identifier says.
      expect([...bytes.slice(sizeOf(id))].every((byte) => byte === 0xee)).toBe(true);
      return bytes.slice(0, sizeOf(id)).toString();
    };
    for (const id of listed(one)) {
      const before = get(id);
      expect(one.call(one.vcpu, 'KVM_SET_ONE_REG', ONE.encode({ id, addr: at })), `0x${id.toString(16)}`).toBe(0);
      expect(get(id)).toBe(before);
      expect([one.call(one.vcpu, 'KVM_GET_ONE_REG', ONE.encode({ id, addr: BAD })), one.call(one.vcpu, 'KVM_SET_ONE_REG', ONE.encode({ id, addr: BAD }))]).toEqual(['EFAULT', 'EFAULT']);
    }
  }, 'in bytes');
  sentence('3.11', () => {
    const { call, system } = byteProgram();
    const vm = Number(call(system, 'KVM_CREATE_VM'));
    const vcpu = Number(call(vm, 'KVM_CREATE_VCPU', 0));
    expect([
      call(vcpu, 'KVM_RUN'), call(vcpu, 'KVM_GET_ONE_REG', ONE.encode({ id: 0x6030_0000_0010_0000n, addr: BAD })), call(vcpu, 'KVM_SET_ONE_REG', ONE.encode({ id: 0x6030_0000_0010_0000n, addr: BAD })),
      call(vcpu, 'KVM_GET_REG_LIST', LIST.encode({})), call(vcpu, 'KVM_GET_VCPU_EVENTS', new Uint8Array(64)), call(vcpu, 'KVM_SET_VCPU_EVENTS', new Uint8Array(64)),
      call(vcpu, 'KVM_ARM_VCPU_FINALIZE', Uint8Array.of(4, 0, 0, 0)),
    ]).toEqual(Array(7).fill('ENOEXEC'));
  }, 'in bytes');
});

describe('bits of identification registers that can be written', () => {
  const MASKS = struct('reg_mask_range');
  const read = (one: ByteGuest): readonly bigint[] => {
    const at = one.space.allocate(192 * 8);
    expect(one.call(one.vm, 'KVM_ARM_GET_REG_WRITABLE_MASKS', MASKS.encode({ addr: at }))).toBe(0);
    const bytes = one.space.read(at, 192 * 8) as Uint8Array;
    const view = new DataView(bytes.buffer, bytes.byteOffset);
    return Array.from({ length: 192 }, (_, n) => view.getBigUint64(8 * n, true));
  };
  it('are told for all of the range; what they allow is allowed', () => {
    const one = byteGuest('nop');
    const masks = read(one);
    // ID_AA64ISAR0_EL1: op1 0, CRm 6, op2 0. Every field but what is reserved: 27:24 and 3:0.
    expect(masks[6 * 8]).toBe(0xffff_ffff_f0ff_fff0n);
    // CLIDR_EL1: op1 1, CRm 0, op2 1; CTR_EL0: op1 3 is the third.
    expect([masks[64 + 1], masks[128 + 1]]).toEqual([(1n << 47n) - 1n, 0x300f_000fn]);
    const zero = [0, 5, 7 * 8 + 7, 64, 128].map((n) => masks[n]);
    expect(zero).toEqual([0n, 0n, 0n, 0n, 0n]);
    const isar0 = 0x6030_0000_0013_c030n;
    const before = one.register(isar0);
    one.setRegister(isar0, before & ~masks[6 * 8]);
    expect(one.register(isar0)).toBe(0n);
    expect(before).not.toBe(0n);
  });
  it('are of one range, into memory of the program\'s', () => {
    const { call, vm } = byteGuest('nop');
    expect(call(vm, 'KVM_ARM_GET_REG_WRITABLE_MASKS', MASKS.encode({ addr: BAD }))).toBe('EFAULT');
    expect(call(vm, 'KVM_ARM_GET_REG_WRITABLE_MASKS', MASKS.encode({ range: 1 }))).toBe('EINVAL');
    expect(call(vm, 'KVM_ARM_GET_REG_WRITABLE_MASKS', MASKS.encode({ reserved: [0, 0, 1] }))).toBe('EINVAL');
  });
});
