/** KVM_RUN: what it asks first, what it comes back with, what of an exit is completed when. */
import { describe, expect } from 'vitest';
import { MINUS, MMIO, RAM, kvmGuest, runAt, runUntil } from './guest.ts';
import type { KvmGuest, KvmGuestOptions, TestExit } from './guest.ts';
import { errnoOf, kvmBench } from './bench.ts';
import { sentence } from './sentence.ts';

const NISV_TO_USER = 177;
const SS = 1n << 21n;
const BTYPE = 3n << 10n;

/** The first instruction, executed with x1 = `MMIO`. */
function execute(source: string, registers: Readonly<Record<string, bigint>> = {}, options: KvmGuestOptions = {}): KvmGuest & { readonly exit: TestExit } {
  const one = kvmGuest({ source, ...options });
  return { ...one, exit: runAt(one.vcpu, RAM, { x1: MMIO, ...registers }) };
}
const answer = (exit: TestExit, bytes: readonly number[]): void => {
  if (exit.kind !== 'mmio') throw new Error(`an mmio exit was expected, not ${exit.kind}`);
  exit.data.set(bytes);
};

describe('before a run', () => {
  sentence('5.2', () => {
    const { kvm } = kvmBench();
    const vcpu = kvm.createVm().createVcpu(0);
    expect(errnoOf(() => vcpu.run())).toBe('ENOEXEC');
    expect(errnoOf(() => vcpu.run({ immediateExit: true }))).toBe('ENOEXEC');
  }, 'typed');
  sentence('5.3', () => {
    const one = kvmGuest({ source: 'mov x0, #1\n b .' });
    expect(one.vcpu.run({ immediateExit: true })).toEqual({ kind: 'interrupted', because: 'request' });
    expect(one.vcpu.getRegister('pc')).toBe(RAM);
    expect(one.vcpu.getRegister('x0')).toBe(0n);
  }, 'typed');
  sentence('5.4', () => {
    const { vcpu, exit } = execute('ldr x0, [x1]\n b .');
    answer(exit, [1, 2, 3, 4, 5, 6, 7, 8]);
    expect(vcpu.getRegister('x0')).toBe(0n);
    vcpu.run({ immediateExit: true });
    expect([vcpu.getRegister('x0'), vcpu.getRegister('pc')]).toEqual([0x0807_0605_0403_0201n, RAM + 4n]);
    // Once.
    vcpu.run({ immediateExit: true });
    expect(vcpu.getRegister('pc')).toBe(RAM + 4n);
  });
  sentence('5.4', () => {
    const one = kvmGuest({ source: 'hvc #0\n b .', forward: () => true });
    const exit = runAt(one.vcpu, RAM, { x0: 0xc600_0001n });
    if (exit.kind === 'hypercall') exit.results.splice(0, 4, 1n, 2n, 3n, 4n);
    one.vcpu.run({ immediateExit: true });
    expect([0, 1, 2, 3].map((n) => one.vcpu.getRegister(`x${n}`))).toEqual([1n, 2n, 3n, 4n]);
  }, 'hypercalls');
});

