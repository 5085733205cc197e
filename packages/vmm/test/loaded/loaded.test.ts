/** What is special where a guest stays in the processor from load to put: emulation reaches it there, and what must not be entered is not. */
import { PAIRS } from '@worldswitch/arm64-hypervisor';
import { Ledger } from '@worldswitch/hypervisor';
import { describe, expect, it } from 'vitest';
import { RAM, bareHost } from '../../src/test/bare-guest.ts';

const OFF = 'mov w0, #0x0008\n movk w0, #0x8400, lsl #16\n hvc #0';
const off = { kind: 'system-event', event: 'shutdown', flags: 0n };

describe.each(PAIRS.filter(({ revision }) => revision === 'load-put' || revision === 'owner'))('$revision, $mode', ({ revision, mode }) => {
  it('emulates trapped registers of EL1 where they are, in memory or by the names of the EL1 world', () => {
    const on = bareHost({ mode, revision });
    const one = on.vm();
    // TTBR0, SCTLR and the like trap until the guest has its caches on (HCR_EL2.TVM); VBAR and SP_EL0 do not.
    one.load(RAM, `mov x1, #0x7000\n msr TTBR0_EL1, x1\n mrs x6, TTBR0_EL1\n mov x3, #2\n msr CSSELR_EL1, x3\n mrs x4, CSSELR_EL1\n msr CONTEXTIDR_EL1, x1\n mrs x5, CONTEXTIDR_EL1\n ${OFF}`);
    const ledger = new Ledger();
    on.hypervisor.host.code.ledger = ledger;
    expect(one.vcpu.run()).toEqual(off);
    on.hypervisor.host.code.ledger = undefined;
    for (const [name, value] of [['x6', 0x7000n], ['x4', 2n], ['x5', 0x7000n], ['TTBR0_EL1', 0x7000n], ['CSSELR_EL1', 2n], ['CONTEXTIDR_EL1', 0x7000n]] as const) {
      expect(one.vcpu.getRegister(name), name).toBe(value);
    }
    const emulation = ledger.rows.filter(({ step, operation }) => step === 'emulation' && operation === 'write').map(({ written, reached }) => [written, reached]);
    expect(emulation).toEqual(mode === 'nvhe' ? [] : [['TTBR0_EL12', 'TTBR0_EL1'], ['CSSELR_EL1', 'CSSELR_EL1'], ['CONTEXTIDR_EL12', 'CONTEXTIDR_EL1']]);
  });

  it('injects exceptions into the EL1 that is loaded', () => {
    const one = bareHost({ mode, revision }).vm();
    one.load(RAM, 'mov x1, #0x40000000\n add x1, x1, #0x1000\n msr VBAR_EL1, x1\n isb\n mrs x3, PMSCR_EL1\n nop');
    one.load(RAM + 0x1200n, `mrs x10, ESR_EL1\n mrs x11, ELR_EL1\n mrs x12, SPSR_EL1\n ${OFF}`);
    expect(one.vcpu.run()).toEqual(off);
    // Unknown reason; the instruction that does not exist; EL1h.
    expect(one.vcpu.getRegister('x10')).toBe(0x200_0000n);
    expect(one.vcpu.getRegister('x11')).toBe(RAM + 0x10n);
    expect(one.vcpu.getRegister('x12') & 0x3cfn).toBe(0x3c5n);
  });

  it('does not enter a guest whose PSTATE in memory is EL2\'s, and tells the VMM', () => {
    const one = bareHost({ mode, revision }).vm();
    one.load(RAM, `mov x5, #5\n ${OFF}`);
    one.backend.guest.memory.context.set('PSTATE', 0x3c9n);
    expect(one.vcpu.run()).toEqual({ kind: 'fail-entry', reason: 0n, cpu: 0, errno: 'EINVAL' });
    // Nothing ran, and with a legal one it does.
    expect(one.vcpu.getRegister('x5')).toBe(0n);
    one.vcpu.setRegister('pstate', 0x3c5n);
    one.vcpu.setRegister('pc', RAM);
    expect(one.vcpu.run()).toEqual(off);
    expect(one.vcpu.getRegister('x5')).toBe(5n);
  });

  it('shows a guest\'s V registers while it stands on the processor and has not used them', () => {
    const on = bareHost({ mode, revision });
    const one = on.vm();
    one.load(RAM, 'b .');
    one.vcpu.setRegister('v3', 0x1234_5678n);
    expect(one.vcpu.run({ budget: 10 })).toEqual({ kind: 'interrupted', because: 'budget' });
    expect(one.vcpu.getRegister('v3')).toBe(0x1234_5678n);
  });

  it('keeps two guests\' floating point apart, and the host\'s', () => {
    const on = bareHost({ mode, revision });
    on.hostCpu.registers.debugger.write('v7', 0x7777n);
    const [a, b] = [on.vm({ at: 0 }), on.vm({ at: 2 << 20 })];
    for (const [n, one] of [a, b].entries()) {
      one.load(RAM, `mov x1, #3\n lsl x1, x1, #20\n msr CPACR_EL1, x1\n isb\n mov x2, #${n + 1}\n fmov d7, x2\n 1: hvc #0\n fmov x3, d7\n b 1b`);
      one.vcpu.setRegister('x0', 0x8400_0000n);
    }
    for (let turn = 0; turn < 3; turn++) {
      for (const [n, one] of [a, b].entries()) {
        expect(one.vcpu.run({ budget: 50 })).toEqual({ kind: 'interrupted', because: 'budget' });
        expect(one.vcpu.getRegister('v7')).toBe(BigInt(n + 1));
        if (turn > 0) expect(one.vcpu.getRegister('x3')).toBe(BigInt(n + 1));
        // Off the processor: the host's own.
        one.vcpu.getRegister('CNTVOFF_EL2');
        expect(on.hostCpu.registers.debugger.read('v7')).toBe(0x7777n);
      }
    }
  });
});

