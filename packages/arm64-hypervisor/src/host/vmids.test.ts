import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NO_VMID, Vmids } from './vmids.ts';
import type { VmidHolder } from './vmids.ts';

describe('VMIDs', () => {
  it('are given out from 1 to 255, and flushed once before the first is given again', () => {
    let flushes = 0;
    const vmids = new Vmids(8, () => { flushes++; });
    const given = Array.from({ length: 255 }, () => vmids.claim(NO_VMID).vmid);
    expect(given).toEqual(Array.from({ length: 255 }, (_, n) => n + 1));
    expect(flushes).toBe(0);
    expect(vmids.claim(NO_VMID)).toEqual({ generation: 2n, vmid: 1 });
    expect(flushes).toBe(1);
  });

  it('never belong to two VMs between two flushes, in whatever order VMs run', () => {
    fc.assert(fc.property(fc.array(fc.integer({ min: 0, max: 599 }), { minLength: 1000, maxLength: 2000 }), (order) => {
      const owners = new Map<number, number>();
      const vmids = new Vmids(8, () => { owners.clear(); });
      const holders = new Map<number, VmidHolder>();
      for (const vm of order) {
        const held = vmids.claim(holders.get(vm) ?? NO_VMID);
        holders.set(vm, held);
        expect(held.vmid).toBeGreaterThan(0);
        expect(held.vmid).toBeLessThan(256);
        expect(owners.get(held.vmid) ?? vm).toBe(vm);
        owners.set(held.vmid, vm);
        expect(vmids.claim(held)).toBe(held);
      }
    }), { numRuns: 20 });
  });
});
