import { hex } from '@worldswitch/bits';
import { MachineError } from '@worldswitch/machine';
import { VIRT_MAP, type VirtConfiguration } from './description.ts';
import { virtDeviceTree, type Chosen } from './device-tree.ts';
import type { BoardImages, BoardPlan, BoardSegment } from './parts.ts';

/** What a board is started with. Files are unpacked bytes. */
export type BootImage =
  /** `-bios`: the file lies in flash bank 0 and runs from there; it finds the tree at the start of RAM. A kernel with it is offered by fw_cfg only. */
  | { readonly kind: 'firmware'; readonly firmware: Uint8Array; readonly kernel?: Uint8Array; readonly initrd?: Uint8Array; readonly commandLine?: string }
  /** `-kernel` with a Linux `Image`, or a file without its magic, which is taken for one at offset 0x80000 (bare-metal test programs rely on that). */
  | { readonly kind: 'linux'; readonly kernel: Uint8Array; readonly initrd?: Uint8Array; readonly commandLine?: string }
  /** An executable for 64-bit Arm, by its physical addresses. */
  | { readonly kind: 'elf'; readonly elf: Uint8Array }
  /** Bytes at an address. */
  | { readonly kind: 'flat'; readonly bytes: Uint8Array; readonly address: bigint; readonly entry?: bigint }
  /** Nothing is loaded; the processor starts at 0. */
  | { readonly kind: 'none' };

/** How the boot processor starts, beside the reset state: `el` is the machine's highest level; the secondary ones are off. */
export interface StartState {
  readonly pc: bigint;
  readonly el: 1 | 2;
  readonly x0: bigint;
}

/** What to put where at reset. */
export interface BootPlan {
  readonly segments: readonly BoardSegment[];
  readonly start: StartState;
  /** Where the tree is; undefined where there was no room for one, as on QEMU. */
  readonly deviceTree: bigint | undefined;
}

export interface LoadOptions {
  /** Instead of the generated tree, as it is: for runs that are compared with another machine's. */
  readonly deviceTree?: Uint8Array;
}

/**
 * Whether the board has the power button on a PL061. QEMU leaves both out when firmware is loaded: such firmware is expected to
 * describe an ACPI event device instead, which is not here. (Measured on 7.2: the tree under `-bios` has neither node.)
 */
export function hasPowerKey(image: BootImage): boolean {
  return image.kind !== 'firmware';
}

const EM_AARCH64 = 183;

/**
 * Plans a start as QEMU's boot loader makes it. Nothing is written; a plan that does not fit is refused whole.
 *
 * @throws the errors of the image readers (damaged, foreign or packed files, `does-not-fit`), and MachineError `bad-range` for firmware or a tree too large.
 */
export function planBoot(image: BootImage, board: VirtConfiguration, images: BoardImages, options: LoadOptions = {}): BootPlan {
  const { base } = VIRT_MAP.ram;
  const memory = { base, size: BigInt(board.ram) };
  const el = board.el2 ? 2 : 1;
  const tree = (chosen?: Chosen): Uint8Array => options.deviceTree ?? virtDeviceTree(board, images, { powerKey: hasPowerKey(image), ...(chosen && { chosen }) });
  const finish = (plan: BoardPlan, deviceTree: bigint | undefined): BootPlan => {
    images.assertFits(plan, [...VIRT_MAP.flash.map((bank) => ({ base: bank.base, size: BigInt(bank.size) })), memory]);
    return { segments: plan.segments, start: { pc: plan.entry, el, x0: 0n }, deviceTree };
  };
  /** The tree at the start of RAM, unless the image is in its way. */
  const beside = (plan: BoardPlan): BootPlan => {
    const segment = treeSegment(base, tree());
    const end = base + segment.memorySize;
    const free = end <= base + memory.size && plan.segments.every((other) => other.address >= end || other.address + other.memorySize <= base);
    return finish(free ? { ...plan, segments: [...plan.segments, segment] } : plan, free ? base : undefined);
  };
  switch (image.kind) {
    case 'firmware': {
      const [bank] = VIRT_MAP.flash;
      if (image.firmware.length === 0 || image.firmware.length > bank.size) {
        throw new MachineError('bad-range', `virt: firmware of ${hex(BigInt(image.firmware.length))} bytes; it lies in flash bank 0, which holds 1 to ${hex(BigInt(bank.size))} bytes. Load a larger program as ELF or flat into RAM.`);
      }
      const segment = { address: bank.base, bytes: image.firmware, memorySize: BigInt(image.firmware.length), origin: 'firmware' };
      return finish({ segments: [segment, treeSegment(base, tree())], entry: bank.base }, base);
    }
    case 'linux': {
      const input = { kernel: image.kernel, ...(image.initrd && { initrd: image.initrd }), memory };
      // The tree names the place of the RAM disk, which does not depend on the tree.
      const places = images.planArm64Boot(input);
      const chosen = { ...(image.commandLine !== undefined && { bootargs: image.commandLine }), ...(places.initrd && { initrd: places.initrd }) };
      return finish(images.planArm64Boot({ ...input, deviceTree: tree(chosen) }), places.deviceTree);
    }
    case 'elf': return beside(images.planElf(images.parseElf(image.elf), { machine: EM_AARCH64 }));
    case 'flat': return beside(images.planFlat(image.bytes, { address: image.address, ...(image.entry !== undefined && { entry: image.entry }) }));
    case 'none': return finish({ segments: [], entry: 0n }, undefined);
  }
}

function treeSegment(address: bigint, bytes: Uint8Array): BoardSegment {
  return { address, bytes, memorySize: BigInt(bytes.length), origin: 'device tree' };
}
