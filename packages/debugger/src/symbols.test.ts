import { describe, expect, it } from 'vitest';
import { listing, nearest, renderExplanation, obstaclesOf, renderListing, SymbolTable, type Explanation } from './index.ts';

const symbols = new SymbolTable([
  { name: 'main', value: 0x1000n, size: 0x20n, kind: 'function', binding: 'global' },
  { name: '$x', value: 0x1000n, size: 0n, kind: 'none' },
  { name: 'main_local', value: 0x1000n, size: 0x20n, kind: 'function', binding: 'local' },
  { name: 'buffer', value: 0x2000n, size: 0n, kind: 'object' },
  { name: 'gone', value: 0x3000n, size: 0n, kind: 'function', section: 0 },
]);

describe('symbols', () => {
  it('name addresses', () => {
    expect(symbols.describe(0x1000n)).toBe('main');
    expect(symbols.describe(0x101cn)).toBe('main+0x1c');
    expect(symbols.describe(0x1020n)).toBe('0x1020');
    expect(symbols.describe(0x2abcn)).toBe('buffer+0xabc');
    expect(symbols.describe(0xfffn)).toBe('0xfff');
    expect(symbols.labelAt(0x1004n)).toBeUndefined();
  });
  it('are found from texts', () => {
    const cases: readonly (readonly [string, bigint])[] = [['main', 0x1000n], ['main+0x10', 0x1010n], ['main - 4', 0xffcn], ['0x4020_0000', 0x4020_0000n], ['4096', 4096n], ['0x10+0x10', 0x20n]];
    for (const [text, address] of cases) expect(symbols.resolve(text)).toBe(address);
  });
  it('that are wrong come with the way out', () => {
    expect(() => symbols.resolve('mian')).toThrow('did you mean main');
    expect(() => symbols.resolve('gone')).toThrow('none of the image\'s 3 symbols has this name');
    for (const text of ['', '0xzz', '-4', 'main+', 'main+x', '0x1_0000_0000_0000_0000', '1-2']) expect(() => symbols.resolve(text)).toThrow(/address '/);
    expect(() => new SymbolTable().resolve('main')).toThrow('the image has no symbols');
  });
  it('are suggested by edits, beginnings and parts', () => {
    expect(nearest('MDSRC', ['MDSCR_EL1', 'MDCR_EL2', 'ESR_EL1'])[0]).toBe('MDSCR_EL1');
    expect(nearest('elr_el3', ['ELR_EL1', 'ELR_EL2', 'FAR_EL1'], 2)).toEqual(['ELR_EL1', 'ELR_EL2']);
    expect(nearest('qqqqqq', ['ELR_EL1'])).toEqual([]);
  });
});

describe('a listing', () => {
  const source = {
    instructionLength: 4,
    read: (address: bigint) => (address < 0x1008n ? Uint8Array.of(1, 2, 3, 4) : undefined),
    decode: (_: Uint8Array, address: bigint, symbol: (target: bigint) => string | undefined) => ({ text: `b ${symbol(address + 4n) ?? 'nowhere'}`, length: 4, call: false }),
  };
  it('has labels, targets by name and a mark at the program counter', () => {
    expect(renderListing(listing(source, 0x1000n, 3, symbols), 0x1004n).split('\n')).toEqual([
      'main:', '  0000000000001000  01 02 03 04  b main+0x4', '> 0000000000001004  01 02 03 04  b main+0x8', '  0000000000001008               ??',
    ]);
  });
});

describe('an explanation', () => {
  const leaf = (what: string, holds: boolean): Explanation => ({ what, holds, values: { MDE: 0, address: 16n }, because: 'D2.8', made: 'fact', children: [] });
  const tree: Explanation = { what: 'fires', holds: false, values: {}, because: 'D2', made: 'all', children: [leaf('enabled', true), leaf('MDE is set', false)] };
  it('names what is in the way', () => {
    expect(obstaclesOf(tree).map(({ what }) => what)).toEqual(['MDE is set']);
    expect(renderExplanation(tree)).toBe('- fires  [D2]\n  + enabled (MDE=0 address=0x10)  [D2.8]\n  - MDE is set (MDE=0 address=0x10)  [D2.8]');
  });
});
