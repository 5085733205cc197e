/** Guests with an interrupt controller in the hypervisor, of either version: vCPUs, places, and programs that count what comes. */
import type { AccessorMode } from '@worldswitch/arm64-sysreg';
import type { Arm64DebugExit } from '@worldswitch/arm64-hypervisor';
import { runVcpus } from '@worldswitch/hypervisor';
import type { Device, Vm } from '@worldswitch/hypervisor';
import { CONSTANTS } from '@worldswitch/hypervisor/abi';
import { RAM, kvmGuest } from '../kvm/guest.ts';
import type { KvmGuest, TestExit } from '../kvm/guest.ts';

export { RAM };
export const GICD = 0x0800_0000n;
export const GICC = 0x0801_0000n;
export const GICR = 0x080a_0000n;
/** Where a vCPU's vectors are, and what it has counted: by INTID a word, from `LOG` + 0x1000 for each vCPU. */
export const VECTORS = RAM + 0x1000n;
export const LOG = RAM + 0x2_0000n;
export const D = CONSTANTS.KVM_DEV_ARM;
export const TYPE = { 2: CONSTANTS.KVM_DEV_TYPE.KVM_DEV_TYPE_ARM_VGIC_V2, 3: CONSTANTS.KVM_DEV_TYPE.KVM_DEV_TYPE_ARM_VGIC_V3 } as const;

export type GicVersion = 2 | 3;

export const doubleword = (value: bigint): Uint8Array => new Uint8Array(BigUint64Array.of(value).buffer);
export const word = (value: number): Uint8Array => new Uint8Array(Uint32Array.of(value).buffer);
export const numberOf = (bytes: Uint8Array): number => new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0, true);

/** Makes the controller and says where it is. */
export function giveController(vm: Vm<Arm64DebugExit>, gic: GicVersion): Device {
  const device = vm.createDevice(TYPE[gic]);
  const group = D.KVM_DEV_ARM_VGIC_GRP_ADDR;
  if (gic === 2) {
    device.setAttribute(group, BigInt(D.KVM_VGIC_V2_ADDR_TYPE_DIST), doubleword(GICD));
    device.setAttribute(group, BigInt(D.KVM_VGIC_V2_ADDR_TYPE_CPU), doubleword(GICC));
  } else {
    device.setAttribute(group, BigInt(D.KVM_VGIC_V3_ADDR_TYPE_DIST), doubleword(GICD));
    device.setAttribute(group, BigInt(D.KVM_VGIC_V3_ADDR_TYPE_REDIST), doubleword(GICR));
  }
  return device;
}
export function initialise(device: Device): void {
  device.setAttribute(D.KVM_DEV_ARM_VGIC_GRP_CTRL, BigInt(D.KVM_DEV_ARM_VGIC_CTRL_INIT), new Uint8Array(0));
}

export interface ControlledGuest extends KvmGuest {
  readonly device: Device;
  readonly gic: GicVersion;
  /** How often vCPU `n` has taken an interrupt. */
  counted(intid: number, n?: number): number;
  /** INTIDs in the order in which vCPU `n` took them. */
  order(n?: number): readonly number[];
  /** Runs all vCPUs until all of them wait. */
  settle(): void;
  /** Runs all vCPUs until one of them does something that is the VMM's. */
  untilExit(): TestExit;
  line(intid: number, level: boolean, vcpu?: number): void;
}

export interface ControlledOptions {
  readonly gic: GicVersion;
  readonly mode: AccessorMode;
  readonly revision?: string;
  readonly vcpus?: number;
  readonly features?: readonly string[];
  /** What vCPU n does after its own interrupts are on and before it waits. */
  readonly then?: (n: number) => string;
  /** What the handler does before it ends the interrupt w21; x20 is the vCPU's log. */
  readonly handle?: string;
}

