/** Sentences that do not hold here, or cannot be tested here, and why. */
export const DEVIATIONS: readonly { readonly id: string; readonly reason: string }[] = [
  { id: '2.12', reason: 'the host has no mappings of devices into a VMM (VM_PFNMAP): slots are RAM' },
  { id: '3.14', reason: 'no vCPU has SVE, as no world switch moves its state: the feature is refused as one that the host lacks' },
  { id: '4.4', reason: 'no vCPU has SVE; its identifiers are refused as those of a vCPU without it' },
  { id: '4.10', reason: 'newer than the profiles, which end with 6.14' },
  { id: '5.38', reason: 'guests have no AArch32 state; the firmware\'s answer to such a caller is in arm64-hypervisor, `firmware/psci.test.ts`' },
];
