import { EC, ISS } from '@worldswitch/arm64-sysreg';
import type { KvmError } from '@worldswitch/hypervisor';
import { describe, expect, it } from 'vitest';
import { setDebugFromBuffer } from '../guest/one-reg.ts';
import { VcpuMemory } from '../guest/vcpu-memory.ts';
import { GUEST_RAM, lab } from '../test/lab.ts';
import type { Happening, Lab } from '../test/lab.ts';
import { CP14_ROWS } from './cp14.ts';

const ORDERS = ['little', 'big'] as const;

/** A row by its name as a trapped MCR (write) or MRC. Its register is r2. */
function access(name: string, write?: bigint): Happening {
  const row = CP14_ROWS.find((one) => one.name === name);
  if (!row) throw new Error(name);
  const [Opc1, CRn, CRm, Opc2] = row.encoding;
  return (p) => {
    if (write !== undefined) p.x[2] = write;
    return p.take({ ec: EC.CP14_MR, il: 1, iss: Number(ISS.mcr.encode({ Opc1, CRn, CRm, Opc2, Rt: 2, Direction: write === undefined ? 1 : 0, CV: 1, COND: 14 })) });
  };
}

/** What a read of the row gives a guest in which it has been written before by other means. */
function read(one: Lab, name: string): bigint {
  let value: bigint | undefined;
  one.run(access(name), (p) => {
    value = p.x[2];
    return p.call(0x8400_0008n);
  });
  one.vcpu.initialise(['psci-0.2']);
  return value ?? -1n;
}

describe('rows of coprocessor 14', () => {
  it('are found by their encoding, no two alike', () => {
    const keys = CP14_ROWS.map(({ encoding }) => encoding.join());
    expect(new Set(keys).size).toBe(keys.length);
    expect(CP14_ROWS.find(({ name }) => name === 'DBGBXVR5')?.encoding).toEqual([0, 1, 5, 1]);
    expect(CP14_ROWS.find(({ name }) => name === 'DBGWCR15')?.encoding).toEqual([0, 0, 15, 7]);
  });
});

describe.each(ORDERS)('an AArch32 guest\'s debug registers, on a %s-endian host', (byteOrder) => {
  const written = (name: string, value: bigint, faithful: readonly string[] = []): ((register: string) => bigint) => {
    const one = lab('nvhe', { revision: 'debug-ptr', byteOrder, faithful });
    for (const register of ['DBGBVR3_EL1', 'DBGBCR3_EL1', 'DBGWVR3_EL1', 'DBGWCR3_EL1']) if (faithful.length === 0) one.vcpu.setRegister(register, 0xaaaa_aaaa_bbbb_bbbbn);
    one.run(access(name, value));
    return (register) => one.vcpu.getRegister(register);
  };
  // Value registers in words, the extension in the high one; control registers in the low word. What is not named stays.
  it.each([
    ['DBGBVR3', 'DBGBVR3_EL1', 0xaaaa_aaaa_1234_5678n], ['DBGBXVR3', 'DBGBVR3_EL1', 0x1234_5678_bbbb_bbbbn], ['DBGBCR3', 'DBGBCR3_EL1', 0xaaaa_aaaa_1234_5678n],
    ['DBGWVR3', 'DBGWVR3_EL1', 0xaaaa_aaaa_1234_5678n], ['DBGWCR3', 'DBGWCR3_EL1', 0xaaaa_aaaa_1234_5678n],
  ])('%s is part of %s', (name, register, expected) => {
    expect(written(name, 0x1234_5678n)(register)).toBe(expected);
  });

  it('give back what was written, and a read makes nothing dirty', () => {
    const one = lab('nvhe', { revision: 'debug-ptr', byteOrder });
    one.vcpu.setRegister('DBGBVR1_EL1', 0x1111_2222_3333_4444n);
    let low: bigint | undefined;
    one.run(access('DBGBVR1'), (p) => {
      low = p.x[2];
      return access('DBGBXVR1')(p);
    }, (p) => {
      expect(p.x[2]).toBe(0x1111_2222n);
      // TDA is still set: nobody has written one.
      expect((p.get('MDCR_EL2') >> 9n) & 1n).toBe(1n);
      return access('DBGBCR0', 0n)(p);
    }, (p) => {
      expect((p.get('MDCR_EL2') >> 9n) & 1n).toBe(0n);
      return p.call(0x8400_0008n);
    });
    expect(low).toBe(0x3333_4444n);
  });

  it('aarch32-halves, faithful: control registers go to the upper half of their slot if the host is big-endian', () => {
    for (const [name, register] of [['DBGBCR3', 'DBGBCR3_EL1'], ['DBGWCR3', 'DBGWCR3_EL1']] as const) {
      expect(written(name, 0x1e7n, ['aarch32-halves'])(register), name).toBe(byteOrder === 'big' ? 0x1e7_0000_0000n : 0x1e7n);
    }
    expect(written('DBGBVR3', 0x1000n, ['aarch32-halves'])('DBGBVR3_EL1')).toBe(0x1000n);
  });
});

