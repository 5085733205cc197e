/**
 * Loads and stores of code that is not in memory: what `Core.access` gives, with a short way for those that are aligned, that nothing
 * refuses and nobody watches. A world switch makes hundreds in a row.
 */
import type { ByteOrder } from '@worldswitch/bits';
import type { AccessShape } from '../ir/types.ts';
import { PAGE_SIZE } from '../memory/physical.ts';
import { answers } from './access.ts';
import type { Core } from './core.ts';
import type { Guest } from './guest.ts';

const PAGE_OFFSET = BigInt(PAGE_SIZE - 1);

/** The value, or undefined where an exception or a stop came of it. `guest` is the core's. */
export function loadPlain(core: Core, guest: Guest, address: bigint, shape: AccessShape): bigint | undefined {
  const physical = plain(core, guest, address, shape);
  if (physical < 0) return core.access(address, shape)?.read(0, shape.size);
  return core.engine.memory.read(physical, shape.size, orderOf(core), core.index) ?? 0n;
}

/** True where it was made; false where an exception or a stop came of it. */
export function storePlain(core: Core, guest: Guest, address: bigint, shape: AccessShape, value: bigint): boolean {
  const physical = plain(core, guest, address, shape);
  if (physical >= 0) return core.engine.memory.write(physical, shape.size, value, orderOf(core), core.index);
  const access = core.access(address, shape);
  access?.write(0, shape.size, value);
  return access !== undefined;
}

/** The physical address of such an access; -1 where `Core.access` is to say what it comes to. */
function plain(core: Core, guest: Guest, address: bigint, shape: AccessShape): number {
  if (core.stops.watchpoints.size > 0 || (Number(address & PAGE_OFFSET) & (shape.size - 1)) !== 0) return -1;
  const translation = guest.translate(address, shape.kind === 'read' ? 'read' : 'write', shape.unprivileged);
  if (!translation.ok || translation.volatile === true || !answers(core.engine.memory, translation.physical, shape.kind)) return -1;
  return guest.checkData?.({ address, shape, faultAddress: address }) === undefined ? translation.physical : -1;
}

function orderOf({ order, swapData }: Core): ByteOrder {
  return swapData === (order === 'little') ? 'big' : 'little';
}
