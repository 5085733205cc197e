export * from './ir/types.ts';
export * from './ir/builder.ts';
export * from './ir/semantics.ts';
export * from './state/layout.ts';
export { StateBlock } from './state/block.ts';
export { DIGEST_BLOCK, DIGEST_PRIME, DIGEST_START, PcDigest } from './code/digest.ts';
export { LinearMemory } from './memory/linear.ts';
export {
  MemoryMapError, PAGE_BITS, PAGE_SIZE, PhysicalMemory, type AccessOrigin, type AccessWidth, type MemoryMappedDevice, type MemoryState, type Region,
  type RegionKind,
} from './memory/physical.ts';
export type { CoreStop, DataAccess, EngineFault, Guest, Helper, Translation, TranslationKind } from './core/guest.ts';
export { Core, type CoreState } from './core/core.ts';
export { loadPlain, storePlain } from './core/plain-access.ts';
export { Ring, RING_WORDS } from './core/ring.ts';
export { StopSet, type Watchpoint } from './core/watch.ts';
export { differences, type Difference } from './check/differences.ts';
export { Lockstep, type Lane, type LockstepDifference, type LockstepOptions, type LockstepResult } from './check/lockstep.ts';
export { Engine, type EngineKind, type EngineOptions } from './engine.ts';
