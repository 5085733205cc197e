/**
 * Byte layouts of everything a switch keeps in memory, as data. All slots are in the host's byte order; a register occupies its slot
 * whole, so only the order of bytes within a slot depends on it.
 */
import type { RegisterName } from '@worldswitch/arm64-sysreg';

/** Bytes of one slot. */
export type SlotSize = 4 | 8 | 16;

export interface Slot {
  readonly name: string;
  readonly offset: number;
  readonly size: SlotSize;
}

/** A structure in memory. */
export interface Layout {
  readonly name: string;
  readonly size: number;
  readonly slots: readonly Slot[];
  /** The slot of a name. Throws RangeError for an unknown one. */
  slot(name: string): Slot;
}

/** Slots in order, each aligned to its size; the whole rounded up to 16 bytes. */
export function layout(name: string, entries: readonly (readonly [name: string, size: SlotSize])[]): Layout {
  const slots: Slot[] = [];
  const byName = new Map<string, Slot>();
  let offset = 0;
  for (const [slotName, size] of entries) {
    offset = Math.ceil(offset / size) * size;
    const slot: Slot = { name: slotName, offset, size };
    if (byName.has(slotName)) throw new RangeError(`${name}: slot ${slotName} is declared twice; slot names are unique`);
    byName.set(slotName, slot);
    slots.push(slot);
    offset += size;
  }
  return {
    name, size: Math.ceil(offset / 16) * 16, slots,
    slot: (wanted) => {
      const slot = byName.get(wanted);
      if (!slot) throw new RangeError(`${name} has no slot ${wanted}; it has ${slots.map((s) => s.name).join(', ')}`);
      return slot;
    },
  };
}

export const numbered = (prefix: string, count: number, size: SlotSize): [string, SlotSize][] =>
  Array.from({ length: count }, (_, n): [string, SlotSize] => [`${prefix}${n}`, size]);
export const doublewords = (names: readonly string[]): [string, SlotSize][] => names.map((name): [string, SlotSize] => [name, 8]);

/** System registers in the array of a context, in the order of their slots. The names are those of the guest's registers. */
export const CONTEXT_SYSREGS = [
  'VMPIDR_EL2', 'CSSELR_EL1', 'SCTLR_EL1', 'ACTLR_EL1', 'CPACR_EL1', 'TTBR0_EL1', 'TTBR1_EL1', 'TCR_EL1', 'ESR_EL1', 'AFSR0_EL1', 'AFSR1_EL1',
  'FAR_EL1', 'MAIR_EL1', 'VBAR_EL1', 'CONTEXTIDR_EL1', 'TPIDR_EL0', 'TPIDRRO_EL0', 'TPIDR_EL1', 'AMAIR_EL1', 'CNTKCTL_EL1', 'PAR_EL1', 'MDSCR_EL1',
  'MDCCINT_EL1', 'OSLSR_EL1', 'DISR_EL1',
] as const satisfies readonly RegisterName[];

/** What an AArch32 guest has besides, which an AArch64 one cannot name. */
export const AARCH32_SYSREGS = ['DACR32_EL2', 'IFSR32_EL2', 'FPEXC32_EL2', 'DBGVCR32_EL2'] as const satisfies readonly RegisterName[];

/**
 * One world's context. The first 864 bytes are `struct kvm_regs` of the KVM ABI: x0 to x30, SP_EL0, PC, PSTATE; SP_EL1, ELR_EL1, five
 * SPSRs; V0 to V31, FPSR, FPCR. Then the system registers, then what only the host's context uses.
 */
export const CPU_CONTEXT: Layout = contextLayout('cpu-context', CONTEXT_SYSREGS);

/**
 * A context whose array of system registers is `sysregs`, after the entry that is reserved. Behind it comes what a switch does not move
 * but the hypervisor keeps for a guest, and the host's own.
 */
export function contextLayout(name: string, sysregs: readonly string[]): Layout {
  return layout(name, [
    ...numbered('x', 31, 8), ...doublewords(['SP_EL0', 'PC', 'PSTATE', 'SP_EL1', 'ELR_EL1', 'SPSR_EL1', 'SPSR_abt', 'SPSR_und', 'SPSR_irq', 'SPSR_fiq']),
    ...numbered('v', 32, 16), ['FPSR', 4], ['FPCR', 4],
    ...doublewords(['reserved0', ...sysregs, ...CONTEXT_SYSREGS.filter((kept) => !sysregs.includes(kept)), 'running-vcpu']),
    ...doublewords(AARCH32_SYSREGS.filter((kept) => !sysregs.includes(kept))),
  ]);
}

/** Breakpoint and watchpoint registers of the ABI's `kvm_guest_debug_arch`. */
export const DEBUG_REGISTERS_MAX = 16;

/** `struct kvm_guest_debug_arch`: four arrays of 16 doublewords, control before value: 512 bytes. */
export const GUEST_DEBUG_ARCH: Layout = layout('guest-debug', [
  ...numbered('bcr', DEBUG_REGISTERS_MAX, 8), ...numbered('bvr', DEBUG_REGISTERS_MAX, 8), ...numbered('wcr', DEBUG_REGISTERS_MAX, 8),
  ...numbered('wvr', DEBUG_REGISTERS_MAX, 8),
]);

/** What the switch keeps for a vCPU besides its context and its three debug register sets. */
export const VCPU_STATE: Layout = layout('vcpu-state', doublewords([
  'hcr', 'mdcr', 'vttbr', 'debug-flags', 'debug-ptr', 'host-context', 'irq-lines', 'fault-esr', 'fault-far', 'fault-hpfar',
  'cntvoff', 'cntv-ctl', 'cntv-cval', 'cntp-ctl', 'cntp-cval', 'host-pmscr', 'timer-enabled',
  'host-mdcr', 'host-pmuserenr', 'host-pmblimitr', 'fp-owner', 'debug-owner', 'external-mdscr',
  'vgic-used', 'vgic-hcr', 'vgic-vmcr', 'vgic-ap0', 'vgic-ap1', ...Array.from({ length: 16 }, (_, n) => `vgic-lr${n}`),
  'vsesr', 'cntpoff',
]));

/** Offsets of the parts of a vCPU's memory, each a structure above. One vCPU occupies `VCPU_SIZE` bytes, page aligned. */
export const VCPU_PARTS = {
  context: 0,
  vcpuDebugState: 0x800,
  hostDebugState: 0xa00,
  externalDebugState: 0xc00,
  state: 0xe00,
} as const;
export const VCPU_SIZE = 0x1000;
