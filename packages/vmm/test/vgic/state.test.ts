/** The state of interrupt controllers in the hypervisor by attributes: what is set is what is read, and what is saved goes on elsewhere as it was. */
import { GicV2, GicV3 } from '@worldswitch/devices';
import type { Device as BoardDevice } from '@worldswitch/machine';
import { arm64Vm } from '@worldswitch/arm64-hypervisor';
import type { Arm64DebugExit } from '@worldswitch/arm64-hypervisor';
import type { Device, Vm } from '@worldswitch/hypervisor';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { kvmBench } from '../kvm/bench.ts';
import { MMIO } from '../kvm/guest.ts';
import { D, GICD, GICR, RAM, controlled, giveController, initialise, numberOf, word } from './kernel-guest.ts';
import type { ControlledGuest, GicVersion } from './kernel-guest.ts';

const { KVM_DEV_ARM_VGIC_GRP_DIST_REGS: DIST, KVM_DEV_ARM_VGIC_GRP_CPU_REGS: CPU_REGS, KVM_DEV_ARM_VGIC_GRP_REDIST_REGS: REDIST } = D;
const { KVM_DEV_ARM_VGIC_GRP_CPU_SYSREGS: SYSREGS, KVM_DEV_ARM_VGIC_GRP_LEVEL_INFO: LEVELS } = D;
const VERSIONS = [2, 3] as const;
const range = (from: number, to: number, step: number): readonly number[] => Array.from({ length: Math.ceil((to - from) / step) }, (_, n) => from + n * step);

/** One saved attribute; in the order in which they are to be restored. */
type Saved = readonly (readonly [group: number, attribute: bigint, value: Uint8Array])[];

const COUNT = 64;
/** Distributor registers by what they hold; those that clear are not saved. GICD_IIDR comes first, enabling last (arm-vgic-v3.rst). */
const SHARED = [0x008, ...range(0xc00, 0xc10, 4), ...range(0x080, 0x088, 4), ...range(0x400, 0x440, 4), ...range(0x100, 0x108, 4), ...range(0x300, 0x308, 4)];
const OF_V2 = [...SHARED, ...range(0x800, 0x840, 4), ...range(0x200, 0x208, 4), ...range(0xf20, 0xf30, 4), 0x000];
const OF_V3 = [...SHARED, ...range(0x6100, 0x6200, 4), 0x204, 0x000];
const REDISTRIBUTOR = [0x0c00, 0x0c04, 0x080, 0x100, ...range(0x400, 0x420, 4), 0x300, 0x200].map((offset) => 0x1_0000 + offset);
const GICC = [0x00, 0x04, 0x08, 0x1c, 0xd0, 0xd4, 0xd8, 0xdc, 0xfc];
const icc = (crn: number, crm: number, op2: number): number => (3 << 14) | (crn << 7) | (crm << 3) | op2;
/** SRE, CTLR, BPR0, BPR1, PMR, AP0R0, AP1R0, IGRPEN0, IGRPEN1. */
const ICC = [icc(12, 12, 5), icc(12, 12, 4), icc(12, 8, 3), icc(12, 12, 3), icc(4, 6, 0), icc(12, 8, 4), icc(12, 9, 0), icc(12, 12, 6), icc(12, 12, 7)];

function attributesOf(gic: GicVersion, vcpus: number): readonly (readonly [number, bigint])[] {
  const each = (group: number, offsets: readonly number[], first = 0): (readonly [number, bigint])[] =>
    range(first, vcpus, 1).flatMap((n) => offsets.map((offset) => [group, (BigInt(n) << 32n) | BigInt(offset)] as const));
  if (gic === 2) return [...each(CPU_REGS, GICC), ...each(DIST, OF_V2)];
  return [...each(SYSREGS, ICC), ...each(LEVELS, [0, 32]), ...each(REDIST, REDISTRIBUTOR), ...OF_V3.map((offset) => [DIST, BigInt(offset)] as const)];
}

const save = (device: Device, gic: GicVersion, vcpus: number): Saved => attributesOf(gic, vcpus).map(([group, attribute]) => [group, attribute, device.getAttribute(group, attribute)]);
/** ISPENDR has no senders of a GICv2's software interrupts, and makes up one: they are restored by SPENDSGIR. */
const restorable = (gic: GicVersion, group: number, attribute: bigint, value: Uint8Array): Uint8Array =>
  (gic === 2 && group === DIST && (attribute & 0xffff_ffffn) === 0x200n ? word(numberOf(value) & ~0xffff) : value);
function restore(device: Device, saved: Saved, gic: GicVersion, vcpus: number): void {
  // Software interrupts are enabled in a new one.
  for (let n = 0; n < vcpus; n++) device.setAttribute(gic === 2 ? DIST : REDIST, (BigInt(n) << 32n) | (gic === 2 ? 0x180n : 0x1_0180n), word(0xffff_ffff));
  for (const [group, attribute, value] of saved) device.setAttribute(group, attribute, restorable(gic, group, attribute, value));
}

