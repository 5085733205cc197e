/** The arm64 architecture: instruction set, processor, and the `virt` board. */
export { A64, createInstructionTable, isSimdRow, type InstructionTableOptions } from './instructions.ts';
export { transferOf } from './execute/transfer.ts';
export { SP, STATE, V, X } from './state.ts';
export { unbuiltName } from './unbuilt.ts';
export * from './cpu/index.ts';
export * from './board/index.ts';
export * from './mmu/index.ts';
export { createHostBoard, type HostBoard, type HostBoardPlaces, type HostBoardSetup } from './host-board.ts';
