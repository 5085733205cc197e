/** Attributes of an interrupt controller in the hypervisor (Documentation/virt/kvm/devices/arm-vgic.rst, arm-vgic-v3.rst). */
import { readUnsigned, writeUnsigned } from '@worldswitch/bits';
import { PRIVATE, SGIS } from '@worldswitch/devices/gic';
import { KvmError } from '@worldswitch/hypervisor';
import type { Attribute, Attributes } from '@worldswitch/hypervisor';
import { CONSTANTS } from '@worldswitch/hypervisor/abi';
import type { Controller, UserRegisters } from './controller.ts';
import { GICC_REGISTERS, iccRegisters } from './cpu-registers.ts';
import type { InterfaceRegister } from './cpu-registers.ts';
import { GicV2Controller } from './gicv2-controller.ts';
import { GicV3Controller } from './gicv3-controller.ts';
import { GicV3VirtualInterface } from './gicv3.ts';
import { refusePlace, regionOf } from './places.ts';
import type { Vgic, VgicVm } from './vgic.ts';

const D = CONSTANTS.KVM_DEV_ARM;
const GROUP = {
  address: D.KVM_DEV_ARM_VGIC_GRP_ADDR, distributor: D.KVM_DEV_ARM_VGIC_GRP_DIST_REGS, cpu: D.KVM_DEV_ARM_VGIC_GRP_CPU_REGS, count: D.KVM_DEV_ARM_VGIC_GRP_NR_IRQS,
  control: D.KVM_DEV_ARM_VGIC_GRP_CTRL, redistributor: D.KVM_DEV_ARM_VGIC_GRP_REDIST_REGS, system: D.KVM_DEV_ARM_VGIC_GRP_CPU_SYSREGS, level: D.KVM_DEV_ARM_VGIC_GRP_LEVEL_INFO,
} as const;

const U32 = 0xffff_ffffn;

function refuse(errno: 'EBUSY' | 'EINVAL' | 'ENXIO', value: string, rule: string, remedy: string): never {
  throw new KvmError(errno, { value, rule, remedy });
}

/** Of one controller, to be asked for by group and number. */
export function vgicAttributes(vgic: Vgic, vm: VgicVm): Attributes {
  const own = new VgicAttributes(vgic, vm);
  return { find: (group, attribute) => own.find(group, attribute) };
}

class VgicAttributes {
  readonly #vgic: Vgic;
  readonly #vm: VgicVm;
  readonly #icc: ReadonlyMap<number, InterfaceRegister>;

  constructor(vgic: Vgic, vm: VgicVm) {
    this.#vgic = vgic;
    this.#vm = vm;
    this.#icc = vm.hardware instanceof GicV3VirtualInterface ? iccRegisters(vm.hardware) : new Map();
  }

  find(group: number, attribute: bigint): Attribute | undefined {
    switch (group) {
      case GROUP.address: return this.#address(attribute);
      case GROUP.count: return attribute === 0n ? this.#value(4, () => BigInt(this.#vgic.count), (value) => { this.#vgic.count = Number(value); }) : undefined;
      case GROUP.control: return this.#control(attribute);
      case GROUP.distributor: return this.#distributor(attribute);
      default: return this.#vgic.version === 2 ? this.#ofV2(group, attribute) : this.#ofV3(group, attribute);
    }
  }