function make(gic: GicVersion, vcpus = 2): { readonly vm: Vm<Arm64DebugExit>; readonly device: Device } {
  const vm = kvmBench({ gic }).kvm.createVm();
  for (let n = 0; n < vcpus; n++) vm.createVcpu(n).initialise(['psci-0.2']);
  const device = giveController(vm, gic);
  device.setAttribute(D.KVM_DEV_ARM_VGIC_GRP_NR_IRQS, 0n, word(COUNT));
  initialise(device);
  return { vm, device };
}

describe.each(VERSIONS)('registers of a GICv%i by attributes', (gic) => {
  const attributes = attributesOf(gic, 2);
  it('are what they were when what was read is written, whatever was written before', () => {
    const { device } = make(gic);
    const writes = fc.array(fc.record({ at: fc.nat(attributes.length - 1), value: fc.bigInt({ min: 0n, max: 0xffff_ffffn }) }), { minLength: 1, maxLength: 40 });
    fc.assert(fc.property(writes, (all) => {
      for (const { at, value } of all) {
        const [group, attribute] = attributes[at];
        const bytes = new Uint8Array(BigUint64Array.of(value).buffer).slice(0, group === SYSREGS ? 8 : 4);
        // Some values no such register can have.
        try { device.setAttribute(group, attribute, bytes); } catch (error) { expect(String(error)).toContain('EINVAL'); }
      }
      const before = save(device, gic, 2);
      for (const [group, attribute, value] of before) {
        device.setAttribute(group, attribute, restorable(gic, group, attribute, value));
        expect(device.getAttribute(group, attribute)).toEqual(value);
      }
      expect(save(device, gic, 2)).toEqual(before);
    }), { numRuns: 60 });
  });

  it('are those of another controller that is given them', () => {
    const [one, other] = [make(gic), make(gic)];
    const writes = fc.array(fc.record({ at: fc.nat(attributes.length - 1), value: fc.bigInt({ min: 0n, max: 0xffff_ffffn }) }), { minLength: 100, maxLength: 100 });
    for (const { at, value } of fc.sample(writes, { numRuns: 1, seed: 42 })[0]) {
      const [group, attribute] = attributes[at];
      try { one.device.setAttribute(group, attribute, new Uint8Array(BigUint64Array.of(value).buffer).slice(0, group === SYSREGS ? 8 : 4)); } catch { /* no value of the register's */ }
    }
    const saved = save(one.device, gic, 2);
    restore(other.device, saved, gic, 2);
    expect(save(other.device, gic, 2)).toEqual(saved);
  });
});

describe.each(VERSIONS)('a GICv%i that moves to another VM', (gic) => {
  /** Edges of several priorities; the handler asks the VMM before it ends one. */
  const start = (): ControlledGuest => controlled({
    gic, mode: 'vhe', vcpus: 2, handle: `mov x26, #0x9000000\n str w24, [x26]`,
    then: (n) => (n === 0 ? `mov w3, #-1\n str w3, [x1, #0xc08]\n mov w3, #0x40\n strb w3, [x1, #0x42a]\n mov w3, #0x80\n strb w3, [x1, #0x429]` : 'nop'),
  });
  const REGISTERS = ['pc', 'sp', 'pstate', 'ELR_EL1', 'SPSR_EL1', 'VBAR_EL1', 'SP_EL1', ...range(0, 31, 1).map((n) => `x${n}`)];

  /** What the guest does from here on: each interrupt as it is served, until none is left. */
  const rest = (one: ControlledGuest): readonly unknown[] => {
    const seen: unknown[] = [];
    for (let n = 0; n < 10; n++) {
      try {
        const exit = one.untilExit();
        seen.push(exit.kind === 'mmio' ? exit.data[0] : exit.kind);
      } catch {
        break;
      }
    }
    return [...seen, one.order(0), one.order(1)];
  };
  const arrange = (one: ControlledGuest): void => {
    one.settle();
    for (const intid of [40, 41, 43, 44, 45]) one.line(intid, true);
    expect(one.untilExit()).toMatchObject({ kind: 'mmio', address: MMIO });
    // While 41 is served: a more urgent one, and one that is there already.
    one.line(42, true);
    one.line(41, true);
  };

  it('goes on as it would have', () => {
    const stayed = start();
    arrange(stayed);
    const moved = start();
    arrange(moved);
    const saved = save(moved.device, gic, 2);
    const there = start();
    restore(there.device, saved, gic, 2);
    for (const [n, vcpu] of moved.vcpus.entries()) {
      for (const name of REGISTERS) there.vcpus[n].setRegister(name, vcpu.getRegister(name));
      there.vcpus[n].mpState = vcpu.mpState;
    }
    for (let at = RAM; at < RAM + 0x4_0000n; at += 8n) there.write(at, moved.read(at));
    // The access that asked: it is done, as the VMM that leaves makes sure.
    const expected = rest(stayed);
    there.vcpu.setRegister('pc', there.vcpu.getRegister('pc') + 4n);
    expect(rest(there)).toEqual(expected);
    expect(expected.at(-2)).toEqual([41, 42, 41, 40, 43, 44, 45]);
  });
});

