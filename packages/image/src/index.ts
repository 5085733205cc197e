/** Readers and writers of what a machine is started with: pure functions on bytes, no I/O. */
export { ImageError } from './error.ts';
export type { ImageErrorCode, ImageFault } from './error.ts';
export { FORMAT_TEXT, identify } from './identify.ts';
export type { ImageFormat } from './identify.ts';
export { assertFits, orderSegments } from './plan.ts';
export type { LoadPlan, LoadSegment, MemoryRange } from './plan.ts';
export { planFlat } from './flat.ts';
export type { FlatPlacement } from './flat.ts';
export { isElf, parseElf } from './elf/parse.ts';
export type { ElfFile, ElfSection, ElfSegment } from './elf/parse.ts';
export { elfSymbols } from './elf/symbols.ts';
export type { ElfSymbol } from './elf/symbols.ts';
export { planElf } from './elf/plan.ts';
export type { ElfPlacement } from './elf/plan.ts';
export { EM_AARCH64, EM_PPC, PF_R, PF_W, PF_X, PT_LOAD } from './elf/names.ts';
export type { ElfFileType, ElfSymbolBinding, ElfSymbolKind } from './elf/names.ts';
export { arm64BootStub, isArm64Image, isEfiZboot, parseArm64Image, planArm64Boot } from './arm64-image.ts';
export type { Arm64BootInput, Arm64BootPlan, Arm64ImageHeader } from './arm64-image.ts';
export { isGzip, unpackGzip } from './gzip.ts';
export type { Gunzip, UnpackOptions } from './gzip.ts';
export { isUImage, parseUImage } from './uimage.ts';
export type { UImage } from './uimage.ts';
export { isFdt, readFdt } from './fdt/read.ts';
export { writeFdt } from './fdt/write.ts';
export type { FdtWriteOptions } from './fdt/write.ts';
export { printDts } from './fdt/dts.ts';
export type { DtsOptions } from './fdt/dts.ts';
export {
  deviceTree, encodeCells, encodeStrings, encodeU64s, encodeValue, fdtNode, findChild, findCompatible, findNode, findProperty, walkNodes,
  withProperty,
} from './fdt/tree.ts';
export type { DeviceTree, FdtNode, FdtProperty, FdtReservation, FdtValue } from './fdt/tree.ts';
export { readCells, readReg, readStrings, readU64s } from './fdt/values.ts';
export type { FdtRegion } from './fdt/values.ts';
