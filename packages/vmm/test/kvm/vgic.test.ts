/** The interrupt controllers in the hypervisor as KVM's userspace meets them: order, addresses, errno. Behaviour is in test/vgic. */
import { CONSTANTS } from '@worldswitch/hypervisor/abi';
import type { Device } from '@worldswitch/hypervisor';
import { describe, expect, it } from 'vitest';
import { D, GICC, GICD, GICR, TYPE, controlled, doubleword, giveController, initialise, numberOf, word } from '../vgic/kernel-guest.ts';
import { errnoOf, kvmBench } from './bench.ts';
import { kvmGuest } from './guest.ts';
import type { KvmGuest } from './guest.ts';
import { sentence } from './sentence.ts';

const [CPU, SPI, PPI] = [0, 1, 2];
const irq = (type: number, number: number, vcpu = 0): number => (type << 24) | (vcpu << 16) | number;
const { KVM_DEV_ARM_VGIC_GRP_ADDR: ADDR, KVM_DEV_ARM_VGIC_GRP_NR_IRQS: NR_IRQS, KVM_DEV_ARM_VGIC_GRP_CTRL: CTRL } = D;
const { KVM_DEV_ARM_VGIC_GRP_DIST_REGS: DIST, KVM_DEV_ARM_VGIC_GRP_CPU_REGS: CPU_REGS, KVM_DEV_ARM_VGIC_GRP_REDIST_REGS: REDIST, KVM_DEV_ARM_VGIC_GRP_CPU_SYSREGS: SYSREGS, KVM_DEV_ARM_VGIC_GRP_LEVEL_INFO: LEVELS } = D;
const VERSIONS = [2, 3] as const;

const guest = (gic: 2 | 3, options: Parameters<typeof kvmGuest>[0] = {}): KvmGuest => kvmGuest({ gic, source: 'b .', ...options });
const set = (device: Device, group: number, attribute: bigint | number, value: Uint8Array): string => errnoOf(() => { device.setAttribute(group, BigInt(attribute), value); });
const address = (device: Device, part: number, value: bigint): string => set(device, ADDR, part, doubleword(value));
const legacy = (one: KvmGuest, id: bigint, at: bigint): string => {
  const argument = new Uint8Array(16);
  argument.set(doubleword(id));
  argument.set(doubleword(at), 8);
  return errnoOf(() => one.vm.call('KVM_ARM_SET_DEVICE_ADDR', argument));
};

describe('KVM_CREATE_DEVICE', () => {
  it.each(VERSIONS)('makes the version of the host\'s controller, a GICv%i, and one of it', (gic) => {
    const { vm } = guest(gic);
    const other = TYPE[gic === 2 ? 3 : 2];
    expect([other, CONSTANTS.KVM_DEV_TYPE.KVM_DEV_TYPE_ARM_VGIC_ITS, 99].map((type) => errnoOf(() => vm.createDevice(type)))).toEqual(['ENODEV', 'ENODEV', 'ENODEV']);
    expect([errnoOf(() => { vm.testDevice(TYPE[gic]); }), errnoOf(() => { vm.testDevice(other); })]).toEqual(['none', 'ENODEV']);
    expect([errnoOf(() => vm.createDevice(TYPE[gic])), errnoOf(() => vm.createDevice(TYPE[gic]))]).toEqual(['none', 'EEXIST']);
  });
  it('refuses once a vCPU has run', () => {
    const one = guest(2);
    one.vcpu.run({ budget: 10 });
    expect(errnoOf(() => one.vm.createDevice(TYPE[2]))).toBe('EBUSY');
  });
  it('is what KVM_CREATE_IRQCHIP does, of a GICv2', () => {
    const create = (gic: 2 | 3): KvmGuest => guest(gic);
    const one = create(2);
    expect(errnoOf(() => one.vm.call('KVM_CREATE_IRQCHIP', new Uint8Array(0)))).toBe('none');
    expect(errnoOf(() => one.vm.call('KVM_CREATE_IRQCHIP', new Uint8Array(0)))).toBe('EEXIST');
    expect(errnoOf(() => create(3).vm.call('KVM_CREATE_IRQCHIP', new Uint8Array(0)))).toBe('ENODEV');
  });
});

