/** The virtual CPU interface of a GICv3, in system registers of EL2 (IHI 0069 12.4). Five bits of priority: one register of active ones per group. */
import { ICH_VTR_EL2 } from '@worldswitch/arm64-sysreg';
import type { RegisterName } from '@worldswitch/arm64-sysreg';
import type { Block } from '../context/block.ts';
import type { HostedCode } from '../switch/code.ts';
import { lrSlot } from './interface.ts';
import type { Listed, VirtualInterface } from './interface.ts';

/** ICH_LR<n>_EL2 (IHI 0069 12.4). With HW set, bits 44:32 are the physical interrupt, and EOI is one of them. */
const LR = { id: 0xffff_ffffn, physical: 32n, physicalId: 0x1fffn, eoi: 1n << 41n, group1: 1n << 60n, hw: 1n << 61n, pending: 1n << 62n, active: 1n << 63n } as const;
const lr = (n: number): RegisterName => `ICH_LR${n}_EL2` as RegisterName;

export class GicV3VirtualInterface implements VirtualInterface {
  readonly version = 3;
  readonly listRegisters: number;
  /** ICC_CTLR_EL1 as guests find it, without what can be written: PRIbits 10:8, IDbits 13:11, SEIS 14, A3V 15, from 31:29, 25:23, 22 and 21 of ICH_VTR_EL2 (IHI 0069). */
  readonly identification: bigint;

  /** At EL2, where the registers are. */
  constructor(code: HostedCode) {
    const vtr = code.read('ICH_VTR_EL2');
    this.listRegisters = Number(ICH_VTR_EL2.get(vtr, 'ListRegs')) + 1;
    this.identification = ((vtr >> 21n) & 0x700n) | ((vtr >> 12n) & 0x3800n) | ((vtr >> 8n) & 0x4000n) | ((vtr >> 6n) & 0x8000n);
    code.write('ICH_HCR_EL2', 0n);
    for (let n = 0; n < this.listRegisters; n++) code.write(lr(n), 0n);
  }

  encode({ id, priority, group, pending, active, tellEnd, physical }: Listed): bigint {
    const end = physical !== undefined ? LR.hw | (BigInt(physical) << LR.physical) : tellEnd ? LR.eoi : 0n;
    return BigInt(id) | (BigInt(priority & 0xf8) << 48n) | (group === 1 ? LR.group1 : 0n) | (pending ? LR.pending : 0n) | (active ? LR.active : 0n) | end;
  }
  decode(value: bigint): ReturnType<VirtualInterface['decode']> {
    return {
      id: Number(value & LR.id), pending: (value & LR.pending) !== 0n, active: (value & LR.active) !== 0n,
      ...((value & LR.hw) !== 0n && { physical: Number((value >> LR.physical) & LR.physicalId) }),
    };
  }

  flush(code: HostedCode, state: Block): boolean {
    const used = code.load(state, 'vgic-used');
    if (used === 0n) return false;
    code.restore('ICH_HCR_EL2', state, 'vgic-hcr');
    for (let n = 0; n < used; n++) code.restore(lr(n), state, lrSlot(n));
    return true;
  }

  sync(code: HostedCode, state: Block): boolean {
    const used = code.load(state, 'vgic-used');
    if (used === 0n) return false;
    const empty = code.read('ICH_ELRSR_EL2', 'guest');
    code.write('ICH_HCR_EL2', 0n, 'guest');
    for (let n = 0; n < used; n++) {
      // An empty one need not be read: its interrupt is over.
      if (((empty >> BigInt(n)) & 1n) !== 0n) code.store(state, lrSlot(n), code.load(state, lrSlot(n)) & ~(LR.pending | LR.active));
      else code.save(lr(n), state, lrSlot(n));
      code.write(lr(n), 0n, 'guest');
    }
    return true;
  }

  loadControl(code: HostedCode, state: Block): void {
    code.restore('ICH_VMCR_EL2', state, 'vgic-vmcr');
  }
  putControl(code: HostedCode, state: Block): void {
    code.save('ICH_VMCR_EL2', state, 'vgic-vmcr');
  }
  loadActive(code: HostedCode, state: Block): void {
    code.restore('ICH_AP0R0_EL2', state, 'vgic-ap0');
    code.restore('ICH_AP1R0_EL2', state, 'vgic-ap1');
  }
  putActive(code: HostedCode, state: Block): void {
    code.save('ICH_AP0R0_EL2', state, 'vgic-ap0');
    code.save('ICH_AP1R0_EL2', state, 'vgic-ap1');
  }
}