describe('the end of a run', () => {
  sentence('5.5', () => {
    const one = kvmGuest({ source: '1: add x0, x0, #1\n b 1b' });
    one.vcpu.interrupt();
    expect(one.vcpu.run()).toEqual({ kind: 'interrupted', because: 'request' });
    expect(one.vcpu.run({ budget: 100 })).toEqual({ kind: 'interrupted', because: 'budget' });
    expect(one.vcpu.getRegister('x0')).toBeGreaterThan(0n);
  }, 'typed');
  sentence('5.6', () => {
    const kinds = [
      execute('ldr x0, [x1]'), execute('mov x0, #0\n movk x0, #0x8400, lsl #16\n movk x0, #8\n hvc #0'),
      execute('ldp x0, x2, [x1]', {}, { prepare: (vm) => { vm.enableCapability(NISV_TO_USER); } }),
    ].map(({ exit }) => exit.kind);
    expect(kinds).toEqual(['mmio', 'system-event', 'no-syndrome']);
    const debugged = kvmGuest({ source: 'brk #1' });
    debugged.vcpu.setGuestDebug({ enable: true });
    expect(runUntil(debugged.vcpu).kind).toBe('debug');
    const called = kvmGuest({ source: 'hvc #0', forward: () => true });
    expect(runUntil(called.vcpu)).toMatchObject({ kind: 'hypercall' });
    // EL2 is no level of the guest's: the processor does not go there.
    const illegal = kvmGuest({ source: 'b .', revision: 'owner' });
    illegal.backend.guest.memory.context.set('PSTATE', 0x3c9n);
    expect(illegal.vcpu.run()).toEqual({ kind: 'fail-entry', reason: 0n, cpu: 0, errno: 'EINVAL' });
  }, 'typed');
  sentence('5.8', () => {
    // The virtual timer goes off at once; the interrupt controller is the VMM's.
    const one = kvmGuest({ source: 'mrs x2, CNTVCT_EL0\n msr CNTV_CVAL_EL0, x2\n mov x2, #1\n msr CNTV_CTL_EL0, x2\n isb\n1: nop\n b 1b' });
    expect(one.vcpu.deviceLines).toMatchObject({ vtimer: false, ptimer: false });
    expect(one.vcpu.run({ budget: 1000 })).toEqual({ kind: 'interrupted', because: 'lines' });
    expect(one.vcpu.deviceLines).toMatchObject({ vtimer: true, ptimer: false });
    one.program('msr CNTV_CTL_EL0, xzr\n isb\n mrs x2, CNTPCT_EL0\n msr CNTP_CVAL_EL0, x2\n mov x2, #1\n msr CNTP_CTL_EL0, x2\n isb\n1: nop\n b 1b', RAM + 0x100n);
    one.vcpu.setRegister('pc', RAM + 0x100n);
    const seen: unknown[] = [];
    for (let n = 0; n < 4; n++) if (one.vcpu.run({ budget: 1000 }).kind === 'interrupted') seen.push({ ...one.vcpu.deviceLines });
    expect(seen).toContainEqual(expect.objectContaining({ vtimer: false, ptimer: true }));
  }, 'typed');
});