describe('vCPUs and a controller', () => {
  sentence('1.5', () => {
    for (const gic of VERSIONS) {
      const { vm } = kvmBenchVm(gic);
      const device = giveController(vm, gic);
      vm.createVcpu(0);
      initialise(device);
      expect(errnoOf(() => vm.createVcpu(1))).toBe('EBUSY');
    }
  }, 'an interrupt controller');

  sentence('5.2', () => {
    const run = (prepare: (one: KvmGuest) => void, gic: 2 | 3): string => {
      const one = guest(gic);
      prepare(one);
      return errnoOf(() => one.vcpu.run({ budget: 10 }));
    };
    // Nowhere, in part, and one part on another.
    const [D2, C2, D3, R3] = [D.KVM_VGIC_V2_ADDR_TYPE_DIST, D.KVM_VGIC_V2_ADDR_TYPE_CPU, D.KVM_VGIC_V3_ADDR_TYPE_DIST, D.KVM_VGIC_V3_ADDR_TYPE_REDIST];
    const places = (gic: 2 | 3, ...at: readonly (readonly [number, bigint])[]) => (one: KvmGuest): void => {
      const device = one.vm.createDevice(TYPE[gic]);
      for (const [part, value] of at) expect(address(device, part, value)).toBe('none');
    };
    expect([places(2), places(2, [D2, GICD]), places(2, [C2, GICC]), places(2, [D2, GICD], [C2, GICD])].map((prepare) => run(prepare, 2))).toEqual(['ENXIO', 'ENXIO', 'ENXIO', 'EINVAL']);
    expect(run((one) => { giveController(one.vm, 2); }, 2)).toBe('none');
    expect([places(3), places(3, [D3, GICD]), places(3, [R3, GICR])].map((prepare) => run(prepare, 3))).toEqual(['ENXIO', 'ENXIO', 'ENXIO']);
    // A GICv3 is initialised by the VMM, a GICv2 by itself.
    expect(run((one) => { giveController(one.vm, 3); }, 3)).toBe('EBUSY');
    expect(run((one) => { initialise(giveController(one.vm, 3)); }, 3)).toBe('none');
  }, 'an interrupt controller');
});

const kvmBenchVm = (gic: 2 | 3): { readonly vm: KvmGuest['vm'] } => ({ vm: kvmBench({ gic }).kvm.createVm() });

describe('KVM_IRQ_LINE', () => {
  sentence('7.6', () => {
    for (const gic of VERSIONS) {
      const one = controlled({ gic, mode: 'vhe' });
      expect([irq(CPU, 0), irq(CPU, 1), irq(CPU, 2)].map((line) => errnoOf(() => { one.vm.irqLine(line, true); }))).toEqual(['ENXIO', 'ENXIO', 'ENXIO']);
      expect(errnoOf(() => { one.vm.irqLine(irq(3, 32), true); })).toBe('EINVAL');
    }
  }, 'with one');
  sentence('7.7', () => {
    for (const gic of VERSIONS) {
      const one = controlled({ gic, mode: 'vhe', vcpus: 2 });
      expect([irq(PPI, 16), irq(PPI, 31, 1), irq(SPI, 32), irq(SPI, 255)].map((line) => errnoOf(() => { one.vm.irqLine(line, false); })), `${gic}`).toEqual(['none', 'none', 'none', 'none']);
      expect([irq(PPI, 15), irq(PPI, 32), irq(PPI, 16, 2), irq(SPI, 31), irq(SPI, 256), irq(SPI, 1020)].map((line) => errnoOf(() => { one.vm.irqLine(line, true); }))).toEqual(Array(6).fill('EINVAL'));
      one.settle();
      one.vm.irqLine(irq(SPI, 40), true);
      one.vcpu.run({ budget: 1000 });
      one.vm.irqLine(irq(SPI, 40), false);
      one.settle();
      expect(one.counted(40)).toBeGreaterThan(0);
    }
    // Before it is initialised: a GICv2 begins by itself.
    for (const [gic, errno] of [[2, 'none'], [3, 'EBUSY']] as const) {
      const one = guest(gic);
      one.vm.createDevice(TYPE[gic]);
      expect(errnoOf(() => { one.vm.irqLine(irq(SPI, 40), true); })).toBe(errno);
    }
  }, 'with one');
});

