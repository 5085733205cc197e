import { encodingOf, type RegisterName } from '@worldswitch/arm64-sysreg';
import { describe, expect, it } from 'vitest';
import { bare } from '../test/bare.ts';
import { hostPort } from './host-port.ts';
import { NEOVERSE_N1 } from './model.ts';

const E2H = 1n << 34n;

function host(sync: 'early' | 'late') {
  const { cpu } = bare(NEOVERSE_N1, 'nop', 'interpreter', 2, sync);
  const port = hostPort(cpu.processor);
  return {
    cpu,
    port,
    write: (name: RegisterName, value: bigint) => port.execute({ op: 'msr', encoding: encodingOf(name), value }),
    read: (name: RegisterName) => port.execute({ op: 'mrs', encoding: encodingOf(name) }),
  };
}

describe('a write that changes the context', () => {
  it.each(['early', 'late'] as const)('acts at once or at the next ISB; a read of the register sees it either way (%s)', (sync) => {
    const { cpu, port, read, write } = host(sync);
    write('HCR_EL2', E2H);
    expect(read('HCR_EL2')).toMatchObject({ value: E2H | (1n << 31n) });
    write('TTBR0_EL1', 0x5000n);
    expect(cpu.registers.raw.read(sync === 'early' ? 'TTBR0_EL2' : 'TTBR0_EL1')).toBe(sync === 'early' ? 0x5000n : 0n);
    port.execute({ op: 'isb' });
    expect(cpu.registers.raw.read(sync === 'early' ? 'TTBR0_EL2' : 'TTBR0_EL1')).toBe(0x5000n);
    write('TTBR0_EL1', 0x6000n);
    port.execute({ op: 'isb' });
    expect(read('TTBR0_EL2')).toMatchObject({ value: 0x6000n });
  });

  it('DSB does not synchronise, exceptions and their returns do', () => {
    const { cpu, port, write } = host('late');
    const stored = (): bigint | undefined => cpu.registers.raw.read('VTTBR_EL2');
    write('VTTBR_EL2', 0x1000n);
    port.execute({ op: 'dsb', domain: 'sy' });
    expect(stored()).toBe(0n);
    port.execute({ op: 'hvc', immediate: 0 });
    expect(stored()).toBe(0x1000n);
    write('VTTBR_EL2', 0x2000n);
    expect(stored()).toBe(0x1000n);
    write('SPSR_EL2', 0x3c9n);
    port.execute({ op: 'eret' });
    expect(stored()).toBe(0x2000n);
  });

  it('a timer that is switched off late is still on', () => {
    const { cpu, port, read, write } = host('late');
    write('CNTV_CTL_EL0', 1n);
    port.execute({ op: 'isb' });
    write('CNTV_CTL_EL0', 0n);
    expect(read('CNTV_CTL_EL0')).toMatchObject({ value: 0n });
    expect(cpu.registers.raw.read('CNTV_CTL_EL0')).toBe(1n);
  });

  it('waits in a snapshot too', () => {
    const { cpu, port, write, read } = host('late');
    write('TCR_EL1', 0x10n);
    const saved = cpu.save();
    port.execute({ op: 'isb' });
    cpu.restore(saved);
    expect(cpu.registers.raw.read('TCR_EL1')).toBe(0n);
    expect(read('TCR_EL1')).toMatchObject({ value: 0x10n });
    cpu.reset();
    expect(read('TCR_EL1')).toMatchObject({ value: 0n });
  });
});
