// What the collected facts do not say, or say wrongly, each with its reason. All of it is held against the kernel's headers by
// src/abi/headers.oracle.test.ts.

/** Elements of arrays, in bytes; the facts have only the size of the whole. Arrays that are not here are of bytes. */
export const ELEMENTS = {
  'kvm_vcpu_init.features': 4, 'kvm_enable_cap.args': 8, 'kvm_regs.regs.regs': 8, 'kvm_regs.spsr': 8, 'kvm_regs.fp_regs.vregs': 16, 'kvm_regs.gpr': 8,
  'kvm_guest_debug_arch.dbg_bcr': 8, 'kvm_guest_debug_arch.dbg_bvr': 8, 'kvm_guest_debug_arch.dbg_wcr': 8, 'kvm_guest_debug_arch.dbg_wvr': 8,
  'kvm_run.hypercall.args': 8, 'kvm_run.internal.data': 8, 'kvm_run.osi.gprs': 8, 'kvm_run.papr_hcall.args': 8, 'kvm_run.system_event.data': 8,
  'kvm_arm_copy_mte_tags.reserved': 8, 'reg_mask_range.reserved': 4, 'kvm_vcpu_events.reserved': 4, 'kvm_userspace_memory_region2.pad2': 8,
  'kvm_sregs.u.e.dbcr': 4, 'kvm_sregs.u.e.iac': 4, 'kvm_sregs.u.e.dac': 4, 'kvm_sregs.u.e.dvc': 4, 'kvm_sregs.u.e.ivor_low': 4, 'kvm_sregs.u.e.ivor_high': 4,
  'kvm_sregs.u.e.tlbcfg': 4, 'kvm_sregs.u.e.tlbps': 4, 'kvm_fpu.fpr': 8, 'kvm_book3e_206_tlb_params.tlb_sizes': 4, 'kvm_book3e_206_tlb_params.tlb_ways': 4,
  'kvm_book3e_206_tlb_params.reserved': 4, 'kvm_ppc_pvinfo.hcall': 4, 'kvm_reg_list.reg': 8,
};

/** Fields that are structures of their own. */
export const NESTED = { 'kvm_guest_debug.arch': ['kvm_guest_debug_arch'], 'kvm_run.debug.arch': ['kvm_debug_exit_arch'], 'kvm_guest_debug_arch.bp': ['kvm_guest_debug_arch.bp', 16] };

/** Only these are signed: descriptors that may be -1. */
export const SIGNED = new Set(['kvm_ioeventfd.fd']);

/** Covered by their parts, or repeated for illustration. */
export const DROPPED = new Set(['kvm_regs.regs', 'kvm_regs.fp_regs', 'kvm_run.s', 'kvm_sregs.u', 'kvm_sregs.u.e.impl']);

const routingEntry = {
  size: 48,
  fields: [
    ['gsi', 0, 4], ['type', 4, 4], ['flags', 8, 4], ['pad', 12, 4], ['u.irqchip.irqchip', 16, 4], ['u.irqchip.pin', 20, 4],
    ['u.msi.address_lo', 16, 4], ['u.msi.address_hi', 20, 4], ['u.msi.data', 24, 4], ['u.msi.devid', 28, 4],
  ],
};
/** Arguments of ioctls in the facts whose structures are not. */
export const MORE_STRUCTS = {
  kvm_msi: { size: 32, fields: [['address_lo', 0, 4], ['address_hi', 4, 4], ['data', 8, 4], ['flags', 12, 4], ['devid', 16, 4], ['pad', 20, 12]] },
  kvm_irq_routing: { size: 8, fields: [['nr', 0, 4], ['flags', 4, 4]] },
  kvm_irq_routing_entry: routingEntry,
  kvm_clear_dirty_log: { size: 24, fields: [['slot', 0, 4], ['num_pages', 4, 4], ['first_page', 8, 8], ['dirty_bitmap', 16, 8]] },
};
/** PowerPC: the breakpoints of `kvm_guest_debug_arch`, a structure without a name. */
export const MORE_PPC_STRUCTS = {
  'kvm_guest_debug_arch.bp': { size: 16, fields: [['addr', 0, 8], ['type', 8, 4], ['reserved', 12, 4]] },
  // The pointer has 32 bits there.
  kvm_clear_dirty_log: { size: 24, fields: [['slot', 0, 4], ['num_pages', 4, 4], ['first_page', 8, 8], ['dirty_bitmap', 16, 4]] },
};

/** The ring of coalesced MMIO is in the facts, the calls that feed it are not. */
export const MORE_IOCTLS = [
  { name: 'KVM_REGISTER_COALESCED_MMIO', dir: '_IOW', nr: '0x67', arg: 'struct kvm_coalesced_mmio_zone', level: 'vm', argsize_arm64: 16, argsize_ppc32: 16 },
  { name: 'KVM_UNREGISTER_COALESCED_MMIO', dir: '_IOW', nr: '0x68', arg: 'struct kvm_coalesced_mmio_zone', level: 'vm', argsize_arm64: 16, argsize_ppc32: 16 },
];

/** Calls on a VM that the facts put on the vCPU (Documentation/virt/kvm/api.rst, "Type:" of each). */
export const LEVELS = { KVM_IRQ_LINE_STATUS: 'vm', KVM_RESET_DIRTY_RINGS: 'vm', KVM_SET_MEMORY_ATTRIBUTES: 'vm', KVM_CREATE_GUEST_MEMFD: 'vm' };

/** Groups by which the calls above are understood. */
export const MORE_CONSTANTS = {
  KVM_CREATE_DEVICE: { KVM_CREATE_DEVICE_TEST: 1 },
  KVM_IOEVENTFD: { KVM_IOEVENTFD_FLAG_DATAMATCH: 1, KVM_IOEVENTFD_FLAG_PIO: 2, KVM_IOEVENTFD_FLAG_DEASSIGN: 4, KVM_IOEVENTFD_FLAG_VIRTIO_CCW_NOTIFY: 8 },
  KVM_IRQFD: { KVM_IRQFD_FLAG_DEASSIGN: 1, KVM_IRQFD_FLAG_RESAMPLE: 2 },
  KVM_IRQ_ROUTING: { KVM_IRQ_ROUTING_IRQCHIP: 1, KVM_IRQ_ROUTING_MSI: 2 },
  KVM_MSI: { KVM_MSI_VALID_DEVID: 1 },
  KVM_MMIO: { KVM_COALESCED_MMIO_PAGE_OFFSET: 1 },
  KVM_INTERNAL_ERROR: { KVM_INTERNAL_ERROR_UNEXPECTED_EXIT_REASON: 4 },
};