/** Guests find what a board's controller has, which is compared with QEMU; where KVM chose otherwise the registers are left out or the bits are. */
describe.each(VERSIONS)('a guest\'s accesses to its GICv%i', (gic) => {
  const INTIDS = COUNT;
  const distributor = [0x080, 0x100, 0x180, 0x200, 0x280, 0x300, 0x380].flatMap((start) => range(start, start + INTIDS / 8, 4));
  const offsets = [...distributor, ...range(0x400, 0x400 + INTIDS, 1), ...range(0xc00, 0xc00 + INTIDS / 4, 4), ...(gic === 2 ? [...range(0x800, 0x800 + INTIDS, 1), 0xf00, ...range(0xf10, 0xf30, 1)] : range(0x6100, 0x6000 + 8 * INTIDS, 4))];
  const own = range(0x1_0000, 0x1_0400, 0x80).filter((offset) => offset >= 0x1_0080).concat(range(0x1_0400, 0x1_0420, 1), 0x1_0c00, 0x1_0c04);

  /** What a choice of KVM's makes of a value that is written. */
  const legal = (offset: number, width: number, value: bigint): bigint => {
    const at = offset % 0x1_0000;
    // Five bits of priority; PPIs and software interrupts are triggered as they are; Aff3 is no part of a route.
    if (at >= 0x400 && at < 0x800) return value & (width === 1 ? 0xf8n : 0xf8f8_f8f8n);
    if ((at >= 0xc00 && at < 0xc08) || (at >= 0x6000 && at % 8 === 4)) return 0n;
    return value;
  };

  it('read what the board\'s controller reads', () => {
    const { vm } = make(gic, 2);
    const backend = arm64Vm(vm);
    const silent = { set: () => undefined };
    const board: { readonly distributor: BoardDevice; readonly redistributors?: BoardDevice } = gic === 2
      ? new GicV2({ cpus: [0, 1].map(() => ({ irq: silent, fiq: silent })), spis: COUNT - 32 }) : new GicV3({ affinities: [0n, 1n], spis: COUNT - 32 });
    const both = (place: 'distributor' | 'redistributor', offset: number, width: 1 | 4, cpu: number, value?: bigint): void => {
      const address = place === 'distributor' ? GICD + BigInt(offset) : GICR + BigInt(offset) + 0x2_0000n * BigInt(cpu);
      const found = backend.vgic.at(address, cpu);
      const device = place === 'distributor' ? board.distributor : board.redistributors;
      const boardOffset = place === 'distributor' ? offset : offset + 0x2_0000 * cpu;
      if (found === undefined || device === undefined) throw new Error('no such part');
      if (value === undefined) expect(found.window.read(found.offset, width), `${place} 0x${offset.toString(16)} of ${cpu}`).toBe(device.read(boardOffset, width, cpu));
      else {
        found.window.write(found.offset, width, value);
        device.write(boardOffset, width, value, cpu);
      }
    };
    // What is different after a reset: software interrupts are enabled, and all are in group 1.
    if (gic === 3) {
      for (const cpu of [0, 1]) {
        both('redistributor', 0x1_0080, 4, cpu, 0xffff_ffffn);
        both('redistributor', 0x1_0100, 4, cpu, 0xffffn);
      }
      both('distributor', 0x084, 4, 0, 0xffff_ffffn);
    }
    const access = fc.record({
      private: fc.boolean(), cpu: fc.constantFrom(0, 1), shared: fc.constantFrom(...offsets), own: fc.constantFrom(...own), value: fc.option(fc.bigInt({ min: 0n, max: 0xffff_ffffn }), { nil: undefined }),
    });
    fc.assert(fc.property(fc.array(access, { minLength: 50, maxLength: 200 }), (all) => {
      for (const one of all) {
        const place = gic === 3 && one.private ? 'redistributor' : 'distributor';
        const offset = place === 'redistributor' ? one.own : one.shared;
        const width = offset % 4 === 0 ? 4 : 1;
        // Software interrupts of the board's GICv2 cannot be disabled.
        if (gic === 2 && offset === 0x180) continue;
        both(place, offset, width, one.cpu, one.value === undefined ? undefined : BigInt.asUintN(8 * width, legal(offset, width, one.value)));
      }
    }), { numRuns: 200 });
  });
});