describe.each(['nvhe', 'vhe'] as const)('who owns the debug registers, %s', (mode) => {
  const FREE = 0n;
  const GUEST = 1n;
  const HOST = 2n;

  it('is nobody until the guest touches one: its first access traps, the next do not, and what it writes is in the processor', () => {
    const on = bareHost({ mode, revision: 'owner' });
    const one = on.vm();
    const { memory } = one.backend.guest;
    one.load(RAM, `mov x9, #0x1000\n msr TPIDR_EL0, x9\n hvc #0\n msr DBGBVR1_EL1, x9\n msr DBGBVR2_EL1, x9\n mrs x10, DBGBVR1_EL1\n b .`);
    one.vcpu.setRegister('x0', 0x8400_0000n);
    const traps: string[] = [];
    const leave = on.hypervisor.world.leave.bind(on.hypervisor.world);
    on.hypervisor.world.leave = (vcpu, at) => {
      const left = leave(vcpu, at);
      if (left.kind === 'exit' && left.exit.code === 'sync' && left.exit.esr >> 26n === 0x18n) traps.push(`${vcpu.context.get('PC').toString(16)} ${vcpu.state.get('debug-owner')}`);
      return left;
    };
    expect(one.vcpu.run({ budget: 3 })).toEqual({ kind: 'interrupted', because: 'budget' });
    one.vcpu.getRegister('MDSCR_EL1');
    expect(memory.state.get('debug-owner')).toBe(FREE);
    expect(one.vcpu.run({ budget: 50 })).toEqual({ kind: 'interrupted', because: 'budget' });
    expect(traps).toEqual(['4000000c 0']);
    expect(memory.state.get('debug-owner')).toBe(GUEST);
    expect(one.vcpu.getRegister('x10')).toBe(0x1000n);
    expect(one.vcpu.getRegister('DBGBVR2_EL1')).toBe(0x1000n);
    expect(on.hostCpu.registers.debugger.read('DBGBVR2_EL1')).not.toBe(0x1000n);
  });

  it('is the guest from the load on if its MDSCR_EL1 says so, the host while the VMM debugs or the OS lock is on', () => {
    const on = bareHost({ mode, revision: 'owner' });
    const one = on.vm();
    const { state } = one.backend.guest.memory;
    const owner = (): bigint => {
      one.vcpu.run({ budget: 5 });
      return state.get('debug-owner');
    };
    one.load(RAM, 'mov x9, #1\n msr OSLAR_EL1, x9\n 1: nop\n nop\n nop\n nop\n nop\n nop\n nop\n nop\n msr OSLAR_EL1, xzr\n b .');
    expect(owner()).toBe(HOST);
    for (let n = 0; n < 3; n++) one.vcpu.run({ budget: 10 });
    // Unlocked again.
    expect(state.get('debug-owner')).toBe(FREE);
    one.vcpu.setRegister('MDSCR_EL1', 0x8000n);
    expect(owner()).toBe(GUEST);
    one.vcpu.setGuestDebug({ enable: true });
    expect(owner()).toBe(HOST);
    // The run's is without the guest's MDE; the guest's own is untouched.
    expect(state.get('external-mdscr')).toBe(0n);
    expect(one.vcpu.getRegister('MDSCR_EL1')).toBe(0x8000n);
    one.vcpu.setGuestDebug({ enable: false });
    expect(owner()).toBe(GUEST);
  });
});
