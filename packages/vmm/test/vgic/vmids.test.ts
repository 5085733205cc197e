/** More VMs than there are VMIDs, on one processor whose TLB tells VMs apart by them. */
import { describe, expect, it } from 'vitest';
import { RAM, bareHost } from '../../src/test/bare-guest.ts';
import type { BareVm } from '../../src/test/bare-guest.ts';

const MIB = 1 << 20;
const OFF = 'mov w0, #0x0008\n movk w0, #0x8400, lsl #16\n hvc #0';
const VMS = 300;

const PAIRS = [['two-hooks', 'nvhe'], ['owner', 'vhe']] as const;

describe.each(PAIRS)('VMIDs under %s, %s', (revision, mode) => {
  const vmidOf = ({ backend }: BareVm): bigint => backend.guest.memory.state.get('vttbr') >> 48n;
  const off = { kind: 'system-event', event: 'shutdown', flags: 0n };

  it(`serve ${VMS} VMs: what one number's TLB entries said of its first VM is not believed of its second`, () => {
    const on = bareHost({ mode, revision });
    /** A VM that says its number, at a place of the host's memory that others use later, for all but the first. */
    const start = (value: number, at: number): BareVm => {
      const one = on.vm({ at, size: MIB });
      one.load(RAM, `mov x5, #${value}\n ${OFF}\n mov x5, #${value + 1000}\n ${OFF}`);
      return one;
    };
    // Lives on through all of it, and leaves translations of its page in the TLB under the first number.
    const first = start(7, 0);
    expect(first.vcpu.run()).toEqual(off);
    expect(vmidOf(first)).toBe(1n);
    const seen: bigint[] = [];
    for (let n = 1; n < VMS; n++) {
      const one = start(n, 2 * MIB);
      expect(one.vcpu.run()).toEqual(off);
      expect(one.vcpu.getRegister('x5')).toBe(BigInt(n));
      seen.push(vmidOf(one));
      one.vm.dispose();
    }
    expect(seen.slice(0, 254)).toEqual(Array.from({ length: 254 }, (_, n) => BigInt(n + 2)));
    // The next generation begins at 1, which was the first VM's.
    expect(seen[254]).toBe(1n);
    expect(seen.at(-1)).toBe(BigInt(VMS - 255));
    // And that one gets another at its next turn, with its own memory behind it.
    first.vcpu.initialise(['psci-0.2']);
    first.vcpu.setRegister('pc', RAM + 0x10n);
    expect(first.vcpu.run()).toEqual(off);
    expect(first.vcpu.getRegister('x5')).toBe(1007n);
    expect(vmidOf(first)).toBe(BigInt(VMS - 255 + 1));
  });

  it('are flushed for: without it the second VM of a number runs in the first one\'s memory', () => {
    const on = bareHost({ mode, revision });
    const first = on.vm({ at: 0 });
    first.load(RAM, `mov x5, #7\n ${OFF}`);
    expect(first.vcpu.run()).toEqual(off);
    // The allocator begins anew, and nobody invalidates anything.
    Object.assign(on.hypervisor.host, { vmids: { current: () => true, claim: () => ({ generation: 9n, vmid: 1 }) } });
    const second = on.vm({ at: 2 * MIB });
    second.load(RAM, `mov x5, #8\n ${OFF}`);
    expect(second.vcpu.run()).toEqual(off);
    expect(second.vcpu.getRegister('x5')).toBe(7n);
  });
});
