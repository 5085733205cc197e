import { describe, expect, it } from 'vitest';
import { lint, roundTrip } from '@worldswitch/isa';
import { conformance } from '../conformance/suite.ts';
import { TOY_INSTRUCTIONS, TOY_KINDS } from './assembly.ts';
import { toyOnMachineUnderTest, toyUnderTest } from './conformance.ts';
import { TOY_ROWS } from './rows.ts';

describe('the toy', () => {
  it('has about forty rows that lint', () => {
    expect(lint(TOY_ROWS, { kinds: TOY_KINDS })).toEqual([]);
    expect(Object.keys(TOY_ROWS).length).toBeGreaterThanOrEqual(38);
  });
  it('reads back what it prints', () => {
    expect(roundTrip(TOY_INSTRUCTIONS, { perRow: 24, redundant: Object.keys(TOY_ROWS) })).toEqual([]);
  });
});

conformance(toyUnderTest(), { describe, it });
conformance(toyOnMachineUnderTest(), { describe, it });
