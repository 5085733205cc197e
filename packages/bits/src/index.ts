/** Fixed-width integers, bit fields, byte order and hexadecimal. No imports, no host APIs but `TextEncoder`/`TextDecoder`. */
export {
  asSigned, asUnsigned, bit, countLeadingZeros, extract, hex, insert, mask, parseInteger, powerBit, replicate, reverseBits, reverseBytes,
  rotateRight, signExtend,
} from './integer.ts';
export { ByteReader, ByteWriter, readUnsigned, writeUnsigned } from './bytes.ts';
export type { ByteOrder, IntegerSize } from './bytes.ts';
export { fields } from './fields.ts';
export type { Decoded, Encodable, FieldCodec, FieldSpec, FieldSpecs, FieldValue } from './fields.ts';
