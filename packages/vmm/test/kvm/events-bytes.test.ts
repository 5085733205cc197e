/** Event descriptors with the interrupt controller in the hypervisor: a write of the guest counts one up, another interrupts the guest. */
import { describe, expect, it } from 'vitest';
import { CONSTANTS } from '@worldswitch/hypervisor/abi';
import { CORE, RAM, byteGuest, struct } from './byte-program.ts';
import type { ByteGuest } from './byte-program.ts';

const DISTRIBUTOR = 0x0800_0000;
const CPU_INTERFACE = 0x0801_0000;
const { KVM_DEV_ARM, KVM_DEV_TYPE } = CONSTANTS;

/** Enables SPI 40, level-triggered unless `edge`, unmasks interrupts and tells 1 by MMIO; then waits. Its handler tells the interrupt's number, ends it, and goes on. */
const guestOf = (edge: boolean): string => `
  adr x0, vectors
  msr vbar_el1, x0
  mov x9, #0x9000000
  mov x10, #0x8000000
  mov x11, #0x8010000
  mov w0, #1
  str w0, [x10]
  str w0, [x11]
  mov w0, #0xff
  str w0, [x11, #4]
  mov w0, #0x100
  str w0, [x10, #0x104]
  mov w0, #${edge ? '0x20000' : '0'}
  str w0, [x10, #0xc08]
  mov w0, #1
  strb w0, [x10, #0x828]
  msr daifclr, #2
  str w0, [x9]
wait:
  wfi
  b wait
.balign 2048
vectors:
.skip 0x280
  ldr w1, [x11, #12]
  str w1, [x9, #4]
  str w1, [x11, #16]
  eret`;

function withController(edge: boolean): ByteGuest {
  const guest = byteGuest('b .');
  const { call, vm, vcpu, space, load, memory } = guest;
  load(memory.base, RAM, guestOf(edge));
  const made = struct('kvm_create_device').encode({ type: KVM_DEV_TYPE.KVM_DEV_TYPE_ARM_VGIC_V2 });
  expect(call(vm, 'KVM_CREATE_DEVICE', made)).toBe(0);
  const controller = struct('kvm_create_device').get(made, 'fd');
  const set = (group: number, attr: number, value: number): void => {
    const bytes = new Uint8Array(8);
    new DataView(bytes.buffer).setUint32(0, value, true);
    expect(call(controller, 'KVM_SET_DEVICE_ATTR', struct('kvm_device_attr').encode({ group, attr: BigInt(attr), addr: space.place(bytes) }))).toBe(0);
  };
  set(KVM_DEV_ARM.KVM_DEV_ARM_VGIC_GRP_ADDR, KVM_DEV_ARM.KVM_VGIC_V2_ADDR_TYPE_DIST, DISTRIBUTOR);
  set(KVM_DEV_ARM.KVM_DEV_ARM_VGIC_GRP_ADDR, KVM_DEV_ARM.KVM_VGIC_V2_ADDR_TYPE_CPU, CPU_INTERFACE);
  set(KVM_DEV_ARM.KVM_DEV_ARM_VGIC_GRP_CTRL, KVM_DEV_ARM.KVM_DEV_ARM_VGIC_CTRL_INIT, 0);
  expect(call(vcpu, 'KVM_ARM_VCPU_INIT', struct('kvm_vcpu_init').encode({ target: 5, features: [4] }))).toBe(0);
  guest.setRegister(CORE.pc, RAM);
  return guest;
}

const run = struct('kvm_run');
const ONE = Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 0);

describe('events and the interrupt controller', () => {
  it('a write of the guest counts, an event interrupts it once', () => {
    const guest = withController(true);
    const { call, vm, vcpu, device, run: page } = guest;
    const [told, interrupt] = [device.eventfd(), device.eventfd()];
    expect(call(vm, 'KVM_IOEVENTFD', struct('kvm_ioeventfd').encode({ addr: 0x0900_0000n, len: 4, fd: told }))).toBe(0);
    expect(call(vm, 'KVM_IRQFD', struct('kvm_irqfd').encode({ fd: interrupt, gsi: 8 }))).toBe(0);
    expect(call(vcpu, 'KVM_RUN')).toBe('EINTR');
    const count = new Uint8Array(8);
    expect([device.read(told, count), count[0]]).toEqual([8, 1]);
    for (let n = 0; n < 3; n++) {
      device.write(interrupt, ONE);
      expect([call(vcpu, 'KVM_RUN'), run.member(page, 'mmio').phys_addr, run.member(page, 'mmio').data[0]]).toEqual([0, 0x0900_0004n, 40]);
      // Once for each.
      expect(call(vcpu, 'KVM_RUN')).toBe('EINTR');
    }
  });

  it('a resampled input stays until the guest has ended its interrupt, and its owner hears of that', () => {
    const { call, vm, vcpu, device, run: page } = withController(false);
    const [interrupt, resamplefd] = [device.eventfd(), device.eventfd()];
    expect(call(vm, 'KVM_IRQFD', struct('kvm_irqfd').encode({ fd: interrupt, gsi: 8, flags: CONSTANTS.KVM_IRQFD.KVM_IRQFD_FLAG_RESAMPLE, resamplefd }))).toBe(0);
    call(vcpu, 'KVM_RUN');
    expect(call(vcpu, 'KVM_RUN')).toBe('EINTR');
    device.write(interrupt, ONE);
    expect([call(vcpu, 'KVM_RUN'), run.member(page, 'mmio').data[0]]).toEqual([0, 40]);
    expect(device.read(resamplefd, new Uint8Array(8))).toBe(-11);
    expect(call(vcpu, 'KVM_RUN')).toBe('EINTR');
    expect(device.read(resamplefd, new Uint8Array(8))).toBe(8);
  });

  it('what is no input does not initialise the controller', () => {
    const { call, vm } = byteGuest('b .');
    call(vm, 'KVM_CREATE_DEVICE', struct('kvm_create_device').encode({ type: KVM_DEV_TYPE.KVM_DEV_TYPE_ARM_VGIC_V2 }));
    const line = (irq: number): number | string => call(vm, 'KVM_IRQ_LINE', struct('kvm_irq_level').encode({ irq, level: 1 }));
    // An SPI beyond those there are, a PPI of nobody.
    expect([line(0x0100_0100), line(0x0207_0010)]).toEqual(['EINVAL', 'EINVAL']);
    expect(call(vm, 'KVM_CREATE_VCPU', 1)).toBeGreaterThan(0);
    expect([line(0x0100_0020), call(vm, 'KVM_CREATE_VCPU', 2)]).toEqual([0, 'EBUSY']);
  });
});
