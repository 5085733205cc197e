import { op } from '@worldswitch/engine';
import type { Operation, Semantics } from '@worldswitch/engine';
import type { Operands } from '@worldswitch/isa';
import type { ADD_SUB_CARRY } from '../facts/encodings/add-sub-carry.ts';
import { xOrSink, xOrZero } from '../state.ts';
import { bitAs, width } from './common.ts';

type Fields = Operands<(typeof ADD_SUB_CARRY)['ADC']['pattern']>;

/** Subtraction adds the complement (DDI 0487 shared/functions/integer/AddWithCarry). */
function withCarry(subtract: boolean, setsFlags: boolean): Operation<Fields> {
  return op(
    ({ sf, rm, rn, rd }) => ({ shape: { width: width(sf) }, n: xOrZero(rn), m: xOrZero(rm), d: xOrSink(rd) }),
    (s, { shape: { width: size }, n, m, d }) => {
      const a = s.int(n, size);
      const b = subtract ? s.not(s.int(m, size)) : s.int(m, size);
      const carry = s.condition('cs');
      s.setInt(d, s.add(s.add(a, b), bitAs(s, carry, size)));
      if (setsFlags) s.setFlagsAdc(a, b, carry);
    },
  );
}

export const addSubCarry: Semantics<typeof ADD_SUB_CARRY> = {
  ADC: withCarry(false, false),
  ADCS: withCarry(false, true),
  SBC: withCarry(true, false),
  SBCS: withCarry(true, true),
};