describe('MMIO', () => {
  sentence('5.9', () => {
    const lengths = [['ldrb w0, [x1]', 1], ['ldrh w0, [x1]', 2], ['ldr w0, [x1]', 4], ['ldr x0, [x1]', 8]] as const;
    for (const [source, length] of lengths) {
      expect(execute(source).exit).toMatchObject({ kind: 'mmio', address: MMIO, length, write: false });
      expect(execute(source.replace('ld', 'st'), { x0: 0x8877_6655_4433_2211n }).exit).toMatchObject({ kind: 'mmio', address: MMIO, length, write: true });
    }
    expect(execute('ldr x0, [x1, #0x18]').exit).toMatchObject({ address: MMIO + 0x18n });
  }, 'typed');
  sentence('5.10', () => {
    const { exit } = execute('str w0, [x1]', { x0: 0x8877_6655_4433_2211n });
    expect(exit).toMatchObject({ data: Uint8Array.of(0x11, 0x22, 0x33, 0x44) });
    const read = execute('ldrh w0, [x1]\n b .');
    answer(read.exit, [0x34, 0x12]);
    read.vcpu.run({ immediateExit: true });
    expect(read.vcpu.getRegister('x0')).toBe(0x1234n);
  });
  sentence('5.11', () => {
    const { vcpu, exit } = execute('str x0, [x1]\n b .');
    expect(exit).toMatchObject({ kind: 'mmio', write: true });
    expect(vcpu.getRegister('pc')).toBe(RAM);
    vcpu.run({ immediateExit: true });
    expect(vcpu.getRegister('pc')).toBe(RAM + 4n);
    // It is done and not repeated.
    expect(vcpu.run({ budget: 20 })).toMatchObject({ kind: 'interrupted' });
  });
  sentence('5.12', () => {
    const cases = [
      ['ldrb w0, [x1]', [0x80], 0x80n], ['ldrsb w0, [x1]', [0x80], 0xffff_ff80n], ['ldrsb x0, [x1]', [0x80], MINUS(0x80n)],
      ['ldrh w0, [x1]', [0, 0x80], 0x8000n], ['ldrsh w0, [x1]', [0, 0x80], 0xffff_8000n], ['ldrsh x0, [x1]', [0, 0x80], MINUS(0x8000n)],
      ['ldr w0, [x1]', [0, 0, 0, 0x80], 0x8000_0000n], ['ldrsw x0, [x1]', [0, 0, 0, 0x80], MINUS(0x8000_0000n)],
      ['ldr x0, [x1]', [1, 0, 0, 0, 0, 0, 0, 0x80], 0x8000_0000_0000_0001n],
    ] as const;
    for (const [source, bytes, value] of cases) {
      const { vcpu, exit } = execute(`${source}\n b .`, { x0: 0xdead_beef_dead_beefn });
      answer(exit, bytes);
      vcpu.run({ immediateExit: true });
      expect(vcpu.getRegister('x0'), source).toBe(value);
      expect(vcpu.getRegister('pc')).toBe(RAM + 4n);
    }
    // XZR takes nothing; SS and BTYPE are of the instruction that is done.
    const { vcpu, exit } = execute('ldr xzr, [x1]\n b .', { sp: 0x77n, pstate: 0x3c5n | SS | BTYPE });
    answer(exit, [1, 2, 3, 4, 5, 6, 7, 8]);
    vcpu.run({ immediateExit: true });
    expect(vcpu.getRegister('sp')).toBe(0x77n);
    expect(vcpu.getRegister('pstate') & (SS | BTYPE)).toBe(0n);
  });
  sentence('5.13', () => {
    for (const source of ['ldr x0, [x1]', 'str x0, [x1]']) {
      const one = execute(`${source}\n b .`, { x0: 5n, VBAR_EL1: RAM + 0x800n });
      // struct kvm_vcpu_events: exception.ext_dabt_pending is its third byte.
      const events = new Uint8Array(64);
      events[2] = 1;
      one.vcpu.call('KVM_SET_VCPU_EVENTS', events);
      answer(one.exit, [9, 9, 9, 9, 9, 9, 9, 9]);
      one.vcpu.run({ immediateExit: true });
      // In the handler, with the access as where it came from.
      expect([one.vcpu.getRegister('pc'), one.vcpu.getRegister('x0'), one.vcpu.getRegister('ELR_EL1')], source).toEqual([RAM + 0x800n + 0x200n, 5n, RAM]);
    }
  });
  sentence('5.14', () => {
    const without = ['ldp x0, x2, [x1]', 'stp x0, x2, [x1]', 'ldr x0, [x1], #8', 'ldr x0, [x1, #8]!', 'str x0, [x1], #8', 'ldr q0, [x1]', 'str d0, [x1]', 'ldnp x0, x2, [x1]'];
    for (const source of without) expect(execute(source, { CPACR_EL1: 0x30_0000n }, { prepare: (vm) => { vm.enableCapability(NISV_TO_USER); } }).exit, source).toMatchObject({ kind: 'no-syndrome', address: source.includes('#8]!') ? MMIO + 8n : MMIO });
    for (const source of ['ldr x0, [x1]', 'strh w0, [x1]', 'ldrsw x0, [x1, #4]', 'ldr w0, [x1, x2]', 'ldtr x0, [x1]', 'ldar x0, [x1]', 'stlr x0, [x1]']) expect(execute(source).exit, source).toMatchObject({ kind: 'mmio' });
  });
  sentence('5.15', () => {
    const { exit, vcpu, vm } = execute('stp x0, x2, [x1]');
    expect(exit).toMatchObject({ kind: 'internal-error', reason: 'no-syndrome', errno: 'ENOSYS', dead: false });
    expect(vcpu.getRegister('pc')).toBe(RAM);
    vm.enableCapability(NISV_TO_USER);
    // Of the syndrome: a translation fault of level 1 to 3, of a write (bit 6). The rest is not valid and not shown.
    const told = runUntil(vcpu);
    expect(told).toMatchObject({ kind: 'no-syndrome', address: MMIO });
    if (told.kind === 'no-syndrome') expect([told.syndrome & ~3n, told.syndrome & 3n]).toEqual([0x44n, expect.toSatisfy((level: bigint) => level > 0n)]);
    // The VMM goes on behind it by itself.
    vcpu.setRegister('pc', RAM + 4n);
    expect(vcpu.getRegister('pc')).toBe(RAM + 4n);
  });
  sentence('5.16', () => {
    const CACHES = { SCTLR_EL1: 0x30d0_0800n };
    const one = execute('dc civac, x1\n dc cvac, x1\n dc ivac, x1\n str x1, [x1]', CACHES);
    expect(one.exit).toMatchObject({ kind: 'mmio', write: true });
    expect(one.vcpu.getRegister('pc')).toBe(RAM + 12n);
    // 0x86000010: instruction abort of the same level, synchronous external.
    const fetched = kvmGuest({ source: 'br x1' });
    fetched.program('str x1, [x2]', RAM + 0xa00n);
    expect(runAt(fetched.vcpu, RAM, { x1: MMIO, x2: MMIO + 8n, VBAR_EL1: RAM + 0x800n })).toMatchObject({ kind: 'mmio', address: MMIO + 8n });
    expect([fetched.vcpu.getRegister('ESR_EL1'), fetched.vcpu.getRegister('FAR_EL1'), fetched.vcpu.getRegister('ELR_EL1')]).toEqual([0x8600_0010n, MMIO, MMIO]);
  });
});

