import { describe, expect, it } from 'vitest';
import { WasmBytes } from './bytes.ts';
import { encodeModule } from './module.ts';
import { FunctionWriter } from './function.ts';
import { Op, Type } from './opcodes.ts';

const bytesOf = (write: (out: WasmBytes) => void): number[] => {
  const out = new WasmBytes();
  write(out);
  return [...out.view()];
};

describe('variable-length integers', () => {
  // The examples of DWARF 4, appendix C, and the edges where a byte is added.
  it.each([[0, [0]], [2, [2]], [127, [0x7f]], [128, [0x80, 1]], [129, [0x81, 1]], [12_857, [0xb9, 0x64]], [624_485, [0xe5, 0x8e, 0x26]], [0xffff_ffff, [0xff, 0xff, 0xff, 0xff, 0x0f]]])(
    'unsigned %d', (value, expected) => { expect(bytesOf((out) => { out.unsigned(value); })).toEqual(expected); });
  it.each([[2, [2]], [-2, [0x7e]], [127, [0xff, 0]], [-127, [0x81, 0x7f]], [128, [0x80, 1]], [-128, [0x80, 0x7f]], [63, [0x3f]], [64, [0xc0, 0]], [-64, [0x40]], [-65, [0xbf, 0x7f]],
    [-123_456, [0xc0, 0xbb, 0x78]], [0x7fff_ffff, [0xff, 0xff, 0xff, 0xff, 0x07]], [-0x8000_0000, [0x80, 0x80, 0x80, 0x80, 0x78]]])(
    'signed %d, as 32 and as 64 bits', (value, expected) => {
      expect(bytesOf((out) => { out.signed32(value); })).toEqual(expected);
      expect(bytesOf((out) => { out.signed64(BigInt(value)); })).toEqual(expected);
    });
  it('wraps 64 bits', () => {
    expect(bytesOf((out) => { out.signed64((1n << 64n) - 1n); })).toEqual([0x7f]);
    expect(bytesOf((out) => { out.signed64(1n << 63n); })).toEqual([0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x7f]);
  });
});

describe('a module', () => {
  it('with constants at every edge computes them', () => {
    // WebAssembly itself reads the encoding back.
    const wide = [0n, 1n, -1n, 63n, 64n, -64n, -65n, (1n << 63n) - 1n, -(1n << 63n), 0x1234_5678_9abc_def0n];
    const functions = wide.map((value, index) => {
      const f = new FunctionWriter(0);
      f.i64(value);
      return { type: { parameters: [], results: [Type.i64] }, body: f.body(), exportAs: `f${index}` };
    });
    const imports = { host: { memory: new WebAssembly.Memory({ initial: 1 }), table: new WebAssembly.Table({ initial: 0, element: 'anyfunc' }) } };
    const module = new WebAssembly.Module(encodeModule({ imports: [], indirectTypes: [], functions }));
    const { exports } = new WebAssembly.Instance(module, imports);
    expect(wide.map((_, index) => (exports[`f${index}`] as () => bigint)())).toEqual(wide);
  });
  it('grows past its first buffer, and shares temporaries', () => {
    const f = new FunctionWriter(0);
    for (let n = 0; n < 2000; n++) f.i32(n).op(Op.drop);
    expect(f.code.length).toBeGreaterThan(4096);
    const first = f.temporary(Type.i32);
    const second = f.temporary(Type.i32);
    expect(second).not.toBe(first);
    f.releaseTemporaries();
    expect([first, second]).toContain(f.temporary(Type.i32));
    expect(f.temporary(Type.i64)).toBe(2);
  });
});