describe('KVM_ARM_SET_DEVICE_ADDR', () => {
  sentence('7.8', () => {
    const [DISTRIBUTOR, INTERFACE] = [BigInt(D.KVM_VGIC_V2_ADDR_TYPE_DIST), BigInt(D.KVM_VGIC_V2_ADDR_TYPE_CPU)];
    const one = guest(2);
    expect(legacy(one, DISTRIBUTOR, GICD)).toBe('ENXIO');
    one.vm.createDevice(TYPE[2]);
    expect([legacy(one, 1n << 16n, GICD), legacy(one, 2n, GICD)]).toEqual(['ENODEV', 'ENODEV']);
    expect([legacy(one, DISTRIBUTOR, GICD + 0x800n), legacy(one, DISTRIBUTOR, 1n << 40n), legacy(one, DISTRIBUTOR, GICD), legacy(one, DISTRIBUTOR, GICD)]).toEqual(['EINVAL', 'E2BIG', 'none', 'EEXIST']);
    expect([legacy(one, INTERFACE, (1n << 40n) - 0x1000n), legacy(one, INTERFACE, GICC)]).toEqual(['E2BIG', 'none']);
    expect(errnoOf(() => one.vcpu.run({ budget: 10 }))).toBe('none');
    const other = guest(3);
    other.vm.createDevice(TYPE[3]);
    expect(legacy(other, DISTRIBUTOR, GICD)).toBe('ENODEV');
  });
});

describe('addresses by attribute', () => {
  it('of a GICv2 are set once, aligned and within reach', () => {
    const { vm } = guest(2);
    const device = vm.createDevice(TYPE[2]);
    const part = D.KVM_VGIC_V2_ADDR_TYPE_DIST;
    expect([address(device, part, GICD + 1n), address(device, part, 1n << 40n), address(device, part, GICD), address(device, part, GICD)]).toEqual(['EINVAL', 'E2BIG', 'none', 'EEXIST']);
    expect(device.getAttribute(ADDR, BigInt(part))).toEqual(doubleword(GICD));
    expect([address(device, D.KVM_VGIC_V3_ADDR_TYPE_DIST, GICD), address(device, 9, GICD)]).toEqual(['ENXIO', 'ENXIO']);
  });
  it('of a GICv3 have redistributors in one place or in regions, which do not overlap', () => {
    const region = (index: bigint, base: bigint, count: bigint, flags = 0n): bigint => (count << 52n) | base | (flags << 12n) | index;
    const [DISTRIBUTOR, ALL, REGION] = [D.KVM_VGIC_V3_ADDR_TYPE_DIST, D.KVM_VGIC_V3_ADDR_TYPE_REDIST, D.KVM_VGIC_V3_ADDR_TYPE_REDIST_REGION];
    const make = (): Device => guest(3, { vcpus: 3 }).vm.createDevice(TYPE[3]);
    const legacyOne = make();
    expect([address(legacyOne, ALL, GICR + 0x1000n), address(legacyOne, ALL, 1n << 40n), address(legacyOne, ALL, GICR), address(legacyOne, ALL, GICR)]).toEqual(['EINVAL', 'E2BIG', 'none', 'EEXIST']);
    expect([address(legacyOne, REGION, region(0n, GICR, 1n)), address(legacyOne, DISTRIBUTOR, GICR)]).toEqual(['EINVAL', 'EINVAL']);
    const one = make();
    expect(address(one, DISTRIBUTOR, GICD)).toBe('none');
    expect([region(1n, GICR, 2n), region(0n, GICR, 0n), region(0n, GICR, 2n, 1n), region(0n, GICD, 2n)].map((value) => address(one, REGION, value))).toEqual(['EINVAL', 'EINVAL', 'EINVAL', 'EINVAL']);
    expect([region(0n, GICR, 2n), region(0n, GICR, 2n), region(1n, GICR + 0x2_0000n, 1n), region(1n, GICR + 0x10_0000n, 1n)].map((value) => address(one, REGION, value))).toEqual(['none', 'EINVAL', 'EINVAL', 'none']);
    expect(address(one, ALL, GICR + 0x20_0000n)).toBe('EINVAL');
  });
});

