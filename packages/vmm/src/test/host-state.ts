import { snapshot } from '@worldswitch/arm64-hypervisor';
import type { GuestMachine } from './guest-machine.ts';

/** Registers of the host with values of its own, its breakpoints among them: whatever the switch forgets shows. */
export function fillHost({ hostCpu, hypervisor }: GuestMachine): void {
  const { debugger: door } = hostCpu.registers;
  let value = 0x1234_5678_9abc_def0n;
  const own = ['TPIDR_EL0', 'TPIDRRO_EL0', 'TPIDR_EL1', 'SP_EL0', 'MDCCINT_EL1', ...(hypervisor.host.mode === 'nvhe'
    ? ['SP_EL1', 'ELR_EL1', 'TTBR0_EL1', 'TTBR1_EL1', 'FAR_EL1', 'CONTEXTIDR_EL1', 'AFSR0_EL1', 'MAIR_EL1', 'PAR_EL1', 'CSSELR_EL1'] : [])];
  for (let n = 0; n < 6; n++) own.push(`DBGBVR${n}_EL1`);
  for (let n = 0; n < 4; n++) own.push(`DBGWVR${n}_EL1`);
  for (const name of own) door.write(name, (value = BigInt.asUintN(64, value * 6364136223846793005n + 1442695040888963407n)) & ~3n);
  for (let n = 0; n < 6; n++) door.write(`DBGBCR${n}_EL1`, 0x1e5n);
}

/** Every register of the host, without side effects. */
export const look = ({ hostCpu }: GuestMachine): ReturnType<typeof snapshot> => snapshot((name) => hostCpu.registers.debugger.read(name));
