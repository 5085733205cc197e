/** breakpoint-spelling: the original keeps a breakpoint's address as it was written, and compares it with the PC as it is. */
import { describe, expect, it } from 'vitest';
import { debugKnowledge } from '@worldswitch/arm64-hypervisor/vmm';
import type { Arm64VmmFaultName } from '@worldswitch/arm64-hypervisor/vmm';
import type { GuestDebug } from '@worldswitch/hypervisor';
import { Breakpoints } from '@worldswitch/vmm';

const CANONICAL = 0xffff_8000_1000_0040n;
/** The same instruction with nothing above the address's own 49 bits, and with a tag. */
const SPELLINGS = [CANONICAL, 0x1_8000_1000_0040n, 0xabff_8000_1000_0040n];
/** A hardware breakpoint's exit (DDI 0487, ESR_ELx): the PC has copies of the sign bit. */
const EXIT = { kind: 'debug', pc: CANONICAL, arch: { hsr: 0xc200_0022, far: 0n } } as const;

interface Bench { readonly breakpoints: Breakpoints<{ hsr: number; far: bigint }>; readonly told: GuestDebug[] }
function bench(faithful: readonly Arm64VmmFaultName[], largeVA = false): Bench {
  const told: GuestDebug[] = [];
  return { told, breakpoints: new Breakpoints([{ setGuestDebug: (debug) => { told.push(debug); } }], debugKnowledge({ breakpoints: 6, watchpoints: 4, faithful, largeVA })) };
}

describe('corrected', () => {
  it.each(SPELLINGS)('a breakpoint at %s is what the exit means, by whichever spelling it is deleted', (address) => {
    for (const spelling of SPELLINGS) {
      const { breakpoints, told } = bench([]);
      const id = breakpoints.breakpoint(address);
      expect(told.at(-1)?.hardware?.bvr).toEqual([CANONICAL]);
      expect(breakpoints.hit(EXIT).id).toBe(id);
      expect(breakpoints.removeBreakpointAt(spelling)).toBe(true);
      expect(breakpoints.list).toEqual([]);
      expect(breakpoints.removeBreakpointAt(spelling)).toBe(false);
    }
  });

  it('with addresses of 52 bits the sign is bit 52', () => {
    const { breakpoints, told } = bench([], true);
    breakpoints.breakpoint(0x1f_8000_1000_0040n);
    expect(told.at(-1)?.hardware?.bvr).toEqual([0xffff_8000_1000_0040n]);
    breakpoints.breakpoint(0x1_8000_1000_0040n);
    expect(told.at(-1)?.hardware?.bvr[1]).toBe(0x1_8000_1000_0040n);
  });
});

describe('faithful', () => {
  it('a breakpoint written without the copies is never recognised, and only that spelling deletes it', () => {
    const { breakpoints, told } = bench(['breakpoint-spelling']);
    breakpoints.breakpoint(0x1_8000_1000_0040n);
    expect(told.at(-1)?.hardware).toMatchObject({ bcr: [0x1e7n], bvr: [0x1_8000_1000_0040n] });
    // Id 0 is nobody's: the VMM takes the stop for the guest's own.
    expect(breakpoints.hit(EXIT).id).toBe(0);
    expect(breakpoints.removeBreakpointAt(CANONICAL)).toBe(false);
    expect(breakpoints.removeBreakpointAt(0x1_8000_1000_0040n)).toBe(true);
  });

  it('one that was written as the PC has it is fine', () => {
    const { breakpoints } = bench(['breakpoint-spelling']);
    const id = breakpoints.breakpoint(CANONICAL);
    expect(breakpoints.hit(EXIT).id).toBe(id);
    expect(breakpoints.removeBreakpointAt(CANONICAL)).toBe(true);
  });
});
