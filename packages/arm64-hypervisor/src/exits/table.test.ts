import { EXCEPTION_CLASSES, encodeSyndrome, syndromes } from '@worldswitch/arm64-sysreg';
import { describe, expect, it } from 'vitest';
import { GUEST_RAM, HOST_MEMORY, READ_ONLY, SYSTEM_OFF, lab } from '../test/lab.ts';
import type { Happening } from '../test/lab.ts';
import { PAIRS, REVISIONS } from '../switch/revisions/index.ts';
import type { ProcessorStop } from '../processor.ts';
import type { Revision } from '../switch/step.ts';
import type { ModelProcessor } from '../test/model-processor.ts';
import { EXIT_TABLE } from './table.ts';

const MODES = ['nvhe', 'vhe'] as const;
const OFF = { kind: 'system-event', event: 'shutdown' };

describe('the table of exits', () => {
  it('has a row for each of 64 exception classes, under the name that the facts give it', () => {
    expect(EXIT_TABLE.map(({ ec }) => ec)).toEqual(Array.from({ length: 64 }, (_, n) => n));
    for (const [name, { ec }] of Object.entries(EXCEPTION_CLASSES)) expect(EXIT_TABLE[ec].name).toBe(name);
  });
  // What a 64-bit guest can bring to EL2 by the traps we set; floating point is dealt with in the vector.
  it('handles those that a guest of ours can cause, and names the default of the others', () => {
    const handled = EXIT_TABLE.filter(({ because }) => because !== 'not expected from a guest').map(({ name }) => name);
    expect(handled).toEqual(['WFx', 'CP14_MR', 'PAC', 'CP14_64', 'HVC64', 'SMC64', 'SYS64', 'SVE', 'IABT_LOW', 'DABT_LOW', 'BREAKPT_LOW', 'SOFTSTP_LOW', 'WATCHPT_LOW', 'BKPT32', 'BRK64']);
  });
  it('reports a class that nobody expects as what it is, and the guest can go on', () => {
    const one = lab();
    expect(one.run((p) => p.take({ ec: EXCEPTION_CLASSES.ERET.ec, il: 1, iss: 0 }))).toMatchObject({
      kind: 'internal-error', reason: 'unexpected-exception-class', dead: false, detail: { esr: (0x1an << 26n) | (1n << 25n), pc: GUEST_RAM },
    });
    expect(one.run()).toMatchObject(OFF);
  });
});

describe.each(MODES)('exits, %s', (mode) => {
  /** Where the guest is when it goes on. */
  const where = (seen: bigint[]): Happening => (p) => {
    seen.push(p.pc);
    return SYSTEM_OFF(p);
  };
  it('WFE is a hint, and behind the guest then', () => {
    const seen: bigint[] = [];
    expect(lab(mode).run((p) => p.take(syndromes.wfx('wfe')), where(seen))).toMatchObject(OFF);
    expect(seen).toEqual([GUEST_RAM + 4n]);
  });
  it('WFI waits until an interrupt is pending', () => {
    const one = lab(mode);
    const seen: bigint[] = [];
    one.vcpu.setLine('irq', true);
    expect(one.run((p) => p.take(syndromes.wfx('wfi')), where(seen))).toMatchObject(OFF);
    expect(seen).toEqual([GUEST_RAM + 4n]);
    expect(one.processor.executed.some(({ op }) => op === 'wfi')).toBe(false);
  });
  it('SMC finds nothing below: -1, and the guest is behind it', () => {
    const one = lab(mode);
    let found: readonly bigint[] = [];
    one.run((p) => p.take(syndromes.smc(0)), (p) => {
      found = [p.pc, p.x[0]];
      return SYSTEM_OFF(p);
    });
    expect(found).toEqual([GUEST_RAM + 4n, (1n << 64n) - 1n]);
  });
  it.each(['SVE', 'PAC'] as const)('%s is UNDEFINED for a guest: EC 0 at its own vector', (name) => {
    const one = lab(mode);
    const seen: bigint[] = [];
    one.vcpu.setRegister('VBAR_EL1', GUEST_RAM + 0x8000n);
    one.run((p) => p.take({ ec: EXCEPTION_CLASSES[name].ec, il: 1, iss: 0 }), where(seen));
    // From EL1h: the second quarter of the table (DDI 0487 D1.3.1.4).
    expect(seen).toEqual([GUEST_RAM + 0x8200n]);
    expect(one.vcpu.getRegister('ESR_EL1')).toBe(1n << 25n);
    expect(one.vcpu.getRegister('ELR_EL1')).toBe(GUEST_RAM);
  });
  it.each([['BREAKPT_LOW', 0n], ['SOFTSTP_LOW', 0n], ['BRK64', 0n], ['WATCHPT_LOW', 0x4000_1234n]] as const)('%s goes to the VMM: syndrome, and the address of a watchpoint', (name, far) => {
    const { ec } = EXCEPTION_CLASSES[name];
    expect(lab(mode).run((p) => p.take({ ec, il: 1, iss: 0x22 }, 0n, { far: 0x4000_1234n }))).toEqual({
      kind: 'debug', pc: GUEST_RAM, arch: { hsr: Number(encodeSyndrome({ ec, il: 1, iss: 0x22 })), far },
    });
  });
});

