import type { ByteOrder } from '@worldswitch/bits';
import type { CheckedAccess } from '../evaluator/evaluator.ts';
import type { AccessShape } from '../ir/types.ts';
import { PAGE_SIZE, type AccessOrigin, type PhysicalMemory } from '../memory/physical.ts';
import type { EngineFault, Guest, Translation } from './guest.ts';

/** A checked access, or what is wrong with it and where. */
export type AccessVerdict<F> = { readonly ok: true; readonly access: CheckedAccess } | { readonly ok: false; readonly fault: F | EngineFault; readonly at: bigint };

interface Piece {
  readonly physical: number;
  readonly size: number;
}

/**
 * Checks a data access completely before a byte of it moves: strict alignment, translation of both pages, alignment of
 * strict pages, and that something answers. Nothing changes where it fails.
 */
export function checkAccess<F>(guest: Guest<F>, memory: PhysicalMemory, order: ByteOrder, origin: AccessOrigin, address: bigint, shape: AccessShape): AccessVerdict<F> {
  const misaligned = address % BigInt(shape.alignTo) !== 0n;
  if (misaligned && shape.alignment === 'strict') return { ok: false, fault: { kind: 'alignment' }, at: address };
  const pieces: Piece[] = [];
  for (let done = 0; done < shape.size;) {
    const at = BigInt.asUintN(64, address + BigInt(done));
    const translation = translate(guest, at, shape);
    if (!translation.ok) return { ok: false, fault: translation.fault, at };
    if (misaligned && translation.strict === true) return { ok: false, fault: { kind: 'alignment' }, at: address };
    const size = Math.min(shape.size - done, PAGE_SIZE - Number(at % BigInt(PAGE_SIZE)));
    const { physical } = translation;
    const region = memory.find(physical);
    const answers = region !== undefined && region.kind !== 'hosted' && (region.kind !== 'rom' || shape.kind === 'read' || region.device !== undefined);
    if (!answers) return { ok: false, fault: { kind: 'external', physical }, at };
    pieces.push({ physical, size });
    done += size;
  }
  return { ok: true, access: accessOf(memory, order, origin, shape, pieces) };
}

function translate<F>(guest: Guest<F>, address: bigint, shape: AccessShape): Translation<F> {
  if (shape.kind !== 'update') return guest.translate(address, shape.kind, shape.unprivileged);
  const read = guest.translate(address, 'read', shape.unprivileged);
  return read.ok ? guest.translate(address, 'write', shape.unprivileged) : read;
}

function accessOf(memory: PhysicalMemory, order: ByteOrder, origin: AccessOrigin, shape: AccessShape, pieces: readonly Piece[]): CheckedAccess {
  const place = (offset: number): Piece => {
    let rest = offset;
    for (const piece of pieces) {
      if (rest < piece.size) return { physical: piece.physical + rest, size: piece.size - rest };
      rest -= piece.size;
    }
    throw new RangeError(`offset ${offset} of an access of ${shape.size} bytes`);
  };
  const shift = (done: number, size: number, part: number): bigint => BigInt(8 * (order === 'little' ? done : size - part - done));
  return {
    shape,
    read: (offset, size) => {
      let value = 0n;
      for (let done = 0; done < size;) {
        const { physical, size: room } = place(offset + done);
        // Whole where one page holds it, else byte by byte.
        const part = done === 0 && room >= size ? size : 1;
        value |= (memory.read(physical, part, order, origin) ?? 0n) << shift(done, size, part);
        done += part;
      }
      return value;
    },
    write: (offset, size, value) => {
      for (let done = 0; done < size;) {
        const { physical, size: room } = place(offset + done);
        // Whole where one page holds it, else byte by byte.
        const part = done === 0 && room >= size ? size : 1;
        memory.write(physical, part, BigInt.asUintN(8 * part, value >> shift(done, size, part)), order, origin);
        done += part;
      }
    },
  };
}
