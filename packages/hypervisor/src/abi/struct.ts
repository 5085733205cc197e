/** Structures of the ABI as named fields: the compiler knows the names and the types, the facts know the places. */
import { hex } from '@worldswitch/bits';
import type { ByteOrder } from '@worldswitch/bits';
import { STRUCTS_ARM64 } from '../facts/structs-arm64.ts';
import { STRUCTS_PPC32 } from '../facts/structs-ppc32.ts';
import type { StructAbi } from './request.ts';

/** Structures by architecture and name. */
export const STRUCTS = { arm64: STRUCTS_ARM64, ppc32: STRUCTS_PPC32 } as const;

export type StructName<A extends StructAbi> = keyof (typeof STRUCTS)[A] & string;
type Fields<A extends StructAbi, S extends StructName<A>> = (typeof STRUCTS)[A][S] extends { readonly fields: infer F } ? F : never;
export type FieldName<A extends StructAbi, S extends StructName<A>> = keyof Fields<A, S> & string;

/** Integers up to 32 bits are numbers, wider ones bigints; arrays of bytes are bytes; a structure inside is an object. */
type ValueOf<A extends StructAbi, F> = F extends { readonly struct: infer N }
  ? N extends StructName<A> ? (F extends { readonly count: number } ? readonly StructValue<A, N>[] : StructValue<A, N>) : never
  : F extends { readonly count: number }
    ? F extends { readonly size: 1 } ? Uint8Array : F extends { readonly size: 2 | 4 } ? readonly number[] : readonly bigint[]
    : F extends { readonly size: 8 | 16 } ? bigint : number;

/** All fields of a structure; members of unions side by side, each as it reads the same bytes. */
export type StructValue<A extends StructAbi, S extends StructName<A>> = { readonly [N in FieldName<A, S>]: ValueOf<A, Fields<A, S>[N]> };
/** The fields of one member of a union, without its name: `UnionMember<'arm64', 'kvm_run', 'mmio'>` has `phys_addr`. */
export type UnionMember<A extends StructAbi, S extends StructName<A>, M extends string> = {
  readonly [N in FieldName<A, S> as N extends `${M}.${infer Rest}` ? Rest : never]: ValueOf<A, Fields<A, S>[N]>;
};

/** One field, its literals widened. */
export interface StructField {
  readonly offset: number;
  /** Bytes, of an element where there is a `count`. */
  readonly size?: number;
  /** Elements; 0 for an array that ends the structure open. */
  readonly count?: number;
  readonly struct?: string;
  readonly signed?: boolean;
}
export interface StructLayout {
  readonly size: number;
  readonly fields: Readonly<Record<string, StructField>>;
}

type Loose = number | bigint | Uint8Array | readonly unknown[] | Readonly<Record<string, unknown>>;

/** The layout of a structure. Throws RangeError for a name the architecture does not have. */
export function structLayout(abi: StructAbi, name: string): StructLayout {
  const layouts: Readonly<Record<string, StructLayout>> = STRUCTS[abi];
  const layout = Object.hasOwn(layouts, name) ? layouts[name] : undefined;
  if (!layout) throw new RangeError(`struct ${name}: ${abi} does not have it; see STRUCTS.${abi}`);
  return layout;
}

/** Reads and writes one structure's fields in bytes of one order. Every access throws RangeError outside the bytes given. */
export class StructCodec<A extends StructAbi, S extends StructName<A>> {
  readonly abi: A;
  readonly name: S;
  readonly byteOrder: ByteOrder;
  /** Bytes; of the fixed part where it ends in an open array. */
  readonly size: number;
  readonly #fields: Readonly<Record<string, StructField>>;

  constructor(abi: A, name: S, byteOrder: ByteOrder) {
    const { size, fields } = structLayout(abi, name);
    this.abi = abi;
    this.name = name;
    this.byteOrder = byteOrder;
    this.size = size;
    this.#fields = fields;
  }

