/** Interrupt controllers in the hypervisor: guests that program theirs and count what comes. */
import { describe, expect, it } from 'vitest';
import { D, controlled, word } from './kernel-guest.ts';
import type { ControlledOptions } from './kernel-guest.ts';

const CASES: readonly (Pick<ControlledOptions, 'gic' | 'mode'> & { readonly revision: string })[] = (['nvhe', 'vhe'] as const).flatMap((mode) => ([2, 3] as const).map((gic) => ({ gic, mode, revision: 'owner' })));

/** ICFGR of 32 to 63: edge. x1 is the distributor. */
const EDGES = 'mov w3, #-1\n str w3, [x1, #0xc08]\n str w3, [x1, #0xc0c]';

describe.each(CASES)('a GICv$gic in the hypervisor, $revision, $mode', (setup) => {
  it('brings a level as long as it is up, and tells who has it of each end', () => {
    const one = controlled(setup);
    const completed: number[] = [];
    one.vmBackend.whenCompleted((gsi) => {
      completed.push(gsi);
      if (completed.length === 3) one.line(40, false);
    });
    one.settle();
    expect(one.counted(40)).toBe(0);
    one.line(40, true);
    one.settle();
    expect(one.counted(40)).toBe(3);
    expect(completed).toEqual([8, 8, 8]);
  });

  it('brings an edge once, and edges that come before it is taken as one', () => {
    const one = controlled({ ...setup, then: () => EDGES });
    one.settle();
    one.line(40, true);
    one.line(40, false);
    one.line(40, true);
    one.settle();
    expect(one.counted(40)).toBe(1);
    one.line(40, true);
    one.settle();
    expect(one.counted(40)).toBe(2);
    one.line(40, false);
    one.settle();
    expect(one.counted(40)).toBe(2);
  });

  it('brings more than there are list registers, by their priorities, and of equals the lowest number first', () => {
    // 40 to 47: 0x80 and up, seven more urgent than six, and 44 as 43.
    const priorities = [0xb8, 0xb0, 0xa8, 0x90, 0x90, 0x88, 0x80, 0xc0].map((value, n) => `mov w3, #${value}\n strb w3, [x1, #${0x400 + 40 + n}]`).join('\n ');
    const one = controlled({ ...setup, then: () => `${EDGES}\n ${priorities}` });
    one.settle();
    for (let intid = 40; intid < 48; intid++) one.line(intid, true);
    one.settle();
    expect(one.order()).toEqual([46, 45, 43, 44, 42, 41, 40, 47]);
  });

  it('holds back what is not enabled, or all while the distributor is off', () => {
    const one = controlled({ ...setup, then: () => `${EDGES}\n mov w3, #0x100\n str w3, [x1, #0x184]\n str wzr, [x1]` });
    one.settle();
    one.line(40, true);
    one.line(41, true);
    one.settle();
    expect(one.order()).toEqual([]);
    // On again, by the VMM; 40 stays disabled.
    one.device.setAttribute(D.KVM_DEV_ARM_VGIC_GRP_DIST_REGS, 0n, word(setup.gic === 2 ? 1 : 2));
    one.settle();
    expect(one.order()).toEqual([41]);
  });

  it('lets the virtual timer interrupt as 27 and the physical one as 30, without the VMM', () => {
    const start = (timer: string, count: string): string => `mrs x3, ${count}\n add x3, x3, #500\n msr ${timer}_CVAL_EL0, x3\n mov x3, #1\n msr ${timer}_CTL_EL0, x3\n isb`;
    const one = controlled({ ...setup, then: () => `${start('CNTV', 'CNTVCT_EL0')}\n ${start('CNTP', 'CNTPCT_EL0')}`, handle: 'mov x25, #2\n cmp x24, #27\n b.ne 1f\n msr CNTV_CTL_EL0, x25\n b 2f\n1: msr CNTP_CTL_EL0, x25\n2: isb' });
    one.settle();
    expect([...one.order()].sort()).toEqual([27, 30]);
    expect(one.vcpu.deviceLines).toEqual({ vtimer: false, ptimer: false, pmu: false });
  });

  it('lets PPIs of the VMM\'s in to the vCPU they name', () => {
    const one = controlled({ ...setup, vcpus: 2, handle: 'nop' });
    one.vmBackend.whenCompleted(() => { throw new Error('not told of those of a vCPU alone'); });
    one.settle();
    one.line(20, true, 1);
    one.vcpus[1].run({ budget: 500 });
    one.line(20, false, 1);
    one.settle();
    expect(one.counted(20, 0)).toBe(0);
    expect(one.counted(20, 1)).toBeGreaterThan(0);
  });
});

