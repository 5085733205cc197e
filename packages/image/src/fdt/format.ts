/** The flattened format's constants (Devicetree Specification, chapter 5). */
export const FDT_MAGIC = 0xd00dfeed;
export const HEADER_SIZE = 40;
/** The version written, and the oldest version a reader of it must know (5.2). */
export const VERSION = 17;
export const LAST_COMPATIBLE = 16;

export const FDT_BEGIN_NODE = 1;
export const FDT_END_NODE = 2;
export const FDT_PROP = 3;
export const FDT_NOP = 4;
export const FDT_END = 9;

/** Names are printable ASCII without the path separator; anything else would not survive a round trip through text. */
export const NAME_PATTERN = /^[\x21-\x2e\x30-\x7e]+$/;

/** The next multiple of four. */
export function align4(offset: number): number {
  return (offset + 3) & ~3;
}
