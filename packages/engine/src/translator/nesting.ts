/** Blocks `head` to `last` make a loop: some jump among them goes back to `head`. */
export interface LoopSpan {
  readonly head: number;
  readonly last: number;
  /** Control also comes to a block behind the head from outside the loop. */
  readonly entered: boolean;
}

/**
 * The loops of a region whose blocks are numbered by address, as spans of which any two are nested or apart. Where two
 * jumps back overlap, the earlier loop grows: a larger loop is always right, its blocks are just skipped.
 * `successors` of each block; `entries` are reached from outside the region.
 */
export function findLoops(successors: readonly (readonly number[])[], entries: readonly number[]): ReadonlyMap<number, LoopSpan> {
  const last = new Map<number, number>();
  successors.forEach((targets, from) => {
    for (const target of targets) if (target <= from) last.set(target, Math.max(from, last.get(target) ?? 0));
  });
  const heads = [...last.keys()].sort((a, b) => a - b);
  for (let changed = true; changed;) {
    changed = false;
    for (const outer of heads) {
      for (const inner of heads) {
        const end = last.get(outer) as number;
        const innerEnd = last.get(inner) as number;
        if (inner <= outer || inner > end || innerEnd <= end) continue;
        last.set(outer, innerEnd);
        changed = true;
      }
    }
  }
  return new Map(heads.map((head) => {
    const end = last.get(head) as number;
    const behindHead = (block: number): boolean => block > head && block <= end;
    const entered = entries.some(behindHead) || successors.some((targets, from) => (from < head || from > end) && targets.some(behindHead));
    return [head, { head, last: end, entered }];
  }));
}
