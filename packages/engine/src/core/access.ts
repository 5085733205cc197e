import type { ByteOrder } from '@worldswitch/bits';
import type { CheckedAccess } from '../evaluator/evaluator.ts';
import type { AccessShape } from '../ir/types.ts';
import { PAGE_SIZE, type AccessOrigin, type PhysicalMemory } from '../memory/physical.ts';
import type { EngineFault, Guest, Translation } from './guest.ts';

/** A checked access, or what is wrong with it and where. */
export type AccessVerdict<F> = { readonly ok: true; readonly access: CheckedAccess } | { readonly ok: false; readonly fault: F | EngineFault; readonly at: bigint };

const PAGE_OFFSET = BigInt(PAGE_SIZE - 1);

interface Piece {
  readonly physical: number;
  readonly size: number;
}

/**
 * Checks a data access completely before a byte of it moves: strict alignment, translation of both pages, alignment of
 * strict pages, and that something answers. Nothing changes where it fails.
 */
export function checkAccess<F>(guest: Guest<F>, memory: PhysicalMemory, order: ByteOrder, origin: AccessOrigin, address: bigint, shape: AccessShape): AccessVerdict<F> {
  const misaligned = (Number(address & PAGE_OFFSET) & (shape.alignTo - 1)) !== 0;
  if (misaligned && shape.alignment === 'strict') return { ok: false, fault: { kind: 'alignment' }, at: address };
  const access = new PiecewiseAccess(memory, order, origin, shape);
  for (let done = 0; done < shape.size;) {
    const at = done === 0 ? address : BigInt.asUintN(64, address + BigInt(done));
    const translation = translate(guest, at, shape);
    if (!translation.ok) return { ok: false, fault: translation.fault, at };
    if (misaligned && translation.strict === true) return { ok: false, fault: { kind: 'alignment' }, at: address };
    const size = Math.min(shape.size - done, PAGE_SIZE - Number(at & PAGE_OFFSET));
    const { physical } = translation;
    if (!answers(memory, physical, shape.kind)) return { ok: false, fault: { kind: 'external', physical }, at };
    access.pieces.push({ physical, size });
    done += size;
  }
  return { ok: true, access };
}

/** Does anything answer an access to this physical address. */
export function answers(memory: PhysicalMemory, physical: number, kind: AccessShape['kind']): boolean {
  const region = memory.find(physical);
  return region !== undefined && region.kind !== 'hosted' && (region.kind !== 'rom' || kind === 'read' || region.device !== undefined);
}

function translate<F>(guest: Guest<F>, address: bigint, shape: AccessShape): Translation<F> {
  if (shape.kind !== 'update') return guest.translate(address, shape.kind, shape.unprivileged);
  const read = guest.translate(address, 'read', shape.unprivileged);
  return read.ok ? guest.translate(address, 'write', shape.unprivileged) : read;
}

/** An access that passed: one piece, or two where it crosses into another page. */
class PiecewiseAccess implements CheckedAccess {
  readonly shape: AccessShape;
  readonly pieces: Piece[] = [];
  readonly #memory: PhysicalMemory;
  readonly #order: ByteOrder;
  readonly #origin: AccessOrigin;

  constructor(memory: PhysicalMemory, order: ByteOrder, origin: AccessOrigin, shape: AccessShape) {
    this.shape = shape;
    this.#memory = memory;
    this.#order = order;
    this.#origin = origin;
  }

  read(offset: number, size: number): bigint {
    let value = 0n;
    for (let done = 0; done < size;) {
      const { physical, size: room } = this.#place(offset + done);
      // Whole where one page holds it, else byte by byte.
      if (done === 0 && room >= size) return this.#memory.read(physical, size, this.#order, this.#origin) ?? 0n;
      value |= (this.#memory.read(physical, 1, this.#order, this.#origin) ?? 0n) << this.#shift(done, size);
      done++;
    }
    return value;
  }
  write(offset: number, size: number, value: bigint): void {
    for (let done = 0; done < size;) {
      const { physical, size: room } = this.#place(offset + done);
      const whole = done === 0 && room >= size;
      const part = whole ? value : value >> this.#shift(done, size);
      this.#memory.write(physical, whole ? size : 1, BigInt.asUintN(whole ? 8 * size : 8, part), this.#order, this.#origin);
      done += whole ? size : 1;
    }
  }

  #place(offset: number): Piece {
    const [first, second] = this.pieces;
    if (offset < first.size) return offset === 0 ? first : { physical: first.physical + offset, size: first.size - offset };
    const rest = offset - first.size;
    if (second === undefined || rest >= second.size) throw new RangeError(`offset ${offset} of an access of ${this.shape.size} bytes`);
    return { physical: second.physical + rest, size: second.size - rest };
  }
  /** Where a byte of an integer goes. */
  #shift(done: number, size: number): bigint {
    return BigInt(8 * (this.#order === 'little' ? done : size - 1 - done));
  }
}
