/** The `virt` board as QEMU presents it: map, interrupts, device tree, loaders, wiring. */
export { SYSTEM_OFF, SYSTEM_RESET } from './calls.ts';
export { affinity, configure, RTC_EPOCH, TICKS_PER_SECOND, VIRT_MAP, VIRT_PPI, VIRT_SPI } from './description.ts';
export type { VirtConfiguration, VirtOptions, Window } from './description.ts';
export { virtDeviceTree, virtTree } from './device-tree.ts';
export type { Chosen, TreeOptions } from './device-tree.ts';
export { hasPowerKey, planBoot } from './load.ts';
export type { BootImage, BootPlan, LoadOptions, StartState } from './load.ts';
export type { BoardDevices, BoardImages, BoardPlan, BoardSegment, GicV2Part, GicV3Part, TreeNode, TreeValue } from './parts.ts';
export type { GuestMemory, MakeCpu, SemihostingReply, VirtCpu, VirtCpuSetup } from './processor.ts';
export { createVirt } from './virt.ts';
export type { Virt, VirtSetup } from './virt.ts';
