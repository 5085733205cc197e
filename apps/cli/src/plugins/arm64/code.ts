/** Whether bytes look like A64 code: asked of files that say nothing about themselves, before a processor is let loose on them. */
import { A64, unbuiltName } from '@worldswitch/arm64';

/** Where a file stops looking like code. Without a word, execution leaves the file. */
export interface NotCode {
  readonly at: number;
  readonly word?: number;
}

/** Instructions that are followed. Of random words about half are allocated, of text and of other machines' code fewer. */
const FOLLOWED = 16;

/** UDF is allocated, so that zeros are no instruction (DDI 0487 C6.2 UDF). */
const isInstruction = (word: number): boolean => word > 0xffff && (A64.decoder.find(word) !== undefined || unbuiltName(word) !== undefined);

/** B and BL (DDI 0487 C4.1.93): where they go, relative to themselves. */
const branchOffset = (word: number): number | undefined => ((word & 0x7c00_0000) === 0x1400_0000 ? ((word << 6) >> 6) * 4 : undefined);

/** BR, BLR, RET, ERET, and instructions that raise an exception: what comes behind is unknown. */
const leavesForGood = (word: number): boolean => word >>> 25 === 0b1101011 || word >>> 24 === 0xd4;

/** Follows the code at the beginning of a file; undefined if all of it is instructions. */
export function notCode(bytes: Uint8Array): NotCode | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0, n = 0; n < FOLLOWED; n++) {
    if (at < 0 || at + 4 > bytes.length) return { at };
    const word = view.getUint32(at, true);
    if (!isInstruction(word)) return { at, word };
    if (leavesForGood(word)) return undefined;
    at += branchOffset(word) ?? 4;
  }
  return undefined;
}
