/** Memory types as MAIR bytes, and how the stages combine (DDI 0487 D8.6, D8.7). */

/** Memory type in the form of a MAIR byte, and shareability: 0 none, 2 outer, 3 inner. */
export interface MemoryType {
  readonly attr: number;
  readonly shareability: number;
}

/** Data with stage 1 off. Fetches are Normal even then. */
export const DEVICE_NGNRNE: MemoryType = { attr: 0x00, shareability: 2 };
/** Stage 1 off under HCR_EL2.DC. */
export const DEFAULT_CACHEABLE: MemoryType = { attr: 0xff, shareability: 0 };
const NON_CACHEABLE = 0x44;

export const isDevice = (attr: number): boolean => (attr & 0xf0) === 0;

/** Device and non-cacheable memory always count as outer shareable. */
export function memoryType(attr: number, shareability: number): MemoryType {
  return { attr, shareability: isDevice(attr) || attr === NON_CACHEABLE ? 2 : shareability };
}

/** Turns Normal memory non-cacheable where a cache enable is off. */
export function uncached(type: MemoryType): MemoryType {
  return isDevice(type.attr) ? type : { attr: NON_CACHEABLE, shareability: 2 };
}

/** Non-cacheable, write-through, write-back in the order of precedence; codes of stage 2 less one. */
function cachePolicy(nibble: number): number {
  if (nibble === 4) return 0;
  return nibble >> 2 === 0 || nibble >> 2 === 2 ? 1 : 2;
}

/** One nibble of Normal memory; allocation and transience hints are stage 1's. */
function combineNibble(stage1: number, stage2: number): number {
  const policy = Math.min(cachePolicy(stage1), Math.max(stage2, 1) - 1);
  if (policy === 0) return 4;
  if (policy === 2 || cachePolicy(stage1) === 1) return stage1;
  return stage1 >> 2 === 1 ? stage1 & 3 : 8 | (stage1 & 3);
}

function combineShareability(a: number, b: number): number {
  if (a === 2 || b === 2) return 2;
  return a === 3 || b === 3 ? 3 : 0;
}

/** Device types of both stages count GRE as 3 and nGnRnE as 0: the smaller is the stronger. */
function combineDevice(stage1: number, type: number): MemoryType {
  return { attr: (isDevice(stage1) ? Math.min(stage1 >> 2, type) : type) << 2, shareability: 2 };
}

/** The memory type of both stages, from stage 1's and bits 5:2 and 9:8 of the stage 2 leaf. `forced` is HCR_EL2.FWB. */
export function combine(stage1: MemoryType, memAttr: number, shareability: number, forced: boolean): MemoryType {
  const share = combineShareability(stage1.shareability, shareability);
  if (forced) {
    if ((memAttr & 4) === 0) return combineDevice(stage1.attr, memAttr & 3);
    if ((memAttr & 3) === 2) return memoryType(0xff, share);
    if ((memAttr & 3) === 3) return memoryType(stage1.attr, share);
    return isDevice(stage1.attr) ? stage1 : memoryType(NON_CACHEABLE, share);
  }
  if (memAttr >> 2 === 0) return combineDevice(stage1.attr, memAttr & 3);
  if (isDevice(stage1.attr)) return stage1;
  const attr = (combineNibble(stage1.attr >> 4, memAttr >> 2) << 4) | combineNibble(stage1.attr & 15, memAttr & 3);
  return memoryType(attr, share);
}

/** Whether a stage 2 leaf by itself is Device. */
export function stage2Device(memAttr: number, forced: boolean): boolean {
  return forced ? (memAttr & 4) === 0 : memAttr >> 2 === 0;
}
