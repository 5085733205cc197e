import type { AccessShape } from '../ir/types.ts';
import { DATA_ENTRIES, DATA_ENTRY } from '../memory/tlb.ts';
import { PAGE_BITS, PAGE_SIZE } from '../memory/physical.ts';
import { HEADER } from '../state/header.ts';
import { FunctionWriter, type Local } from '../wasm/function.ts';
import type { FunctionType } from '../wasm/module.ts';
import { Op, Type } from '../wasm/opcodes.ts';
import type { GuestLocals } from './operands.ts';

/** Size and alignment of an access in one number, for `probe`: size | alignment mask << 8 | strict << 16 | write << 17. */
const describe = (shape: AccessShape): number =>
  shape.size | ((shape.alignTo - 1) << 8) | (shape.alignment === 'strict' ? 1 << 16 : 0) | (shape.kind === 'read' ? 0 : 1 << 17);

/** probe(cpu, address, entry, description) → host address, or 0 where the instruction must go out of line. */
export const PROBE_TYPE: FunctionType = { parameters: [Type.i32, Type.i64, Type.i32, Type.i32], results: [Type.i32] };

/** The host's part: fill(cpu, description) with the address in the header; 1 where a retry will hit. */
export const FILL_TYPE: FunctionType = { parameters: [Type.i32, Type.i32], results: [Type.i32] };

/**
 * Emits a checked access: the virtual address is in `address`; leaves the host address in the local it gives back.
 * One xor and one comparison catch a miss, a page crossing and a misaligned address; `probe` sorts them out.
 */
export function emitAccess(f: FunctionWriter, locals: GuestLocals, probe: number, shape: AccessShape, address: Local, slow: number): Local {
  const entry = f.temporary(Type.i32);
  const host = f.temporary(Type.i32);
  const shift = PAGE_BITS - DATA_ENTRY.sizeBits;
  f.get(address).op(Op.i32WrapI64).i32(shift).op(Op.i32ShrU).i32((DATA_ENTRIES - 1) << DATA_ENTRY.sizeBits).op(Op.i32And);
  f.get(locals.dataTlb).op(Op.i32Add).tee(entry);
  f.memory(Op.i64Load, shape.kind === 'read' ? DATA_ENTRY.readTag : DATA_ENTRY.writeTag).get(address).op(Op.i64Xor);
  const alignBits = Math.log2(shape.alignTo);
  if (alignBits > 0) f.i64(BigInt(alignBits)).op(Op.i64Rotr);
  f.i64(BigInt((PAGE_SIZE - shape.size) >> alignBits)).op(Op.i64GtU).if();
  f.get(locals.cpu).get(address).get(entry).i32(describe(shape)).call(probe).tee(host).op(Op.i32Eqz).brIf(slow);
  f.else();
  f.get(address).op(Op.i32WrapI64).get(entry).memory(Op.i32Load, DATA_ENTRY.addend).op(Op.i32Add).set(host);
  f.end();
  return host;
}

/**
 * The second look at an access, once in each module: unaligned but harmless, a write beside code, or a miss that the
 * host can fill. A write that touches predecoded code goes out of line, where the code is forgotten.
 */
export function emitProbe(fill: number): Uint8Array {
  const [cpu, address, entry, description] = [0, 1, 2, 3];
  const f = new FunctionWriter(4);
  const offset = f.variable(Type.i64);
  const code = f.variable(Type.i32);
  const size = f.variable(Type.i32);
  const tries = f.variable(Type.i32);
  f.get(description).i32(0xff).op(Op.i32And).set(size);
  const again = f.loop();
  f.get(entry).memory(Op.i32Load, DATA_ENTRY.code).set(code);
  f.get(entry);
  f.get(entry).i32(DATA_ENTRY.codeWriteTag).op(Op.i32Add);
  f.get(entry).i32(DATA_ENTRY.writeTag).op(Op.i32Add);
  f.get(code).i32(~1).op(Op.i32And).op(Op.select);
  f.get(description).i32(1 << 17).op(Op.i32And).op(Op.i32Eqz).op(Op.select);
  f.memory(Op.i64Load, 0).get(address).op(Op.i64Xor).tee(offset).i64(BigInt(PAGE_SIZE)).op(Op.i64LtU).if();
  {
    // Misaligned where that faults, or across the page's end: the evaluator does it properly.
    f.get(offset).op(Op.i32WrapI64).get(description).i32(8).op(Op.i32ShrU).op(Op.i32And).i32(0xff).op(Op.i32And);
    f.get(description).i32(16).op(Op.i32ShrU).get(code).op(Op.i32Or).i32(1).op(Op.i32And).op(Op.i32Eqz).op(Op.i32Eqz);
    f.op(Op.i32Mul);
    giveUp(f);
    f.get(offset).op(Op.i32WrapI64).get(size).op(Op.i32Add).i32(PAGE_SIZE).op(Op.i32GtU);
    giveUp(f);
    f.get(code).i32(~1).op(Op.i32And).get(description).i32(1 << 17).op(Op.i32And).op(Op.i32Eqz).op(Op.i32Eqz).op(Op.i32Mul).if();
    {
      // Code map: one bit for each 64 bytes of the page.
      const map = f.variable(Type.i64);
      f.get(code).i32(~1).op(Op.i32And).memory(Op.i64Load, 0).set(map);
      f.get(map).get(offset).i64(6n).op(Op.i64ShrU).op(Op.i64ShrU);
      f.get(map).get(offset).get(size).op(Op.i64ExtendI32U).op(Op.i64Add).i64(1n).op(Op.i64Sub).i64(6n).op(Op.i64ShrU).op(Op.i64ShrU);
      f.op(Op.i64Or).i64(1n).op(Op.i64And).op(Op.i32WrapI64);
    giveUp(f);
    }
    f.end();
    f.get(address).op(Op.i32WrapI64).get(entry).memory(Op.i32Load, DATA_ENTRY.addend).op(Op.i32Add).op(Op.return);
  }
  f.end();
  f.get(tries);
  giveUp(f);
  f.get(cpu).get(address).memory(Op.i64Store, HEADER.address);
  f.get(cpu).get(description).call(fill).op(Op.i32Eqz);
  giveUp(f);
  f.i32(1).set(tries).br(again).end();
  f.i32(0);
  return f.body();
}

/** Returns 0 where the number on the stack is not 0. */
function giveUp(f: FunctionWriter): void {
  f.if();
  f.i32(0).op(Op.return).end();
}
