import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { departures } from './departures.ts';
import { excludedBy, exclusions } from './exclusions.ts';
import { fieldsOf, formClasses, formOf, formOfWord, forms, nameOf } from './forms.ts';
import { startOf, translationTables, WINDOW_PHYSICAL } from './environment.ts';
import { capture, type ProcessorView } from './result.ts';
import { applyChanges, changes, digestOf, END_BY_HVC, SLOT, STATE_BYTES, VBAR_EL2, type VectorState } from './state.ts';
import { stateOf } from './random.ts';
import { formsWithoutVectors, mismatch, vectorsOf, type Vector } from './store.ts';

const vectors = (id: number): Vector[] => [...vectorsOf(formOf(id))];
const mask = (1n << 64n) - 1n;

/** What a vector must give if the word runs to its end and changes only what `change` does. */
function ran(vector: Vector, change: (state: VectorState) => void, to = 4n): VectorState {
  const state = vector.before.clone();
  change(state);
  state.set('to', to & mask);
  return state;
}

describe('the recorded vectors', () => {
  it('cover every form', () => {
    expect(formsWithoutVectors().map(nameOf)).toEqual([]);
    expect(forms.length).toBe(329);
  });

  it.each(formClasses)('%s: at least 300 instances of each form, each a word of that form, none excluded', (formClass) => {
    for (const form of forms.filter((one) => one.class === formClass)) {
      const all = [...vectorsOf(form)];
      expect(all.length, nameOf(form)).toBeGreaterThanOrEqual(300);
      for (const { word } of all) {
        if (formOfWord(word)?.id !== form.id) throw new Error(`${word.toString(16)} is no ${nameOf(form)}`);
        const reason = excludedBy(form, fieldsOf(form, word), word);
        if (reason !== undefined) throw new Error(`${nameOf(form)}: ${word.toString(16)} is excluded: ${reason}`);
      }
      const whole = all.filter(({ after }) => after !== undefined);
      expect(whole.length).toBeGreaterThanOrEqual(5);
      for (const vector of whole) expect(digestOf(vector.after ?? vector.before)).toBe(vector.digest);
    }
  });

  it('agree with ADD (immediate) computed here', () => {
    for (const vector of vectors(2)) {
      const { sf, imm, rn, rd } = fieldsOf(vector.form, vector.word);
      const mode = Number(vector.before.get('pstate') & 0xfn);
      const sp = mode === 9 ? 'sp_el2' : mode === 5 ? 'sp_el1' : 'sp_el0';
      const operand = rn === 31 ? vector.before.get(sp) : vector.before.x(rn);
      const sum = BigInt.asUintN(sf === 1 ? 64 : 32, operand + BigInt(imm));
      expect(mismatch(vector, ran(vector, (state) => {
        if (rd === 31) state.set(sp, sum);
        else state.setX(rd, sum);
      }))).toBeUndefined();
    }
  });

  it('agree with MADD computed here', () => {
    for (const vector of vectors(366)) {
      const { rm, ra, rn, rd } = fieldsOf(vector.form, vector.word);
      const x = (index: number): bigint => (index === 31 ? 0n : vector.before.x(index));
      const value = (x(ra) + x(rn) * x(rm)) & mask;
      expect(mismatch(vector, ran(vector, (state) => { if (rd !== 31) state.setX(rd, value); }))).toBeUndefined();
    }
  });

  it('agree with CBZ and CBNZ computed here', () => {
    for (const vector of vectors(36)) {
      const { sf, nz, rt, imm } = fieldsOf(vector.form, vector.word);
      const value = rt === 31 ? 0n : BigInt.asUintN(sf === 1 ? 64 : 32, vector.before.x(rt));
      const taken = (value === 0n) === (nz === 0);
      const result = ran(vector, () => undefined, taken ? BigInt.asIntN(19, BigInt(imm)) * 4n : 4n);
      expect(mismatch(vector, result)).toBeUndefined();
    }
  });

  it('know SVC: class 0x15 and the immediate, to EL1 or EL2', () => {
    for (const vector of vectors(90)) {
      const mode = Number(vector.before.get('pstate') & 0xfn);
      const { imm } = fieldsOf(vector.form, vector.word);
      const result = ran(vector, (state) => {
        state.set('esr', 0x5600_0000n | BigInt(imm));
        state.set('vector', { 9: 0x2200n, 8: 0x2000n, 5: 0x1200n, 4: 0x1000n, 0: 0x1400n }[mode] ?? -1n);
      });
      expect(mismatch(vector, result)).toBeUndefined();
    }
  });

  it('fail a processor that is wrong, and say how', () => {
    const [vector] = vectors(366);
    const wrong = ran(vector, (state) => { state.setX(3, state.x(3) ^ 1n); });
    expect(mismatch(vector, wrong)).toMatch(/^366 madd, instance 0, word 9b[0-9a-f]{6}, mode 9: expected \{.*"x3"/);
    const later = vectors(366)[20];
    expect(mismatch(later, ran(later, (state) => { state.set('fpsr', 0xffffn); }))).toContain('explain.ts 366 20');
  });
});

describe('states', () => {
  it('have a digest that sees every bit of a result and no input', () => {
    const state = stateOf(1);
    const digest = digestOf(state);
    // The words, HCR_EL2 and the marker.
    const inputs = new Set([0, 320, 416].flatMap((start) => Array.from({ length: 8 }, (_, byte) => start + byte)));
    fc.assert(fc.property(fc.nat(STATE_BYTES - 1), fc.nat(7), (byte, bit) => {
      const other = state.clone();
      other.bytes[byte] ^= 1 << bit;
      expect(digestOf(other) === digest).toBe(inputs.has(byte));
    }), { numRuns: 2000 });
  });

  it('come back from their changes', () => {
    fc.assert(fc.property(fc.nat(1e6), fc.nat(1e6), (one, other) => {
      const [from, to] = [stateOf(one), stateOf(other)];
      expect(digestOf(applyChanges(from, changes(from, to)))).toBe(digestOf(to));
    }), { numRuns: 30 });
    expect(() => applyChanges(stateOf(1), { y1: '0' })).toThrow('y1 is no part of a state');
  });

  it('are the same in every version of the generator', () => {
    expect(digestOf(stateOf(12345))).toBe('646168fe1abc9986');
  });
});

describe('for a processor under test', () => {
  const [vector] = vectors(2);
  /** A processor that has run the ADD right and stands at the vector of the end marker. */
  const view = (pc: bigint): ProcessorView => {
    const after = vector.after ?? vector.before;
    const registers: Readonly<Record<string, bigint>> = {
      ...startOf(vector).registers, SP_EL2: after.get('sp_el2'),
      ESR_EL2: 0x5a00_ffffn, FAR_EL2: 0x1234n, ELR_EL2: SLOT + 8n, SPSR_EL2: after.get('pstate'),
    };
    return { pc, x: (index) => after.x(index), q: (index) => after.q(index), sysreg: (name) => registers[name], data: after.data };
  };

  it('capture reads the end of a case', () => {
    expect(mismatch(vector, capture(view(VBAR_EL2 + 0x200n), SLOT, vector.before))).toBeUndefined();
    expect(() => capture(view(SLOT), SLOT, vector.before)).toThrow('the case has not ended');
  });

  it('the start has the word in the window, and tables that map it', () => {
    const start = startOf(vector);
    expect(start.memory[0].address).toBe(WINDOW_PHYSICAL + 0x10_0000n - 4n);
    const code = new DataView(start.memory[0].bytes.buffer);
    expect([code.getUint32(0, true), code.getUint32(4, true)]).toEqual([END_BY_HVC, vector.word]);
    const tables = translationTables();
    expect(tables.map(({ address }) => address - tables[0].address)).toEqual([0n, 0x1000n, 0x2000n, 0x3000n, 0x4000n, 0x5000n]);
  });

  it('each exclusion and each departure gives its reason', () => {
    for (const rows of [exclusions, departures]) {
      expect(new Set(rows.map(({ id }) => id)).size).toBe(rows.length);
      for (const { reason } of rows) expect(reason.length).toBeGreaterThan(40);
    }
  });

  it.each([[83, 6n], [84, 7n]])('form %d may give the syndrome of the manual or that of QEMU, and no third', (id, op2) => {
    const trapped = vectors(id)[7];
    const recorded = trapped.after ?? trapped.before;
    const crm = BigInt(fieldsOf(trapped.form, trapped.word)['imm']);
    const manual = recorded.clone();
    // EC 0x18, IL; op0 = 0, op2, op1 = 3, CRn = 4, Rt = 31, CRm, write.
    manual.set('esr', (0x18n << 26n) | (1n << 25n) | (op2 << 17n) | (3n << 14n) | (4n << 10n) | (31n << 5n) | (crm << 1n));
    expect(digestOf(manual)).not.toBe(trapped.digest);
    expect([mismatch(trapped, manual), mismatch(trapped, recorded)]).toEqual([undefined, undefined]);
    manual.set('esr', manual.get('esr') ^ 1n);
    expect(mismatch(trapped, manual)).toContain('expected');
  });
});