describe.each(CASES)('software interrupts between vCPUs of a GICv$gic in the hypervisor, $mode', (setup) => {
  const NOTE = 'str w21, [x20, #0xf00]';
  const noted = (one: ReturnType<typeof controlled>, n: number): bigint => one.read(0x4002_0000n + 0x1000n * BigInt(n) + 0xf00n, 4);
  /** Of three vCPUs the second sends. */
  const send = (v2: number, v3: string): ((n: number) => string) => (n) => {
    if (n !== 1) return 'nop';
    return setup.gic === 2 ? `mov w3, #${v2 & 0xffff}\n movk w3, #${v2 >>> 16}, lsl #16\n str w3, [x1, #0xf00]` : `${v3}\n isb`;
  };

  it('reach those that are named, who know the sender of a GICv2\'s', () => {
    const one = controlled({ ...setup, vcpus: 3, then: send((5 << 16) | 5, 'mov x3, #5\n movk x3, #0x500, lsl #16\n msr ICC_SGI1R_EL1, x3'), handle: NOTE });
    one.settle();
    expect([0, 1, 2].map((n) => one.counted(5, n))).toEqual([1, 0, 1]);
    expect(noted(one, 2)).toBe(setup.gic === 2 ? 0x405n : 5n);
  });

  it('reach all others, or the sender', () => {
    const others = controlled({ ...setup, vcpus: 3, then: send((1 << 24) | 6, 'mov x3, #0\n movk x3, #0x600, lsl #16\n movk x3, #0x100, lsl #32\n msr ICC_SGI1R_EL1, x3') });
    others.settle();
    expect([0, 1, 2].map((n) => others.counted(6, n))).toEqual([1, 0, 1]);
    const self = controlled({ ...setup, vcpus: 3, then: send((2 << 24) | 6, 'mov x3, #2\n movk x3, #0x600, lsl #16\n msr ICC_SGI1R_EL1, x3') });
    self.settle();
    expect([0, 1, 2].map((n) => self.counted(6, n))).toEqual([0, 1, 0]);
  });

  it('come once for each sender of a GICv2\'s, once for all of a GICv3\'s', () => {
    const each = (n: number): string => {
      if (n === 0) return 'nop';
      return setup.gic === 2 ? 'mov w3, #7\n movk w3, #1, lsl #16\n str w3, [x1, #0xf00]' : 'mov x3, #1\n movk x3, #0x700, lsl #16\n msr ICC_SGI1R_EL1, x3\n isb';
    };
    const one = controlled({ ...setup, vcpus: 3, then: each });
    // The receiver runs last.
    for (const n of [1, 2]) for (let turn = 0; turn < 3; turn++) one.vcpus[n].run({ budget: 1000 });
    one.settle();
    expect(one.counted(7)).toBe(setup.gic === 2 ? 2 : 1);
  });
});

describe.each(CASES.filter(({ gic }) => gic === 3))('software interrupts for group 0, $mode', (setup) => {
  it.each(['ICC_SGI0R_EL1', 'ICC_ASGI1R_EL1'])('%s reaches nobody who has it in group 1', (register) => {
    const one = controlled({ ...setup, vcpus: 2, then: (n) => (n === 1 ? `mov x3, #1\n movk x3, #0x500, lsl #16\n msr ${register}, x3\n isb` : 'nop') });
    one.settle();
    expect(one.counted(5)).toBe(0);
  });
});

describe.each(CASES)('shared interrupts of a GICv$gic in the hypervisor, $mode', (setup) => {
  it('go where they are routed', () => {
    // To vCPU 1: by a mask, or by affinity.
    const route = setup.gic === 2 ? 'mov w3, #2\n strb w3, [x1, #0x828]' : 'mov x3, #1\n add x4, x1, #6, lsl #12\n str x3, [x4, #0x140]';
    const one = controlled({ ...setup, vcpus: 2, then: (n) => (n === 0 ? `${EDGES}\n ${route}` : 'nop') });
    one.settle();
    one.line(40, true);
    one.line(41, true);
    one.settle();
    expect([one.order(0), one.order(1)]).toEqual([[41], [40]]);
  });
});