  /** New bytes, zero but for these fields. An open array takes as many elements as it is given. */
  encode(values: Partial<StructValue<A, S>>): Uint8Array {
    let size = this.size;
    for (const [name, value] of Object.entries(values)) {
      const field = this.#field(name);
      if (field.count === 0) size = Math.max(size, field.offset + (value as { readonly length: number }).length * this.#sizeOf(field));
    }
    const bytes = new Uint8Array(size);
    this.assign(bytes, values);
    return bytes;
  }

  /** Writes these fields, and nothing else. Throws RangeError for a value that does not fit; then some may have been written. */
  assign(bytes: Uint8Array, values: Partial<StructValue<A, S>>): void {
    for (const [name, value] of Object.entries(values)) this.#write(bytes, name, value as Loose);
  }

  /** All fields. An open array is read as far as the bytes go. */
  decode(bytes: Uint8Array): StructValue<A, S> {
    return Object.fromEntries(Object.keys(this.#fields).map((name) => [name, this.#read(bytes, name)])) as StructValue<A, S>;
  }

  /** The fields of one member of a union, their prefix dropped. */
  member<M extends string>(bytes: Uint8Array, member: M): UnionMember<A, S, M> {
    const prefix = `${member}.`;
    const names = Object.keys(this.#fields).filter((name) => name.startsWith(prefix));
    return Object.fromEntries(names.map((name) => [name.slice(prefix.length), this.#read(bytes, name)])) as UnionMember<A, S, M>;
  }

  get<N extends FieldName<A, S>>(bytes: Uint8Array, name: N): StructValue<A, S>[N] {
    return this.#read(bytes, name) as StructValue<A, S>[N];
  }

  set<N extends FieldName<A, S>>(bytes: Uint8Array, name: N, value: StructValue<A, S>[N]): void {
    this.#write(bytes, name, value);
  }

  #field(name: string): StructField {
    const field = Object.hasOwn(this.#fields, name) ? this.#fields[name] : undefined;
    if (!field) throw new RangeError(`struct ${this.name} has no field ${name}; it has ${Object.keys(this.#fields).join(', ')}`);
    return field;
  }
  #nested(name: string): StructCodec<A, S> {
    return new StructCodec(this.abi, name as S, this.byteOrder);
  }
  #sizeOf({ struct, size = 0 }: StructField): number {
    return struct === undefined ? size : structLayout(this.abi, struct).size;
  }

  #read(bytes: Uint8Array, name: string): unknown {
    const field = this.#field(name);
    const { offset, count } = field;
    const size = this.#sizeOf(field);
    if (count === undefined) return this.#element(bytes, offset, size, field);
    const elements = count === 0 ? Math.max(0, Math.floor((bytes.length - offset) / size)) : count;
    if (size === 1) {
      checkRange(bytes, offset, elements, name);
      return bytes.slice(offset, offset + elements);
    }
    return Array.from({ length: elements }, (_, n) => this.#element(bytes, offset + n * size, size, field));
  }

  #element(bytes: Uint8Array, offset: number, size: number, { struct, signed }: StructField): unknown {
    checkRange(bytes, offset, size, this.name);
    if (struct !== undefined) return this.#nested(struct).decode(bytes.subarray(offset, offset + size));
    const little = this.byteOrder === 'little';
    const view = new DataView(bytes.buffer, bytes.byteOffset + offset, size);
    switch (size) {
      case 1: return signed === true ? view.getInt8(0) : view.getUint8(0);
      case 2: return signed === true ? view.getInt16(0, little) : view.getUint16(0, little);
      case 4: return signed === true ? view.getInt32(0, little) : view.getUint32(0, little);
      case 8: return signed === true ? view.getBigInt64(0, little) : view.getBigUint64(0, little);
      default: return view.getBigUint64(little ? 0 : 8, little) | (view.getBigUint64(little ? 8 : 0, little) << 64n);
    }
  }

  #write(bytes: Uint8Array, name: string, value: Loose): void {
    const field = this.#field(name);
    const { offset, count } = field;
    const size = this.#sizeOf(field);
    if (count === undefined) {
      this.#writeElement(bytes, offset, size, { field, name, value });
      return;
    }
    const values = value as Uint8Array | readonly Loose[];
    if (count !== 0 && values.length > count) throw new RangeError(`${this.name}.${name}: ${values.length} elements, it has ${count}`);
    values.forEach((one: Loose, n: number) => { this.#writeElement(bytes, offset + n * size, size, { field, name, value: one }); });
  }

  #writeElement(bytes: Uint8Array, offset: number, size: number, { field, name, value }: { readonly field: StructField; readonly name: string; readonly value: Loose }): void {
    checkRange(bytes, offset, size, this.name);
    if (field.struct !== undefined) {
      this.#nested(field.struct).assign(bytes.subarray(offset, offset + size), value as Partial<StructValue<A, S>>);
      return;
    }
    const integer = BigInt(value as number | bigint);
    const bits = size * 8;
    if (integer !== (integer < 0n ? BigInt.asIntN(bits, integer) : BigInt.asUintN(bits, integer))) throw new RangeError(`${this.name}.${name} = ${hex(integer)}: it has ${bits} bits`);
    const little = this.byteOrder === 'little';
    const view = new DataView(bytes.buffer, bytes.byteOffset + offset, size);
    switch (size) {
      case 1: view.setUint8(0, Number(BigInt.asUintN(8, integer))); break;
      case 2: view.setUint16(0, Number(BigInt.asUintN(16, integer)), little); break;
      case 4: view.setUint32(0, Number(BigInt.asUintN(32, integer)), little); break;
      case 8: view.setBigUint64(0, BigInt.asUintN(64, integer), little); break;
      default:
        view.setBigUint64(little ? 0 : 8, BigInt.asUintN(64, integer), little);
        view.setBigUint64(little ? 8 : 0, BigInt.asUintN(64, integer >> 64n), little);
    }
  }
}

function checkRange(bytes: Uint8Array, offset: number, size: number, what: string): void {
  if (offset + size > bytes.length) throw new RangeError(`${what}: bytes ${offset} to ${offset + size - 1} of ${bytes.length}; give it all of the structure`);
}

/** The codec of a structure: `structCodec('arm64', 'kvm_run', 'little')`. */
export function structCodec<A extends StructAbi, S extends StructName<A>>(abi: A, name: S, byteOrder: ByteOrder): StructCodec<A, S> {
  return new StructCodec(abi, name, byteOrder);
}
