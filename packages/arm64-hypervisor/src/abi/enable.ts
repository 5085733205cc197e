/** KVM_ENABLE_CAP of a VM. */
import { KvmError } from '@worldswitch/hypervisor';
import { CONSTANTS } from '@worldswitch/hypervisor/abi';
import type { VmFirmware } from '../firmware/index.ts';
import { PAGE } from '../host/pages.ts';
import type { MappedSlots } from '../stage2/mapped-slots.ts';
import { BLOCK_SIZE } from '../stage2/tables.ts';

/** What can be switched on. */
export interface Enabled {
  readonly firmware: Pick<VmFirmware, 'systemSuspend'>;
  readonly slots: Pick<MappedSlots, 'rule' | 'empty'>;
  /** Accesses without a syndrome are exits. */
  tellsWithoutSyndrome: boolean;
  /** Size in which blocks would be broken up when logging begins; 0 when they are written. Either way the log is the same. */
  splitChunk: number;
}

const { KVM_CAP } = CONSTANTS;
/** Options of KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2; the second goes with the first alone. */
const MANUAL_PROTECT = 1n;
const INITIALLY_SET = 2n;

const refuse = (value: string, rule: string, remedy: string): never => { throw new KvmError('EINVAL', { value, rule, remedy }); };

/** Throws `KvmError` EINVAL for one that cannot be enabled, or not now, or not so. */
export function enableCapability(vm: Enabled, capability: number, args: readonly bigint[]): void {
  const [option = 0n] = args;
  switch (capability) {
    case KVM_CAP.KVM_CAP_ARM_NISV_TO_USER:
      vm.tellsWithoutSyndrome = true;
      return;
    case KVM_CAP.KVM_CAP_ARM_SYSTEM_SUSPEND:
      vm.firmware.systemSuspend = true;
      return;
    case KVM_CAP.KVM_CAP_ARM_MTE: return refuse('KVM_CAP_ARM_MTE', 'the host\'s processor has no memory tags', 'ask with checkExtension first');
    case KVM_CAP.KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2: {
      const manual = (option & MANUAL_PROTECT) !== 0n;
      if ((option & ~(manual ? MANUAL_PROTECT | INITIALLY_SET : 0n)) !== 0n) refuse(`options ${option}`, 'they are 0, 1 (manual) or 3 (initially set as well)', 'choose one of these');
      vm.slots.rule.manual = manual;
      vm.slots.rule.initiallySet = (option & INITIALLY_SET) !== 0n;
      return;
    }
    case KVM_CAP.KVM_CAP_ARM_EAGER_SPLIT_CHUNK_SIZE:
      if (![0n, PAGE, BLOCK_SIZE].includes(option)) refuse(`chunk size ${option}`, `sizes are 0, ${PAGE} and ${BLOCK_SIZE}`, 'see KVM_CAP_ARM_SUPPORTED_BLOCK_SIZES');
      if (!vm.slots.empty) refuse('KVM_CAP_ARM_EAGER_SPLIT_CHUNK_SIZE', 'it is chosen before there are memory slots', 'enable it first');
      vm.splitChunk = Number(option);
      return;
    // A host that waits by WFI alone does not poll.
    case KVM_CAP.KVM_CAP_HALT_POLL:
      if (option > 0xffff_ffffn) refuse(`${option} ns`, 'the time has 32 bits', 'choose a shorter one');
      return;
    default: return refuse(`capability ${capability}`, 'it cannot be enabled', 'ask with checkExtension first');
  }
}