/** A constant, by as many instructions as it may take. */
export const load = (register: string, value: bigint): string => [0n, 16n, 32n].map((shift) => `${shift === 0n ? 'mov' : 'movk'} ${register}, #0x${((value >> shift) & 0xffffn).toString(16)}${shift === 0n ? '' : `, lsl #${shift}`}`).join('\n ');

/** No writeback: an access to a device that has it comes without a syndrome. Everything enabled: all interrupts on, priority 0xa0, to the vCPU that does it (SPIs: to vCPU 0). */
const DISTRIBUTOR = {
  2: `${load('x1', GICD)}\n mov w2, #-1\n str w2, [x1, #0x100]\n mov w3, #1\n str w3, [x1]`,
  3: `${load('x1', GICD)}\n mov w2, #-1\n mov w3, #2\n str w3, [x1]`,
} as const;
const SHARED = {
  2: `str w2, [x1, #0x104]\n ${load('x3', 0x0101_0101n)}\n add x4, x1, #0x820\n mov x5, #8\n1: str w3, [x4]\n add x4, x4, #4\n sub x5, x5, #1\n cbnz x5, 1b\n ${load('x3', 0xa0a0_a0a0n)}\n add x4, x1, #0x420\n mov x5, #8\n2: str w3, [x4]\n add x4, x4, #4\n sub x5, x5, #1\n cbnz x5, 2b`,
  3: `str w2, [x1, #0x104]\n ${load('x3', 0xa0a0_a0a0n)}\n add x4, x1, #0x420\n mov x5, #8\n2: str w3, [x4]\n add x4, x4, #4\n sub x5, x5, #1\n cbnz x5, 2b`,
} as const;
const PRIVATE_PRIORITIES = `${load('x3', 0xa0a0_a0a0n)}\n mov x5, #8\n3: str w3, [x4]\n add x4, x4, #4\n sub x5, x5, #1\n cbnz x5, 3b`;
const OWN = {
  2: `add x4, x1, #0x400\n ${PRIVATE_PRIORITIES}\n ${load('x6', GICC)}\n mov w3, #0xf0\n str w3, [x6, #4]\n mov w3, #1\n str w3, [x6]`,
  3: `${load('x4', GICR + 0x1_0000n)}\n add x4, x4, x19, lsl #17\n str w2, [x4, #0x100]\n add x4, x4, #0x400\n ${PRIVATE_PRIORITIES}\n mov x3, #0xf0\n msr ICC_PMR_EL1, x3\n mov x3, #1\n msr ICC_IGRPEN1_EL1, x3\n isb`,
} as const;
export const INTERFACE = {
  2: { acknowledge: `${load('x22', GICC)}\n ldr w21, [x22, #0xc]`, end: 'str w21, [x22, #0x10]' },
  3: { acknowledge: 'mrs x21, ICC_IAR1_EL1', end: 'msr ICC_EOIR1_EL1, x21' },
} as const;

/** Counts at x20 + 4 * INTID, and notes the order from x20 + 0x800 on, whose end is in x23. */
const COUNT = 'and w24, w21, #0x3ff\n ldr w25, [x20, x24, lsl #2]\n add w25, w25, #1\n str w25, [x20, x24, lsl #2]\n str w24, [x23]\n add x23, x23, #4';

function boot(gic: GicVersion, n: number, then: string): string {
  return [
    `mov x19, #${n}`, load('x20', LOG + 0x1000n * BigInt(n)), 'add x23, x20, #0x800', load('x0', VECTORS), 'msr VBAR_EL1, x0',
    DISTRIBUTOR[gic], ...(n === 0 ? [SHARED[gic]] : []), OWN[gic], 'msr DAIFClr, #2', then, '9: wfi\n b 9b',
  ].join('\n ');
}

export function controlled({ gic, mode, revision, vcpus = 1, features, then = () => 'nop', handle = 'nop' }: ControlledOptions): ControlledGuest {
  const one = kvmGuest({ gic, mode, vcpus, ...(features && { features }), ...(revision !== undefined && { revision }) });
  const device = giveController(one.vm, gic);
  initialise(device);
  const { acknowledge, end } = INTERFACE[gic];
  one.program(`${acknowledge}\n ${COUNT}\n ${handle}\n ${end}\n eret`, VECTORS + 0x280n);
  for (const [n, vcpu] of one.vcpus.entries()) {
    const at = RAM + 0x4000n + 0x1000n * BigInt(n);
    one.program(boot(gic, n, then(n)), at);
    vcpu.setRegister('pc', at);
    vcpu.mpState = 'runnable';
  }
  const run = (): ReturnType<typeof runVcpus<Arm64DebugExit>> => runVcpus(one.vcpus, { slice: 1000, turns: 500, passTime: (until) => { one.machine.skipTo(until); }, onExit: () => false });
  return {
    ...one, device, gic,
    counted: (intid, n = 0) => Number(one.read(LOG + 0x1000n * BigInt(n) + 4n * BigInt(intid), 4)),
    order: (n = 0) => {
      const start = LOG + 0x1000n * BigInt(n) + 0x800n;
      const taken = Number(one.vcpus[n].getRegister('x23') - start) / 4;
      return Array.from({ length: taken }, (_, i) => Number(one.read(start + 4n * BigInt(i), 4)));
    },
    settle: () => {
      const end = run();
      if (end.kind !== 'idle') throw new Error(`the guest did not come to rest: ${end.kind === 'exit' ? `${end.exit.kind} at pc 0x${end.vcpu.getRegister('pc').toString(16)}` : 'it runs on'}`);
    },
    untilExit: () => {
      const end = run();
      if (end.kind !== 'exit') throw new Error(`the guest did not come to an exit, but ${end.kind}`);
      return end.exit;
    },
    line: (intid, level, vcpu = 0) => { one.vm.irqLine(intid < 32 ? (2 << 24) | (vcpu << 16) | intid : (1 << 24) | intid, level); },
  };
}
