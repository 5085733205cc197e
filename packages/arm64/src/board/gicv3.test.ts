/** The board with a GICv3: sequences measured on QEMU 7.2's (one processor, no emulator needed), several processors, snapshots. */
import { describe, expect, it } from 'vitest';
import type { RegisterName } from '@worldswitch/arm64-sysreg';
import * as devices from '@worldswitch/devices';
import { Engine } from '@worldswitch/engine';
import * as images from '@worldswitch/image';
import { EngineMemory, firstDifference, type Plain } from '@worldswitch/machine';
import { CORTEX_A57, NEOVERSE_N1, virtProcessors, type Arm64Cpu } from '../cpu/index.ts';
import { createInstructionTable } from '../instructions.ts';
import { STATE } from '../state.ts';
import { createVirt, type Virt, type VirtOptions } from './index.ts';

const GICD = 0x0800_0000n, GICR = 0x080a_0000n, SGI = GICR + 0x1_0000n;
const HCR = { FMO: 1n << 3n, IMO: 1n << 4n, VI: 1n << 7n, RW: 1n << 31n } as const;
const EL1H = 0x3c5n, EL2H = 0x3c9n;

class Bench {
  readonly virt: Virt<EngineMemory>;
  readonly cpus: readonly Arm64Cpu[];

  constructor(options: VirtOptions = {}, model = CORTEX_A57) {
    const engine = new Engine({ table: createInstructionTable(), layout: STATE, order: 'little', kind: 'interpreter' });
    const cpus: Arm64Cpu[] = [];
    const make = virtProcessors<EngineMemory>(engine, model);
    this.virt = createVirt({
      ram: 2 ** 21, gic: 3, ...options, devices, images, memory: new EngineMemory(engine.memory),
      makeCpu: (port, setup) => {
        const cpu = make(port, setup);
        cpus.push(cpu);
        return cpu;
      },
    });
    this.cpus = cpus;
  }

  get(name: RegisterName, cpu = 0): bigint | string {
    const verdict = this.cpus[cpu].registers.guest.read(name);
    return verdict.kind === 'ok' ? verdict.value : verdict.kind;
  }
  all(...names: readonly RegisterName[]): readonly (bigint | string)[] {
    return names.map((name) => this.get(name));
  }
  set(name: RegisterName, value: bigint, cpu = 0): string {
    const verdict = this.cpus[cpu].registers.guest.write(name, value);
    return verdict.kind === 'trap' ? `trap to EL${verdict.to}, 0x${verdict.syndrome.toString(16)}` : verdict.kind;
  }
  load(address: bigint, cpu = 0): bigint | undefined {
    return this.virt.machine.memory.read(address, 4, cpu);
  }
  store(address: bigint, value: bigint, cpu = 0, width: 1 | 4 | 8 = 4): void {
    this.virt.machine.memory.write(address, width, value, cpu);
  }
  level(pstate: bigint, cpu = 0): void {
    this.cpus[cpu].registers.debugger.write('pstate', pstate);
  }
  /** Group 1, everything enabled, priority 0xa0, mask 0xf0: where the measurements start. */
  open(cpu = 0): this {
    const frame = 0x2_0000n * BigInt(cpu);
    this.store(GICD, 3n);
    this.store(SGI + frame + 0x80n, 0xffff_ffffn);
    this.store(SGI + frame + 0x100n, 0xffff_ffffn);
    for (let intid = 0n; intid < 32n; intid += 4n) this.store(SGI + frame + 0x400n + intid, 0xa0a0_a0a0n);
    this.set('ICC_PMR_EL1', 0xf0n, cpu);
    this.set('ICC_IGRPEN1_EL1', 1n, cpu);
    return this;
  }
}

