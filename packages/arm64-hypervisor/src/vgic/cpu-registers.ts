/** CPU interfaces as a VMM saves and restores them. They are in the slots that the virtual CPU interface is loaded from. */
import { encodingOf } from '@worldswitch/arm64-sysreg';
import { KvmError } from '@worldswitch/hypervisor';
import type { Block } from '../context/block.ts';
import type { GicV3VirtualInterface } from './gicv3.ts';
import { GICC_IIDR } from './implementation.ts';

/** A register of a vCPU's, in its `state`. */
export interface InterfaceRegister {
  read(state: Block): bigint;
  /** Throws `KvmError` EINVAL. */
  write(state: Block, value: bigint): void;
}

const VMCR = 'vgic-vmcr';

/** Some bits of a slot, and where they are in the register. */
function field(slot: string, mask: bigint, shift: bigint): InterfaceRegister {
  return {
    read: (state) => (state.get(slot) >> shift) & mask,
    write: (state, value) => { state.set(slot, (state.get(slot) & ~(mask << shift)) | ((value & mask) << shift)); },
  };
}
const constant = (value: bigint): InterfaceRegister => ({ read: () => value, write: () => undefined });

/** GICC_CTLR and GICH_VMCR have these bits in the same places (IHI 0048B 4.4.1, 5.3.6). */
const GICC_CTLR = 0x21fn;

/** GICC registers by offset. The mask of priorities is five bits at the bottom: a format that VMMs keep to (arm-vgic.rst). Of active priorities there is one word. */
export const GICC_REGISTERS: ReadonlyMap<number, InterfaceRegister> = new Map([
  [0x00, field(VMCR, GICC_CTLR, 0n)], [0x04, field(VMCR, 0x1fn, 27n)], [0x08, field(VMCR, 7n, 21n)], [0x1c, field(VMCR, 7n, 18n)],
  [0xd0, field('vgic-ap0', 0xffff_ffffn, 0n)], [0xd4, constant(0n)], [0xd8, constant(0n)], [0xdc, constant(0n)], [0xfc, constant(BigInt(GICC_IIDR))],
]);

/** ICC_CTLR_EL1: CBPR 0 and EOImode 1, which are VCBPR 4 and VEOIM 9 of ICH_VMCR_EL2; PRIbits 10:8, IDbits 13:11, SEIS 14, A3V 15 (IHI 0069). */
const CBPR = { control: 0n, vmcr: 4n } as const;
const EOIMODE = { control: 1n, vmcr: 9n } as const;
const bit = (value: bigint, at: bigint): bigint => (value >> at) & 1n;

function control(identification: bigint): InterfaceRegister {
  const part = (value: bigint, high: bigint, low: bigint): bigint => (value >> low) & ((1n << (high - low + 1n)) - 1n);
  return {
    read(state) {
      const vmcr = state.get(VMCR);
      return identification | (bit(vmcr, CBPR.vmcr) << CBPR.control) | (bit(vmcr, EOIMODE.vmcr) << EOIMODE.control);
    },
    write(state, value) {
      const fits = part(value, 10n, 8n) <= part(identification, 10n, 8n) && part(value, 13n, 11n) <= part(identification, 13n, 11n) && part(value, 15n, 14n) === part(identification, 15n, 14n);
      if (!fits) refuse('ICC_CTLR_EL1', value, `of priority and interrupt bits there are as many as 0x${identification.toString(16)} says, and SEIS and A3V are those`);
      const mask = (1n << CBPR.vmcr) | (1n << EOIMODE.vmcr);
      state.set(VMCR, (state.get(VMCR) & ~mask) | (bit(value, CBPR.control) << CBPR.vmcr) | (bit(value, EOIMODE.control) << EOIMODE.vmcr));
    },
  };
}

const binaryPoint0 = field(VMCR, 7n, 21n);
const binaryPoint1 = field(VMCR, 7n, 18n);
/** With CBPR, BPR1 is BPR0 plus one, and takes nothing (IHI 0069, ICC_BPR1_EL1). */
const commonable: InterfaceRegister = {
  read: (state) => (bit(state.get(VMCR), CBPR.vmcr) === 0n ? binaryPoint1.read(state) : smaller(binaryPoint0.read(state) + 1n, 7n)),
  write: (state, value) => { if (bit(state.get(VMCR), CBPR.vmcr) === 0n) binaryPoint1.write(state, value); },
};
const smaller = (a: bigint, b: bigint): bigint => (a < b ? a : b);

/** SRE, DFB and DIB: system registers are the one way (IHI 0069, ICC_SRE_EL1). */
const SRE = 7n;
const systemRegisters: InterfaceRegister = {
  read: () => SRE,
  write: (_, value) => { if ((value & 1n) === 0n) refuse('ICC_SRE_EL1', value, 'SRE is 1: there is no interface in memory'); },
};

/** With five bits of priority there is one of each (IHI 0069, ICC_AP0R<n>_EL1). */
const noRegister = (name: string): InterfaceRegister => {
  const none = (): never => { throw new KvmError('EINVAL', { value: name, rule: 'with five bits of priority there is register 0 alone', remedy: 'leave it out' }); };
  return { read: none, write: none };
};

/** ICC registers by packed encoding. */
export function iccRegisters(hardware: Pick<GicV3VirtualInterface, 'identification'>): ReadonlyMap<number, InterfaceRegister> {
  const rows: readonly (readonly [string, InterfaceRegister])[] = [
    ['ICC_PMR_EL1', field(VMCR, 0xffn, 24n)], ['ICC_BPR0_EL1', binaryPoint0], ['ICC_AP0R0_EL1', field('vgic-ap0', 0xffff_ffffn, 0n)], ['ICC_AP1R0_EL1', field('vgic-ap1', 0xffff_ffffn, 0n)],
    ...[1, 2, 3].flatMap((n) => [`ICC_AP0R${n}_EL1`, `ICC_AP1R${n}_EL1`]).map((name) => [name, noRegister(name)] as const),
    ['ICC_BPR1_EL1', commonable], ['ICC_CTLR_EL1', control(hardware.identification)], ['ICC_SRE_EL1', systemRegisters],
    ['ICC_IGRPEN0_EL1', field(VMCR, 1n, 0n)], ['ICC_IGRPEN1_EL1', field(VMCR, 1n, 1n)],
  ];
  return new Map(rows.map(([name, register]) => [encodingOf(name), register]));
}

function refuse(name: string, value: bigint, rule: string): never {
  throw new KvmError('EINVAL', { value: `${name} = 0x${value.toString(16)}`, rule, remedy: 'write what was read from such a vCPU' });
}