describe('what a controller is', () => {
  it.each(VERSIONS)('a GICv%i has a number of interrupts, until it is initialised', (gic) => {
    const one = guest(gic);
    const device = giveController(one.vm, gic);
    expect([0, 32, 63, 65, 1056, 0xffff_ffff].map((count) => set(device, NR_IRQS, 0, word(count)))).toEqual(Array(6).fill('EINVAL'));
    expect([set(device, NR_IRQS, 0, word(96)), set(device, NR_IRQS, 0, word(128))]).toEqual(['none', 'EBUSY']);
    expect(numberOf(device.getAttribute(NR_IRQS, 0n))).toBe(96);
    initialise(device);
    expect([set(device, NR_IRQS, 0, word(96)), set(device, CTRL, D.KVM_DEV_ARM_VGIC_CTRL_INIT, new Uint8Array(0))]).toEqual(['EBUSY', 'none']);
    expect(errnoOf(() => { one.vm.irqLine(irq(SPI, 96), true); })).toBe('EINVAL');
  });
  it.each(VERSIONS)('a GICv%i that nobody gave a number has 256', (gic) => {
    const device = giveController(guest(gic).vm, gic);
    initialise(device);
    expect(numberOf(device.getAttribute(NR_IRQS, 0n))).toBe(256);
    // GICD_TYPER.ITLinesNumber.
    expect(numberOf(device.getAttribute(DIST, 4n)) & 31).toBe(7);
  });
  it('has other groups by version; a GICv2 begins by its registers, a GICv3 does not', () => {
    const two = giveController(guest(2).vm, 2);
    const three = giveController(guest(3).vm, 3);
    for (const group of [REDIST, SYSREGS, LEVELS, 8, 99]) expect(errnoOf(() => { two.hasAttribute(group, 0n); })).toBe('ENXIO');
    for (const group of [CPU_REGS, 8, 99]) expect(errnoOf(() => { three.hasAttribute(group, 0n); })).toBe('ENXIO');
    expect(errnoOf(() => three.getAttribute(DIST, 0n))).toBe('EBUSY');
    expect(errnoOf(() => two.getAttribute(DIST, 0n))).toBe('none');
    const SAVE = D.KVM_DEV_ARM_VGIC_SAVE_PENDING_TABLES;
    expect([set(two, CTRL, SAVE, new Uint8Array(0)), set(three, CTRL, SAVE, new Uint8Array(0)), set(three, CTRL, 9, new Uint8Array(0))]).toEqual(['ENXIO', 'ENXIO', 'ENXIO']);
    initialise(three);
    expect(set(three, CTRL, SAVE, new Uint8Array(0))).toBe('none');
  });
  it('has registers of the vCPUs there are', () => {
    const two = giveController(guest(2, { vcpus: 2 }).vm, 2);
    const three = giveController(guest(3, { vcpus: 2 }).vm, 3);
    expect([0n, 1n, 2n].map((id) => errnoOf(() => { two.hasAttribute(DIST, id << 32n); }))).toEqual(['none', 'none', 'EINVAL']);
    expect([0n, 1n, 2n].map((id) => errnoOf(() => { three.hasAttribute(REDIST, id << 32n); }))).toEqual(['none', 'none', 'EINVAL']);
    expect([0x1n, 0x50n, 0x1000n, 0x100n, 0x120n].map((offset) => errnoOf(() => { two.hasAttribute(DIST, offset); }))).toEqual(['ENXIO', 'ENXIO', 'ENXIO', 'none', 'ENXIO']);
    expect([0x14n, 0x1_0100n, 0x1_0104n].map((offset) => errnoOf(() => { three.hasAttribute(REDIST, offset); }))).toEqual(['none', 'none', 'ENXIO']);
  });
  it.each(VERSIONS)('a GICv%i is not to be touched while a vCPU runs', (gic) => {
    const seen: string[] = [];
    const one = kvmGuest({ gic, source: 'hvc #0\n b .', forward: () => { seen.push(errnoOf(() => device.getAttribute(DIST, 0n))); return true; } });
    const device = giveController(one.vm, gic);
    initialise(device);
    one.vcpu.run({ budget: 100 });
    expect(seen).toEqual(['EBUSY']);
    expect(errnoOf(() => device.getAttribute(DIST, 0n))).toBe('none');
  });
});