/** Offsets of FIQ and SError in a quarter of the vector table (DDI 0487 D1.3.1.4). */
const OFFSET = { fiq: 0x100n, serror: 0x180n } as const;
const named = (name: string): Revision => REVISIONS.find((revision) => revision.name === name) as Revision;
const ASSEMBLY: readonly (readonly [string, 'nvhe' | 'vhe'])[] = [['2015-base', 'nvhe'], ['debug-ptr', 'nvhe'], ['vhe', 'nvhe'], ['vhe', 'vhe']];

// Linux 4.1 and 4.4, arch/arm64/kvm/hyp.S: "None of these should ever happen", el1_fiq_invalid and el1_error_invalid among them.
describe.each(ASSEMBLY)('what the assembly has no handler for, %s on %s', (name, mode) => {
  it.each([['fiq', 'a FIQ'], ['serror', 'an SError']] as const)('%s while the guest runs is the host\'s panic: nothing reaches the guest, the report says what came', (kind, words) => {
    const one = lab(mode, { revision: named(name) });
    const exit = one.run((p) => p.take(undefined, OFFSET[kind]), () => { throw new Error('the guest went on'); });
    expect(exit).toMatchObject({
      kind: 'internal-error', reason: 'hypervisor-panic', dead: true,
      detail: { step: 'trap-vector', why: `${words} came while the guest ran, and the vectors of ${name} have no handler for it`, elr: GUEST_RAM },
    });
    // HCR_EL2.VSE, bit 8: no virtual SError is left behind, and the host's controls are back.
    expect(one.processor.get('HCR_EL2') >> 8n & 1n).toBe(0n);
    expect(one.processor.get('VTTBR_EL2')).toBe(0n);
  });
});

const LATER = PAIRS.filter(({ revision }) => !ASSEMBLY.some(([name]) => name === revision)).map(({ revision, mode }) => [revision, mode] as const);

// Linux 4.9, arch/arm64/kvm/hyp/hyp-entry.S: el1_error leaves the guest, and handle_exit makes a virtual SError of it.
describe.each(LATER)('an SError under %s on %s', (name, mode) => {
  it('becomes a virtual one, once: VSE is in HCR_EL2 until the guest has taken it, and not again after that', () => {
    const one = lab(mode, { revision: named(name) });
    const vse: bigint[] = [];
    const look: Happening = (p) => {
      vse.push(p.get('HCR_EL2') >> 8n & 1n);
      return undefined;
    };
    const leave = { ec: EXCEPTION_CLASSES.WFx.ec, il: 1, iss: 1 } as const;
    one.run(
      (p) => p.take(undefined, OFFSET.serror),
      // Masked so far: it is still pending the next time.
      (p) => look(p) ?? p.take(leave),
      (p) => {
        look(p);
        // The processor clears VSE when it takes the virtual SError (DDI 0487 HCR_EL2.VSE).
        p.registers.set('HCR_EL2', p.get('HCR_EL2') & ~0x100n);
        return p.take(leave);
      },
      (p) => look(p) ?? SYSTEM_OFF(p),
    );
    expect(vse).toEqual([1n, 1n, 0n]);
  });
});

// __guest_exit and handle_exit of Linux 4.15 and 6.1: one instruction with A clear, and what the guest left for is done again.
describe.each(LATER)('an SError that is pending when the guest leaves, %s on %s', (name, mode) => {
  it.each([['an HVC', true], ['a trapped instruction', false]] as const)('goes before %s, which the guest comes to again', (_, call) => {
    const one = lab(mode, { revision: named(name) });
    const seen: [bigint, bigint][] = [];
    const leave = (p: ModelProcessor): ProcessorStop | undefined => (call ? p.call(0x8400_0000n) : p.take(syndromes.wfx('wfe')));
    one.run((p) => {
      seen.push([p.pc, 0n]);
      p.registers.set('ISR_EL1', 0x100n);
      const left = leave(p);
      p.run = () => {
        Reflect.deleteProperty(p, 'run');
        p.registers.set('ISR_EL1', 0n);
        return p.take({ ec: EXCEPTION_CLASSES.SERROR.ec, il: 1, iss: 0 }, OFFSET.serror) ?? p.run();
      };
      return left;
    }, (p) => {
      seen.push([p.pc, p.get('HCR_EL2') >> 8n & 1n]);
      return SYSTEM_OFF(p);
    });
    expect(seen).toEqual([[GUEST_RAM, 0n], [GUEST_RAM, 1n]]);
  });
});

it('a FIQ is a panic under two-hooks too, and an interrupt of the host since', () => {
  const fiq = (name: string): ReturnType<ReturnType<typeof lab>['run']> => lab('nvhe', { revision: named(name) }).run((p) => p.take(undefined, OFFSET.fiq));
  expect(fiq('two-hooks')).toMatchObject({ kind: 'internal-error', reason: 'hypervisor-panic', detail: { step: 'vector' } });
  expect(fiq('load-put')).toMatchObject(OFF);
});

