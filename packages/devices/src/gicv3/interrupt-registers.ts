import { PRIVATE, SGIS, type InterruptState } from '../gic/interrupt-state.ts';
import {
  GIC_ICACTIVER, GIC_ICENABLER, GIC_ICFGR, GIC_ICPENDR, GIC_IGROUPR, GIC_IGRPMODR, GIC_IPRIORITYR, GIC_ISACTIVER, GIC_ISENABLER, GIC_ISPENDR, GIC_ITARGETSR,
} from './registers.ts';

/** Whose interrupts a frame shows: the SPIs, or the SGIs and PPIs of one processor. What it does not show reads as zero (IHI 0069, GICD_ISENABLER<n> and its siblings with affinity routing). */
export type Frame = { readonly kind: 'shared' } | { readonly kind: 'private'; readonly cpu: number };

/** The slot behind an INTID in a frame; undefined where there is none. */
function slotIn(state: InterruptState, frame: Frame, intid: number): number | undefined {
  if (frame.kind === 'private') return intid < PRIVATE ? state.slot(frame.cpu, intid) : undefined;
  return intid >= PRIVATE && intid < state.count ? state.slot(0, intid) : undefined;
}

/** A word of the registers that have a part for each INTID, offsets 0x80 to 0xcff. Zero elsewhere. */
export function readInterrupts(state: InterruptState, frame: Frame, offset: number): number {
  const collect = (first: number, count: number, width: number, part: (slot: number) => number): number => {
    let word = 0;
    for (let i = 0; i < count; i++) {
      const slot = slotIn(state, frame, first + i);
      if (slot !== undefined) word |= part(slot) << (width * i);
    }
    return word;
  };
  if (offset >= GIC_IGROUPR && offset < GIC_IPRIORITYR) {
    const read = BIT_READS[offset & ~0x7f];
    return read === undefined ? 0 : collect((offset & 0x7f) * 8, 32, 1, (slot) => (read(state, slot) ? 1 : 0));
  }
  if (offset >= GIC_IPRIORITYR && offset < GIC_ITARGETSR) return collect(offset - GIC_IPRIORITYR, 4, 8, (slot) => state.priority[slot]);
  if (offset >= GIC_ICFGR && offset < GIC_IGRPMODR) return collect((offset - GIC_ICFGR) * 4, 16, 2, (slot) => (state.edge[slot] !== 0 ? 2 : 0));
  return 0;
}

const pending = (state: InterruptState, slot: number): boolean => state.pending(slot);
const enabled = (state: InterruptState, slot: number): boolean => state.enabled[slot] !== 0;
const active = (state: InterruptState, slot: number): boolean => state.active[slot] !== 0;
const BIT_READS: Readonly<Record<number, ((state: InterruptState, slot: number) => boolean) | undefined>> = {
  [GIC_IGROUPR]: (state, slot) => state.group[slot] !== 0,
  [GIC_ISENABLER]: enabled, [GIC_ICENABLER]: enabled, [GIC_ISPENDR]: pending, [GIC_ICPENDR]: pending, [GIC_ISACTIVER]: active, [GIC_ICACTIVER]: active,
};

/** Set and clear registers: what a written one stores where. */
const BIT_WRITES: Readonly<Record<number, { readonly array: 'enabled' | 'latch' | 'active'; readonly value: 0 | 1 } | undefined>> = {
  [GIC_ISENABLER]: { array: 'enabled', value: 1 }, [GIC_ICENABLER]: { array: 'enabled', value: 0 },
  [GIC_ISPENDR]: { array: 'latch', value: 1 }, [GIC_ICPENDR]: { array: 'latch', value: 0 },
  [GIC_ISACTIVER]: { array: 'active', value: 1 }, [GIC_ICACTIVER]: { array: 'active', value: 0 },
};

/** What an implementation chooses of them, see `GicV3Implementation`. */
type Choices = { readonly priorities: number; readonly choosesPpis: boolean };

/** Writes such a word, or one byte of it (`mask`), which only priorities take. */
export function writeInterrupts(state: InterruptState, { priorities, choosesPpis }: Choices, frame: Frame, offset: number, value: number, mask: number): void {
  const each = (first: number, count: number, store: (slot: number, index: number, intid: number) => void): void => {
    for (let i = 0; i < count; i++) {
      const slot = slotIn(state, frame, first + i);
      if (slot !== undefined) store(slot, i, first + i);
    }
  };
  if (offset >= GIC_IPRIORITYR && offset < GIC_ITARGETSR) {
    each(offset - GIC_IPRIORITYR, 4, (slot, i) => { if (((mask >>> (8 * i)) & 0xff) !== 0) state.priority[slot] = (value >>> (8 * i)) & priorities; });
  } else if (mask !== -1) return;
  else if (offset >= GIC_IGROUPR && offset < GIC_ISENABLER) each((offset & 0x7f) * 8, 32, (slot, i) => { state.group[slot] = (value >>> i) & 1; });
  else if (offset >= GIC_ISENABLER && offset < GIC_IPRIORITYR) {
    const write = BIT_WRITES[offset & ~0x7f];
    if (write !== undefined) each((offset & 0x7f) * 8, 32, (slot, i) => { if (((value >>> i) & 1) !== 0) state[write.array][slot] = write.value; });
  } else if (offset >= GIC_ICFGR && offset < GIC_IGRPMODR) {
    each((offset - GIC_ICFGR) * 4, 16, (slot, i, intid) => { if (intid >= (choosesPpis ? SGIS : PRIVATE)) state.edge[slot] = (value >>> (2 * i + 1)) & 1; });
  }
}