describe('MP state', () => {
  sentence('5.17', () => {
    const { vcpu } = kvmGuest();
    for (const state of ['stopped', 'suspended', 'runnable'] as const) {
      vcpu.mpState = state;
      expect(vcpu.mpState).toBe(state);
    }
  }, 'typed');
  sentence('5.18', () => {
    const { vcpu } = kvmGuest({ source: '1: add x0, x0, #1\n b 1b' });
    vcpu.mpState = 'stopped';
    for (let n = 0; n < 3; n++) expect(vcpu.run({ budget: 100 })).toEqual({ kind: 'idle' });
    expect(vcpu.getRegister('x0')).toBe(0n);
    vcpu.mpState = 'runnable';
    vcpu.run({ budget: 100 });
    expect(vcpu.getRegister('x0')).toBeGreaterThan(0n);
  });
  sentence('5.19', () => {
    const { vcpu } = kvmGuest({ source: '1: add x0, x0, #1\n b 1b' });
    vcpu.mpState = 'suspended';
    expect(vcpu.run({ budget: 100 })).toEqual({ kind: 'idle' });
    vcpu.setLine('irq', true);
    for (let n = 0; n < 2; n++) {
      expect(vcpu.run({ budget: 100 })).toEqual({ kind: 'system-event', event: 'wakeup', flags: 0n });
      expect(vcpu.mpState).toBe('suspended');
    }
    expect(vcpu.getRegister('x0')).toBe(0n);
    vcpu.mpState = 'runnable';
    expect(vcpu.run({ budget: 100 })).toEqual({ kind: 'interrupted', because: 'budget' });
    expect(vcpu.getRegister('x0')).toBeGreaterThan(0n);
  });
});
