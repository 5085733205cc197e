import { describe, expect, it } from 'vitest';
import { lint, roundTrip } from './index.ts';
import { POWER, POWER_OPTIONS, POWER_ROWS } from './fixtures/power.ts';

describe('PowerPC rows in the language', () => {
  it('pass lint and round-trip', () => {
    expect(lint(POWER_ROWS, POWER_OPTIONS)).toEqual([]);
    expect(roundTrip(POWER, { perRow: 40 })).toEqual([]);
  });

  // GNU objdump 2.40 -Mbooke, with and without -Mraw.
  it.each([
    [0x3860ffff, 'addi r3,0,-1', 'li r3,-1'],
    [0x38610010, 'addi r3,r1,16', 'addi r3,r1,16'],
    [0x7c642a14, 'add r3,r4,r5', 'add r3,r4,r5'],
    [0x7c642e15, 'addo. r3,r4,r5', 'addo. r3,r4,r5'],
    [0x80610008, 'lwz r3,8(r1)', 'lwz r3,8(r1)'],
    [0x8060fffc, 'lwz r3,-4(0)', 'lwz r3,-4(0)'],
    [0x48000008, 'b 0x24', 'b 0x24'],
    [0x4bfffffd, 'bl 0x18', 'bl 0x18'],
    [0x48000102, 'ba 0x100', 'ba 0x100'],
    [0x4bffffff, 'bla 0xfffffffc', 'bla 0xfffffffc'],
    [0x7c7a03a6, 'mtspr 26,r3', 'mtspr 26,r3'],
    [0x7c0803a6, 'mtspr 8,r0', 'mtlr r0'],
    [0x7c832379, 'or. r3,r4,r4', 'mr. r3,r4'],
  ])('%x: %s', (word, plain, alias) => {
    expect(POWER.disassemble(word, { pc: 0x1cn, aliases: false })).toBe(plain);
    expect(POWER.disassemble(word, { pc: 0x1cn })).toBe(alias);
    for (const text of [plain, alias]) expect(POWER.assembleInstruction(text, { pc: 0x1cn })).toMatchObject({ ok: true, word });
  });
});
