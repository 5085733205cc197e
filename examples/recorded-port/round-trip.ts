/** A small guest under a host: the same code whether what is below is a processor, or a recording of one. */
import { Arm64Hypervisor, HostGicV2, type HostProcessor } from '@worldswitch/arm64-hypervisor';
import { startVcpu } from '@worldswitch/arm64-hypervisor/vmm';
import { Kvm, Ledger, type LedgerRow } from '@worldswitch/hypervisor';

const MIB = 0x10_0000;
export const RAM = { base: 0x4000_0000n, size: 10 * MIB } as const;
/** A hole of the board's map: fetching from it is how hosted code is entered. */
const HOSTED = 0x0b00_0000n;
export const GUEST = RAM.base + BigInt(8 * MIB);

/** `mrs x0, ID_AA64PFR0_EL1`, which traps; then PSCI's SYSTEM_OFF: `mov w0, #8; movk w0, #0x8400, lsl #16; hvc #0`. */
export const PROGRAM = Uint8Array.of(0x00, 0x04, 0x38, 0xd5, 0x00, 0x01, 0x80, 0x52, 0x00, 0x80, 0xb0, 0x72, 0x02, 0x00, 0x00, 0xd4);

/** What is recorded: a revision, and the mode of the host. */
export const RECORDED = [{ revision: 'two-hooks', mode: 'nvhe' }, { revision: 'two-hooks', mode: 'vhe' }] as const;
export type Recorded = (typeof RECORDED)[number];

/** Boots a host on the processor, runs the guest to its end, and gives what the world switch did. */
export function roundTrip(processor: HostProcessor, { revision, mode }: Recorded): { readonly end: string; readonly rows: readonly LedgerRow[] } {
  const hypervisor = new Arm64Hypervisor(processor, {
    revision, mode, layout: { hosted: HOSTED, pages: { base: RAM.base, size: BigInt(8 * MIB) } },
    interrupts: new HostGicV2({ distributor: 0x0800_0000n, cpuInterface: 0x0801_0000n }),
  });
  const vm = new Kvm(hypervisor).createVm();
  vm.setMemoryRegion({ slot: 0, guestAddress: RAM.base, size: BigInt(2 * MIB), hostAddress: GUEST });
  processor.memory.loadBytes(GUEST, PROGRAM);
  const vcpu = vm.createVcpu(0);
  startVcpu(vcpu, { pc: RAM.base });
  const ledger = new Ledger();
  hypervisor.host.code.ledger = ledger;
  const exit = vcpu.run({ budget: 100 });
  const rows = ledger.drain();
  hypervisor.host.code.ledger = undefined;
  return { end: exit.kind === 'system-event' ? exit.event : exit.kind, rows };
}