describe('other rows', () => {
  it('of external debug read as zero and take nothing', () => {
    const one = lab('nvhe', { revision: 'debug-ptr' });
    const before = one.vcpu.registers.names.filter((name) => name.startsWith('DBG')).map((name) => one.vcpu.getRegister(name));
    for (const name of ['DBGDTRTXext', 'DBGWFAR', 'DBGPRCR', 'DBGCLAIMSET', 'DBGDRAR']) {
      one.run(access(name, 0xffff_ffffn));
      one.vcpu.initialise(['psci-0.2']);
      expect(read(one, name), name).toBe(0n);
    }
    expect(one.vcpu.registers.names.filter((name) => name.startsWith('DBG')).map((name) => one.vcpu.getRegister(name))).toEqual(before);
  });
  it('are the AArch64 registers of another name: DBGDSCRext, DBGDCCINT', () => {
    const one = lab('nvhe', { revision: '2015-base' });
    one.run(access('DBGDSCRext', 0x8000n), access('DBGDCCINT', 0x4000_0000n));
    expect([one.vcpu.getRegister('MDSCR_EL1'), one.vcpu.getRegister('MDCCINT_EL1')]).toEqual([0x8000n, 0x4000_0000n]);
  });
  it('DBGDIDR says six breakpoints, four watchpoints and Armv8 debug', () => {
    // WRPs 31:28, BRPs 27:24, CTX_CMPs 23:20, Version 19:16 (DDI 0487 DBGDIDR).
    expect(read(lab('nvhe', { revision: 'debug-ptr' }), 'DBGDIDR') & 0xff0f_0000n).toBe(0x3506_0000n);
  });
  it('that do not exist are reported as what is not built', () => {
    const one = lab('nvhe', { revision: 'debug-ptr' });
    const iss = Number(ISS.mcr.encode({ Opc1: 6, CRn: 0, CRm: 0, Opc2: 0, Rt: 2, Direction: 1, CV: 1, COND: 14 }));
    expect(one.run((p) => p.take({ ec: EC.CP14_MR, il: 1, iss }))).toMatchObject({ kind: 'internal-error', reason: 'aarch32-undefined', detail: { coprocessor: 14, op1: 6, pc: GUEST_RAM } });
  });
});

describe('one register', () => {
  it('one-reg-copy, faithful: setting a debug register fails with EFAULT, and the caller\'s buffer is cleared', () => {
    const one = lab('nvhe', { revision: 'debug-ptr', faithful: ['one-reg-copy'] });
    const code = (work: () => void): string | undefined => {
      try {
        work();
        return undefined;
      } catch (error) {
        return (error as KvmError).errno;
      }
    };
    expect(code(() => { one.vcpu.setRegister('DBGBVR1_EL1', 0x1000n); })).toBe('EFAULT');
    expect(one.vcpu.getRegister('DBGBVR1_EL1')).toBe(0n);
    // Other registers, and reading, are as they should be.
    one.vcpu.setRegister('TPIDR_EL0', 7n);
    expect(one.vcpu.getRegister('TPIDR_EL0')).toBe(7n);
    const buffer = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9);
    const memory = new VcpuMemory(1, one.hypervisor.host.pages.allocate(), one.processor.memory, 'little');
    expect(code(() => { setDebugFromBuffer({ memory, faithful: new Set(['one-reg-copy']) }, 'bvr', 1, buffer, 'little'); })).toBe('EFAULT');
    expect([...buffer]).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 9]);
  });
  it('corrected: it is set, in the set of the guest\'s own', () => {
    const one = lab('nvhe', { revision: 'debug-ptr' });
    one.vcpu.setRegister('DBGBVR1_EL1', 0x1000n);
    expect(one.vcpu.getRegister('DBGBVR1_EL1')).toBe(0x1000n);
    const buffer = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8);
    const memory = new VcpuMemory(1, one.hypervisor.host.pages.allocate(), one.processor.memory, 'little');
    setDebugFromBuffer({ memory, faithful: new Set() }, 'wcr', 15, buffer, 'little');
    expect(memory.vcpuDebugState.get('wcr15')).toBe(0x0807_0605_0403_0201n);
    expect([...buffer]).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  });
  it('bcr0-unlisted: DBGBCR0_EL1 is missing from the list and not to be had, faithful; corrected, it is there', () => {
    const faithful = lab('nvhe', { revision: 'debug-ptr', faithful: ['bcr0-unlisted'] });
    expect(faithful.vcpu.registers.names).not.toContain('DBGBCR0_EL1');
    expect(faithful.vcpu.registers.names).toContain('DBGBCR1_EL1');
    expect(() => faithful.vcpu.getRegister('DBGBCR0_EL1')).toThrow(/ENOENT/);
    expect(() => { faithful.vcpu.setRegister('DBGBCR0_EL1', 1n); }).toThrow(/ENOENT/);
    const corrected = lab('nvhe', { revision: 'debug-ptr' });
    corrected.vcpu.setRegister('DBGBCR0_EL1', 0x1e7n);
    expect(corrected.vcpu.registers.names).toContain('DBGBCR0_EL1');
    expect(corrected.vcpu.getRegister('DBGBCR0_EL1')).toBe(0x1e7n);
  });
});
