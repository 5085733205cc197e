import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RegisterName } from '@worldswitch/arm64-sysreg';
import type { GicGroup, RegisterStore } from './port.ts';
import { IDLE, PHYSICAL_FIELDS, Priorities, VIRTUAL_FIELDS } from './priorities.ts';

function storage(): RegisterStore {
  const values = new Map<RegisterName, bigint>();
  return { get: (name) => values.get(name) ?? 0n, set: (name, value) => { values.set(name, value); } };
}
const fresh = (): Priorities => {
  const made = new Priorities(storage(), PHYSICAL_FIELDS);
  made.set('bpr0', 0);
  made.set('bpr1', 0);
  made.set('pmr', 0xff);
  return made;
};
const group = fc.constantFrom<GicGroup>(0, 1);
const priority = fc.nat({ max: 0x1f }).map((level) => level << 3);

describe('priorities', () => {
  it('keep 5 bits, and binary points that 5 bits allow', () => {
    const p = fresh();
    // Measured on QEMU's virt board: 0xff reads 0xf8, 0xf3 reads 0xf0.
    p.set('pmr', 0xff);
    expect(p.get('pmr')).toBe(0xf8);
    p.set('pmr', 0xf3);
    expect(p.get('pmr')).toBe(0xf0);
    expect([p.binaryPoint(0), p.binaryPoint(1)]).toEqual([2, 3]);
    p.setBinaryPoint(1, 7);
    p.setBinaryPoint(0, 4);
    p.set('commonBpr', 1);
    p.setBinaryPoint(1, 3);
    expect([p.binaryPoint(0), p.binaryPoint(1), p.get('bpr1')]).toEqual([4, 5, 7]);
    p.setBinaryPoint(0, 7);
    expect(p.binaryPoint(1)).toBe(7);
  });

  // IHI 0069 4.8, priority grouping: group priority bits by binary point, for group 0 and for group 1 with its own register.
  it.each([[2, 0xf8], [3, 0xf0], [4, 0xe0], [5, 0xc0], [6, 0x80], [7, 0x00]])('group 0 with binary point %i compares under mask 0x%s', (point, mask) => {
    const p = fresh();
    p.set('bpr0', point);
    expect(p.groupPriority(0xff, 0)).toBe(mask);
    p.set('commonBpr', 1);
    expect(p.groupPriority(0xff, 1)).toBe(mask);
  });
  it.each([[3, 0xf8], [4, 0xf0], [5, 0xe0], [6, 0xc0], [7, 0x80]])('group 1 with binary point %i compares under mask 0x%s', (point, mask) => {
    const p = fresh();
    p.set('bpr1', point);
    expect(p.groupPriority(0xff, 1)).toBe(mask);
  });

  it('admit what is more urgent than the mask and, by group priority, than what runs', () => {
    fc.assert(fc.property(priority, priority, fc.nat({ max: 255 }), fc.nat({ max: 7 }), group, (running, next, pmr, point, g) => {
      const p = fresh();
      p.set('bpr0', point);
      p.set('bpr1', point);
      p.set('pmr', pmr);
      expect(p.admits(next, g)).toBe(next < (pmr & 0xf8));
      p.raise(running, g);
      expect(p.admits(next, g)).toBe(next < (pmr & 0xf8) && p.groupPriority(next, g) < p.groupPriority(running, g));
    }));
  });

  it('nest: each preemption is more urgent, and drops bring the running priorities back in reverse', () => {
    fc.assert(fc.property(fc.array(fc.tuple(priority, group), { maxLength: 40 }), fc.nat({ max: 7 }), (arrivals, point) => {
      const p = fresh();
      p.set('bpr0', point);
      p.set('bpr1', point);
      const stack: number[] = [];
      for (const [next, g] of arrivals) {
        if (!p.admits(next, g)) continue;
        stack.push(p.running);
        p.raise(next, g);
        expect(p.running).toBe(p.groupPriority(next, g));
        expect(p.running).toBeLessThan(stack[stack.length - 1]);
        expect(p.activeGroup).toBe(g);
      }
      while (stack.length > 0) {
        const { running } = p;
        expect(p.drop()).toBe(running);
        expect(p.running).toBe(stack.pop());
      }
      expect([p.running, p.drop(), p.activeGroup]).toEqual([IDLE, undefined, undefined]);
    }));
  });

  it('of the virtual interface are windows on ICH_VMCR_EL2 that do not disturb each other', () => {
    fc.assert(fc.property(fc.constantFrom('pmr', 'bpr0', 'bpr1', 'enable0', 'enable1', 'commonBpr', 'eoiMode'), fc.nat({ max: 255 }), fc.bigInt({ min: 0n, max: 0xffff_ffffn }), (field, value, before) => {
      const store = storage();
      const p = new Priorities(store, VIRTUAL_FIELDS);
      store.set('ICH_VMCR_EL2', before);
      const { low, width } = VIRTUAL_FIELDS[field];
      const mask = ((1n << BigInt(width)) - 1n) << BigInt(low);
      p.set(field, value & ((1 << width) - 1));
      expect(store.get('ICH_VMCR_EL2') & ~mask).toBe(before & ~mask);
    }));
  });
});