describe('aborts of stage 2', () => {
  const fault = (ipa: bigint, { dfsc, write = false, ...what }: { readonly dfsc: number; readonly write?: boolean; readonly s1ptw?: boolean; readonly transfer?: { readonly size: 1 | 2 | 4 | 8; readonly register: number; readonly signExtend?: boolean; readonly wide?: boolean; readonly acquireRelease?: boolean } }): Happening =>
    (p) => p.take(syndromes.dataAbort({ lower: true, dfsc, write, ...what } as Parameters<typeof syndromes.dataAbort>[0]), 0n, { far: ipa, hpfar: (ipa >> 12n) << 4n });
  // DFSC 0b0001LL: translation fault; 0b0011LL: permission fault; 0b010000: synchronous external abort.
  const TRANSLATION = 0b000111;
  const PERMISSION = 0b001111;
  const EXTERNAL = 0b010000;

  it('map what is in a slot: a block where it fits, a page at the ragged end; the guest tries again', () => {
    const one = lab();
    const seen: bigint[] = [];
    expect(one.run(fault(GUEST_RAM + 0x1234n, { dfsc: TRANSLATION }), (p) => {
      seen.push(p.pc);
      return fault(GUEST_RAM + 0x20_2010n, { dfsc: TRANSLATION })(p);
    })).toMatchObject(OFF);
    expect(seen).toEqual([GUEST_RAM]);
    const { stage2 } = one.backend;
    expect(stage2.lookup(GUEST_RAM + 0x1f_f008n)).toEqual({ host: HOST_MEMORY + 0x1f_f008n, readOnly: false, size: 0x20_0000n });
    expect(stage2.lookup(GUEST_RAM + 0x20_2010n)).toEqual({ host: HOST_MEMORY + 0x20_2010n, readOnly: false, size: 0x1000n });
    expect(stage2.lookup(GUEST_RAM + 0x20_1010n)).toBeUndefined();
    expect(stage2.lookup(GUEST_RAM + 0x20_3000n)).toBeUndefined();
    one.vm.setMemoryRegion({ slot: 0, guestAddress: GUEST_RAM, size: 0n, hostAddress: 0n });
    expect(stage2.lookup(GUEST_RAM + 0x1234n)).toBeUndefined();
  });
  it('give writes to read-only memory to the VMM, in the order of bytes, and reads to the memory', () => {
    const one = lab();
    const ipa = READ_ONLY.address + 0x10n;
    one.vcpu.setRegister('x5', 0x1122_3344_5566_7788n);
    expect(one.run(fault(ipa, { dfsc: TRANSLATION }), fault(ipa, { dfsc: PERMISSION, write: true, transfer: { size: 4, register: 5 } }))).toEqual({
      kind: 'mmio', address: ipa, length: 4, write: true, data: Uint8Array.of(0x88, 0x77, 0x66, 0x55),
    });
    expect(one.backend.stage2.lookup(ipa)).toMatchObject({ readOnly: true, size: 0x1000n });
  });
  it.each([
    [{ size: 1, signExtend: true, wide: true }, 0xffff_ffff_ffff_ff81n], [{ size: 1, signExtend: true, wide: false }, 0xffff_ff81n], [{ size: 2 }, 0x4281n], [{ size: 8, wide: true }, 0x8887_8685_8443_4281n],
  ] as const)('complete a read with what the VMM answers: %j', (form, value) => {
    const one = lab();
    const exit = one.run(fault(0x0900_0000n, { dfsc: TRANSLATION, transfer: { register: 7, ...form } }));
    expect(exit).toMatchObject({ kind: 'mmio', address: 0x0900_0000n, length: form.size, write: false });
    if (exit.kind === 'mmio') exit.data.set(Uint8Array.of(0x81, 0x42, 0x43, 0x84, 0x85, 0x86, 0x87, 0x88).subarray(0, form.size));
    let found: readonly bigint[] = [];
    one.run((p) => {
      found = [p.x[7], p.pc];
      return SYSTEM_OFF(p);
    });
    expect(found).toEqual([value, GUEST_RAM + 4n]);
  });
  it('on a walk that ends nowhere is the guest\'s: an external abort with the address', () => {
    const one = lab();
    one.run(fault(0x7000_0008n, { dfsc: TRANSLATION, s1ptw: true }));
    // EC 0x25, same level; DFSC 0b010000.
    expect(one.vcpu.getRegister('ESR_EL1')).toBe((0x25n << 26n) | (1n << 25n) | 0x10n);
    expect(one.vcpu.getRegister('FAR_EL1')).toBe(0x7000_0008n);
  });
  it('without a syndrome, and of other kinds, are told to the VMM as what they are', () => {
    expect(lab().run(fault(0x0900_0000n, { dfsc: TRANSLATION }))).toMatchObject({ kind: 'internal-error', reason: 'no-syndrome', dead: false, detail: { ipa: 0x0900_0000n } });
    expect(lab().run(fault(GUEST_RAM, { dfsc: EXTERNAL }))).toMatchObject({ kind: 'internal-error', reason: 'data-abort', dead: false });
  });
});