describe('GICv3, measured sequences at EL2', () => {
  const bench = (): Bench => {
    const b = new Bench().open();
    b.set('HCR_EL2', HCR.RW);
    return b;
  };
  const timerOn = (b: Bench): void => {
    b.set('CNTP_CVAL_EL0', 0n);
    b.set('CNTP_CTL_EL0', 1n);
  };

  it('the physical timer, INTID 30, as a level', () => {
    const b = bench();
    timerOn(b);
    expect([b.get('CNTP_CTL_EL0'), b.load(SGI + 0x200n), b.get('ISR_EL1'), b.get('ICC_HPPIR1_EL1')]).toEqual([5n, 0x4000_0000n, 0x80n, 0x1en]);
    expect([b.get('ICC_IAR1_EL1'), b.load(SGI + 0x300n), b.load(SGI + 0x200n), ...b.all('ISR_EL1', 'ICC_RPR_EL1', 'ICC_AP1R0_EL1')]).toEqual([0x1en, 1n << 30n, 1n << 30n, 0n, 0xa0n, 0x10_0000n]);
    b.set('ICC_EOIR1_EL1', 30n);
    expect([b.load(SGI + 0x300n), b.get('ISR_EL1')]).toEqual([0n, 0x80n]);
    b.set('CNTP_CTL_EL0', 3n);
    expect([b.get('CNTP_CTL_EL0'), b.get('ISR_EL1'), b.load(SGI + 0x200n)]).toEqual([7n, 0n, 0n]);
  });

  it('clearing pending does not help against a line; EOImode 1 leaves deactivation to DIR; active by hand silences', () => {
    const b = bench();
    timerOn(b);
    b.store(SGI + 0x280n, 0xffff_ffffn);
    expect(b.load(SGI + 0x200n)).toBe(1n << 30n);
    b.set('ICC_CTLR_EL1', 2n);
    b.get('ICC_IAR1_EL1');
    b.set('CNTP_CTL_EL0', 0n);
    b.set('ICC_EOIR1_EL1', 30n);
    expect([b.get('ICC_RPR_EL1'), b.load(SGI + 0x300n)]).toEqual([0xffn, 1n << 30n]);
    b.set('ICC_DIR_EL1', 30n);
    expect(b.load(SGI + 0x300n)).toBe(0n);
    timerOn(b);
    b.store(SGI + 0x300n, 1n << 30n);
    expect([b.load(SGI + 0x200n), b.get('ISR_EL1')]).toEqual([1n << 30n, 0n]);
    b.store(SGI + 0x380n, 1n << 30n);
    expect(b.get('ISR_EL1')).toBe(0x80n);
  });

  it('SGIs, of the group their receiver has them in', () => {
    const b = bench();
    b.set('ICC_SGI1R_EL1', 0x0100_0001n);
    expect([b.load(SGI + 0x200n), b.get('ICC_IAR1_EL1')]).toEqual([2n, 1n]);
    b.set('ICC_EOIR1_EL1', 1n);
    b.set('ICC_SGI0R_EL1', 0x0100_0001n);
    b.set('ICC_SGI1R_EL1', 0x0100_0001n | (1n << 40n));
    expect(b.load(SGI + 0x200n)).toBe(0n);
    b.store(SGI + 0x80n, 0xffff_fffdn);
    b.set('ICC_SGI1R_EL1', 0x0100_0001n);
    expect(b.load(SGI + 0x200n)).toBe(0n);
    b.set('ICC_SGI0R_EL1', 0x0100_0001n);
    expect([b.load(SGI + 0x200n), b.get('ISR_EL1')]).toEqual([2n, 0n]);
    b.set('ICC_IGRPEN0_EL1', 1n);
    expect(b.all('ISR_EL1', 'ICC_IAR1_EL1', 'ICC_HPPIR1_EL1', 'ICC_IAR0_EL1')).toEqual([0x40n, 0x3ffn, 0x3ffn, 1n]);
    b.set('ICC_EOIR1_EL1', 1n);
    expect(b.get('ICC_RPR_EL1')).toBe(0xa0n);
    b.set('ICC_EOIR0_EL1', 1n);
    expect(b.get('ICC_RPR_EL1')).toBe(0xffn);
  });

  it('the virtual interface', () => {
    const b = bench();
    b.set('HCR_EL2', HCR.RW | HCR.IMO | HCR.FMO);
    b.set('ICH_VMCR_EL2', 0xf000_0002n);
    b.set('ICH_HCR_EL2', 1n);
    b.set('ICH_LR0_EL2', 0x50a0_0200_0000_0028n);
    b.set('ICH_LR1_EL2', 0x5080_0000_0000_0029n);
    expect(b.all('ICH_VMCR_EL2', 'ICH_ELRSR_EL2', 'ISR_EL1')).toEqual([0xf04c_000an, 0xcn, 0n]);
    b.level(EL1H);
    expect(b.all('ISR_EL1', 'ICC_HPPIR1_EL1', 'ICC_IAR1_EL1', 'ICC_RPR_EL1', 'ISR_EL1', 'ICC_IAR1_EL1')).toEqual([0x80n, 0x29n, 0x29n, 0x80n, 0n, 0x3ffn]);
    expect(b.all('ICC_CTLR_EL1', 'ICC_BPR1_EL1', 'ICC_SRE_EL1')).toEqual([0x8c00n, 3n, 7n]);
    // Rt 1 in the measurement, 0 here.
    expect(b.set('ICC_SGI1R_EL1', 0n)).toBe('trap to EL2, 0x623a3016');
    b.level(EL2H);
    expect(b.all('ICH_LR1_EL2', 'ICH_AP1R0_EL2')).toEqual([0x9080_0000_0000_0029n, 0x1_0000n]);
    b.level(EL1H);
    b.set('ICC_EOIR1_EL1', 41n);
    b.level(EL2H);
    expect(b.all('ICH_LR1_EL2', 'ICH_AP1R0_EL2', 'ICH_ELRSR_EL2')).toEqual([0x1080_0000_0000_0029n, 0n, 0xen]);
    b.level(EL1H);
    expect(b.get('ICC_IAR1_EL1')).toBe(40n);
    b.set('ICC_EOIR1_EL1', 40n);
    b.level(EL2H);
    expect(b.all('ICH_LR0_EL2', 'ICH_EISR_EL2', 'ICH_MISR_EL2', 'ICH_ELRSR_EL2')).toEqual([0x10a0_0200_0000_0028n, 1n, 1n, 0xen]);
    expect(b.load(SGI + 0x200n)).toBe(1n << 25n);
    b.set('ICH_HCR_EL2', 0n);
    expect(b.load(SGI + 0x200n)).toBe(0n);
  });
});