  #value(size: 4 | 8, get: () => bigint, set: (value: bigint) => void): Attribute {
    const { byteOrder } = this.#vm;
    return {
      size,
      get: () => {
        const bytes = new Uint8Array(size);
        writeUnsigned(bytes, 0, size, BigInt.asUintN(8 * size, get()), byteOrder);
        return bytes;
      },
      set: (bytes) => { set(readUnsigned(bytes, 0, size, byteOrder)); },
    };
  }

  /** Registers are quiet only while no vCPU runs. Throws `KvmError` EBUSY, also for a GICv3 that was not initialised. */
  #stopped(): Controller {
    const controller = this.#vgic.ready();
    const running = this.#vgic.cpus.find((vcpu) => vcpu.running);
    if (running) refuse('EBUSY', `vCPU ${running.id}`, 'registers are accessed while no vCPU runs', 'stop it first');
    for (const vcpu of this.#vgic.cpus) vcpu.settle();
    return controller;
  }

  // Addresses

  #address(attribute: bigint): Attribute | undefined {
    const { places, redistributors, version } = this.#vgic;
    const single = (which: Parameters<typeof places.get>[0]): Attribute => this.#value(8, () => places.get(which) ?? UNDEFINED_ADDRESS, (address) => {
      if (redistributors.overlap(address, 0x1_0000n) && which === 'gicv3Distributor') refusePlace('EINVAL', `the distributor at 0x${address.toString(16)}`, 'redistributors are there', 'choose another place');
      places.set(which, address);
    });
    switch (`${version} ${attribute}`) {
      case `2 ${D.KVM_VGIC_V2_ADDR_TYPE_DIST}`: return single('gicv2Distributor');
      case `2 ${D.KVM_VGIC_V2_ADDR_TYPE_CPU}`: return single('gicv2CpuInterface');
      case `3 ${D.KVM_VGIC_V3_ADDR_TYPE_DIST}`: return single('gicv3Distributor');
      case `3 ${D.KVM_VGIC_V3_ADDR_TYPE_REDIST}`:
        return this.#value(8, () => redistributors.regions.at(0)?.base ?? UNDEFINED_ADDRESS, (base) => { redistributors.add(0, { base, count: 0 }, (at, size) => places.overlap(at, size)); });
      case `3 ${D.KVM_VGIC_V3_ADDR_TYPE_REDIST_REGION}`: {
        const { set, size } = this.#value(8, () => 0n, (value) => { this.#region(value); });
        // What would be read depends on the index that the caller puts where the answer goes.
        return { size, ...(set && { set }) };
      }
      default: return undefined;
    }
  }

  #region(value: bigint): void {
    const { index, flags, base, count } = regionOf(value);
    if (flags !== 0 || count === 0) refuse('EINVAL', `region 0x${value.toString(16)}`, 'a region has room for one redistributor at least, and no flag is defined', 'put a count into bits 63:52, and zeros into 15:12');
    this.#vgic.redistributors.add(index, { base, count }, (at, size) => this.#vgic.places.overlap(at, size));
  }

  // Control

  #control(attribute: bigint): Attribute | undefined {
    const call = (run: () => void): Attribute => ({ size: 0, set: run });
    if (attribute === BigInt(D.KVM_DEV_ARM_VGIC_CTRL_INIT)) return call(() => { this.#vgic.initialise(); });
    if (attribute === BigInt(D.KVM_DEV_ARM_VGIC_SAVE_PENDING_TABLES) && this.#vgic.version === 3) {
      // Without an ITS there are no LPIs, and so no tables.
      return call(() => { if (!this.#vgic.initialised) refuse('ENXIO', 'tables of pending LPIs', 'the controller is not initialised', 'initialise it first'); });
    }
    return undefined;
  }

  // Registers

  #register(registers: (controller: Controller) => UserRegisters | undefined, offset: number): Attribute {
    return this.#value(4, () => BigInt(registers(this.#stopped())?.read(offset) ?? 0), (value) => {
      registers(this.#stopped())?.write(offset, Number(BigInt.asIntN(32, value)));
      this.#vgic.changed();
    });
  }

  /** A vCPU by its number in bits 39:32: GICv2. Throws `KvmError` EINVAL. */
  #numbered(attribute: bigint): number {
    const id = Number((attribute & D.KVM_DEV_ARM_VGIC_CPUID_MASK) >> BigInt(D.KVM_DEV_ARM_VGIC_CPUID_SHIFT));
    const cpu = this.#vm.vcpus().map((vcpu) => vcpu.id).sort((a, b) => a - b).indexOf(id);
    return cpu >= 0 ? cpu : refuse('EINVAL', `vCPU ${id}`, 'the VM does not have it', 'name one by its number');
  }
  /** A vCPU by Aff3.Aff2.Aff1.Aff0 in bits 63:32: GICv3. Throws `KvmError` EINVAL. */
  #affine(attribute: bigint): number {
    const packed = attribute >> BigInt(D.KVM_DEV_ARM_VGIC_V3_MPIDR_SHIFT);
    const affinity = ((packed >> 24n) << 32n) | (packed & 0xff_ffffn);
    const cpu = this.#vm.vcpus().findIndex((vcpu) => vcpu.affinity === affinity);
    return cpu >= 0 ? cpu : refuse('EINVAL', `affinity 0x${affinity.toString(16)}`, 'no vCPU has it', 'name one by the fields of its MPIDR_EL1');
  }

  #distributor(attribute: bigint): Attribute | undefined {
    const offset = Number(attribute & U32);
    // There is one distributor for all vCPUs of a GICv3, whatever the attribute names.
    const cpu = this.#vgic.version === 2 ? this.#numbered(attribute) : 0;
    return this.#describing(this.#vgic.version === 2 ? new GicV2Controller(1, this.#presumedCount) : undefined, (controller) => controller.userDistributor(cpu), offset);
  }

  /** Interrupts that there are or would be. */
  get #presumedCount(): number {
    return this.#vgic.initialised || this.#vgic.count > PRIVATE ? this.#vgic.count : 256;
  }

  /** `model` stands in for a controller that is not there yet when it comes to what registers there are. */
  #describing(model: Controller | undefined, registers: (controller: Controller) => UserRegisters | undefined, offset: number): Attribute | undefined {
    const known = this.#vgic.controller ?? model ?? new GicV3Controller([{ affinity: 0n, place: { number: 0, last: () => true } }], this.#presumedCount);
    return registers(known)?.has(offset) === true ? this.#register(registers, offset) : undefined;
  }

  #interface(register: InterfaceRegister | undefined, cpu: number, size: 4 | 8): Attribute | undefined {
    const state = (): Parameters<InterfaceRegister['read']>[0] => {
      this.#stopped();
      return this.#vgic.cpus[cpu].state;
    };
    return register && this.#value(size, () => register.read(state()), (value) => { register.write(state(), value); });
  }

  #ofV2(group: number, attribute: bigint): Attribute | undefined {
    if (group !== GROUP.cpu) return undefined;
    return this.#interface(GICC_REGISTERS.get(Number(attribute & U32)), this.#numbered(attribute), 4);
  }

  #ofV3(group: number, attribute: bigint): Attribute | undefined {
    switch (group) {
      case GROUP.redistributor: {
        const cpu = this.#affine(attribute);
        const registers = (controller: Controller): UserRegisters | undefined => controller.redistributors?.user(controller === this.#vgic.controller ? cpu : 0);
        return this.#describing(undefined, registers, Number(attribute & U32));
      }
      case GROUP.system: return this.#interface(this.#icc.get(Number(attribute & BigInt(D.KVM_DEV_ARM_VGIC_SYSREG_INSTR_MASK))), this.#affine(attribute), 8);
      case GROUP.level: return this.#levels(attribute);
      default: return undefined;
    }
  }

  /** Levels of 32 inputs. */
  #levels(attribute: bigint): Attribute | undefined {
    const first = Number(attribute) & D.KVM_DEV_ARM_VGIC_LINE_LEVEL_INTID_MASK;
    const what = Number((attribute & U32) >> BigInt(D.KVM_DEV_ARM_VGIC_LINE_LEVEL_INFO_SHIFT));
    if (what !== 0) return undefined;
    const cpu = this.#affine(attribute);
    const slots = (): readonly { readonly slot: number; readonly bit: number }[] => {
      const { state } = this.#stopped().distribution;
      if (first % 32 !== 0) refuse('EINVAL', `levels from ${first} on`, 'they come by 32', 'begin at a multiple of 32');
      return Array.from({ length: 32 }, (_, bit) => ({ bit, intid: first + bit })).filter(({ intid }) => intid >= SGIS && intid < state.count).map(({ intid, bit }) => ({ slot: state.slot(cpu, intid), bit }));
    };
    const lines = (): Uint8Array => (this.#vgic.controller as Controller).distribution.state.line;
    return this.#value(4, () => slots().reduce((word, { slot, bit }) => word | (BigInt(lines()[slot]) << BigInt(bit)), 0n), (value) => {
      for (const { slot, bit } of slots()) lines()[slot] = Number((value >> BigInt(bit)) & 1n);
      this.#vgic.changed();
    });
  }
}

/** What KVM says of a place that was not set. */
const UNDEFINED_ADDRESS = (1n << 64n) - 1n;

