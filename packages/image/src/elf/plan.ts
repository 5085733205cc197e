import { hex } from '@worldswitch/bits';
import { ImageError } from '../error.ts';
import { orderSegments } from '../plan.ts';
import type { LoadPlan } from '../plan.ts';
import { MACHINE_NAMES, PF_X, PT_LOAD } from './names.ts';
import type { ElfFile } from './parse.ts';

/** How to place an ELF file. */
export interface ElfPlacement {
  /**
   * Added to every physical address and to the entry. Only a position-independent file (e_type DYN) may be moved; it finds its
   * own place when it runs, no relocation is applied here.
   */
  readonly loadBias?: bigint;
  /** The e_machine the board executes; another one is refused. */
  readonly machine?: number;
}

/**
 * The loadable segments by physical address, and the entry point as a physical address: where the entry's segment has different
 * virtual and physical addresses, the entry moves with it, as boot loaders and QEMU do.
 *
 * @throws ImageError `foreign` for another machine or a file that cannot be executed, `malformed` for overlapping segments.
 */
export function planElf(file: ElfFile, placement: ElfPlacement = {}): LoadPlan {
  const bias = placement.loadBias ?? 0n;
  checkLoadable(file, placement.machine, bias);
  const loadable = file.segments.filter((s) => s.type === PT_LOAD && s.memorySize > 0n);
  if (loadable.length === 0) {
    throw new ImageError({
      code: 'malformed',
      value: `${file.segments.length} program headers, none of type PT_LOAD with memory`,
      rule: 'an executable has at least one segment to load',
      remedy: 'Link it (ld), or load it as a flat binary',
    });
  }
  const limit = 1n << (file.bits === 64 ? 64n : 32n);
  for (const s of loadable) {
    if (s.physicalAddress + bias < 0n || s.physicalAddress + s.memorySize + bias > limit) {
      throw new ImageError({
        code: 'malformed',
        value: `load bias ${hex(bias)} moves PT_LOAD ${s.index} to ${hex(s.physicalAddress + bias)}`,
        rule: 'a segment must stay within the address space of its ELF class',
        remedy: 'Choose another load bias',
      });
    }
  }
  const home =
    loadable.find((s) => (s.flags & PF_X) !== 0 && file.entry >= s.virtualAddress && file.entry < s.virtualAddress + s.memorySize) ??
    loadable.find((s) => file.entry >= s.virtualAddress && file.entry < s.virtualAddress + s.memorySize);
  if (home === undefined) {
    throw new ImageError({
      code: 'malformed',
      value: `e_entry = ${hex(file.entry)}`,
      rule: 'the entry point must lie in a segment that is loaded',
      remedy: 'Define the entry when linking (ld -e SYMBOL, or ENTRY() in the script)',
    });
  }
  return {
    segments: orderSegments(
      loadable.map((s) => ({
        address: s.physicalAddress + bias,
        bytes: s.bytes,
        memorySize: s.memorySize,
        origin: `PT_LOAD ${s.index}`,
      })),
    ),
    entry: file.entry - home.virtualAddress + home.physicalAddress + bias,
  };
}

function checkLoadable(file: ElfFile, machine: number | undefined, bias: bigint): void {
  if (machine !== undefined && file.machine !== machine) {
    throw new ImageError({
      code: 'foreign',
      value: `e_machine = ${file.machine} (${file.machineName})`,
      rule: `this machine executes ${machine} (${MACHINE_NAMES[machine] ?? 'unnamed'}) only`,
      remedy: `Build the program for ${MACHINE_NAMES[machine] ?? machine}, or choose a board with that processor`,
    });
  }
  if (file.type !== 'executable' && file.type !== 'shared') {
    throw new ImageError({
      code: 'foreign',
      value: `e_type = ${file.type}`,
      rule: 'only executables (EXEC) and position-independent ones (DYN) can be loaded',
      remedy: file.type === 'relocatable' ? 'Link the object file first' : 'Pass an executable',
    });
  }
  if (bias !== 0n && file.type !== 'shared') {
    throw new ImageError({
      code: 'unsupported',
      value: `load bias ${hex(bias)} for an EXEC file`,
      rule: 'only a position-independent file (DYN) runs at another address than it was linked to',
      remedy: 'Leave out the bias, or link with -pie',
    });
  }
}