describe('a board with a GICv3', () => {
  it.each([CORTEX_A57, NEOVERSE_N1])('has processors that say so ($name), and none with a GICv2', (model) => {
    const [three, two] = [new Bench({}, model), new Bench({ gic: 2 }, model)];
    const field = (value: bigint | string): bigint => (BigInt(value) >> 24n) & 0xfn;
    expect([field(three.get('ID_AA64PFR0_EL1')), field(two.get('ID_AA64PFR0_EL1'))]).toEqual([1n, 0n]);
    expect(three.all('ICC_SRE_EL1', 'ICC_SRE_EL2', 'ICH_VTR_EL2', 'ICC_AP0R0_EL1', 'ICC_AP0R1_EL1', 'ICH_LR3_EL2', 'ICH_LR4_EL2')).toEqual([7n, 0xfn, 0x90b8_0003n, 0n, 'undefined', 0n, 'undefined']);
    expect(two.all('ICC_SRE_EL1', 'ICH_VTR_EL2', 'ICC_PMR_EL1')).toEqual(['undefined', 'undefined', 'undefined']);
    expect([two.load(GICR), three.load(GICD + 0xffe8n)]).toEqual([undefined, 0x3bn]);
  });

  it('without EL2 has the physical interface alone', () => {
    const b = new Bench({ el2: false }).open();
    b.set('ICC_SGI1R_EL1', 0x0500_0001n);
    expect(b.all('ISR_EL1', 'ICC_IAR1_EL1', 'ICC_SRE_EL1', 'ICC_SRE_EL2', 'ICH_VTR_EL2')).toEqual([0x80n, 5n, 7n, 'undefined', 'undefined']);
  });

  it('sends SGIs between processors, and SPIs where they are routed', () => {
    const b = new Bench({ cpus: 3 });
    for (const cpu of [0, 1, 2]) b.open(cpu);
    const heads = (): unknown[] => [0, 1, 2].map((cpu) => b.get('ICC_HPPIR1_EL1', cpu));
    b.set('ICC_SGI1R_EL1', (4n << 24n) | 0b110n, 0);
    expect(heads()).toEqual([1023n, 4n, 4n]);
    expect(b.get('ICC_IAR1_EL1', 2)).toBe(4n);
    b.set('ICC_EOIR1_EL1', 4n, 2);
    b.set('ICC_SGI1R_EL1', (2n << 24n) | (1n << 40n), 1);
    expect(heads()).toEqual([2n, 4n, 2n]);
    // RS and the upper affinities name processors that are not there.
    b.set('ICC_SGI1R_EL1', (1n << 24n) | (1n << 16n) | 1n, 0);
    expect(heads()).toEqual([2n, 4n, 2n]);
    b.store(GICD + 0x84n, 0xffff_ffffn);
    b.store(GICD + 0x104n, 1n << 8n);
    b.store(GICD + 0x6000n + 8n * 40n, 1n, 0, 8);
    b.store(GICD + 0x204n, 1n << 8n);
    expect(heads()).toEqual([2n, 40n, 2n]);
    b.store(GICD + 0x6000n + 8n * 40n, 7n, 0, 8);
    expect(heads()).toEqual([2n, 4n, 2n]);
  });

  it('goes into a snapshot and comes back', () => {
    const b = new Bench({ cpus: 2 }).open();
    b.set('HCR_EL2', HCR.RW | HCR.IMO);
    b.set('ICH_VMCR_EL2', 0xf000_0002n);
    b.set('ICH_HCR_EL2', 1n);
    b.set('ICH_LR0_EL2', 0x50a0_0200_0000_0028n);
    b.set('ICC_SGI1R_EL1', 0x0100_0001n);
    b.set('ICC_SGI1R_EL1', 0x0300_0001n);
    b.get('ICC_IAR1_EL1');
    const names: RegisterName[] = ['ISR_EL1', 'ICC_RPR_EL1', 'ICC_HPPIR1_EL1', 'ICC_AP1R0_EL1', 'ICH_LR0_EL2', 'ICH_MISR_EL2', 'ICC_PMR_EL1'];
    const [before, snapshot] = [b.all(...names), b.virt.machine.save()];
    const parts = ({ cpus }: Bench): Plain => cpus.map((cpu) => cpu.save());
    const saved = parts(b);
    const other = new Bench({ cpus: 2 });
    other.store(GICD, 0n);
    other.store(SGI + 0x280n, 0xffff_ffffn);
    other.store(SGI + 0x380n, 0xffff_ffffn);
    other.set('ICC_AP1R0_EL1', 0n);
    other.set('ICH_HCR_EL2', 0n);
    other.virt.machine.restore(snapshot);
    expect(other.all(...names)).toEqual(before);
    expect(firstDifference(parts(other), saved)).toBeUndefined();
    // What follows is the same as well: lines and what is offered came back.
    other.set('ICC_EOIR1_EL1', 1n);
    expect(other.all('ISR_EL1', 'ICC_IAR1_EL1')).toEqual([0x80n, 3n]);
    other.level(EL1H);
    expect(other.all('ISR_EL1', 'ICC_IAR1_EL1')).toEqual([0x80n, 40n]);
  });

  it('starts over at a reset', () => {
    const b = new Bench().open();
    b.set('ICC_SGI1R_EL1', 0x0100_0001n);
    b.get('ICC_IAR1_EL1');
    b.set('ICH_HCR_EL2', 0x1n);
    b.virt.reset();
    expect([b.load(SGI + 0x300n), b.load(GICD), ...b.all('ICC_RPR_EL1', 'ICC_PMR_EL1', 'ICC_IGRPEN1_EL1', 'ICH_HCR_EL2', 'ICC_BPR1_EL1', 'ICH_VMCR_EL2')]).toEqual([0n, 0x50n, 0xffn, 0n, 0n, 0n, 3n, 0x004c_0008n]);
    expect(firstDifference(b.cpus[0].save(), new Bench().cpus[0].save())).toBeUndefined();
  });

  it('lets a debugger look without acknowledging', () => {
    const b = new Bench().open();
    b.set('ICC_SGI1R_EL1', 0x0100_0001n);
    const { debugger: door, raw } = b.cpus[0].registers;
    expect([door.read('ICC_IAR1_EL1'), door.read('ICC_IAR1_EL1'), door.read('ICC_RPR_EL1'), raw.read('ICC_PMR_EL1')]).toEqual([1n, 1n, 0xffn, 0xf0n]);
    expect(b.get('ICC_IAR1_EL1')).toBe(1n);
  });

  it('tells an observer what was reached', () => {
    const b = new Bench().open();
    b.set('ICC_SGI1R_EL1', 0x0100_0001n);
    using ring = b.cpus[0].observe(['system-register'], 10);
    b.get('ICC_IAR1_EL1');
    b.set('ICC_PMR_EL1', 0x80n);
    expect(ring.drain()).toMatchObject([{ direction: 'read', reached: 'ICC_IAR1_EL1', after: 1n }, { direction: 'write', reached: 'ICC_PMR_EL1', before: 0xf0n, after: 0x80n }]);
  });

  it('refuses other versions', () => {
    expect(() => new Bench({ gic: 4 as 3 })).toThrow(/version 4; there are 2 and 3/);
  });
});
