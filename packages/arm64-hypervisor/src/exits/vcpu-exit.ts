/** An exit of a vCPU's guest: whose it is, and what the handlers of the table work with. */
import { EC, decodeSyndrome } from '@worldswitch/arm64-sysreg';
import type { RegisterName } from '@worldswitch/arm64-sysreg';
import type { MemorySlot } from '@worldswitch/hypervisor';
import type { FirmwareCpu } from '../firmware/index.ts';
import { injectSerror } from '../guest/inject.ts';
import { PAGE } from '../host/pages.ts';
import type { EmulatedRegisters } from '../one-reg/emulated.ts';
import type { VcpuPmu } from '../pmu/vcpu-pmu.ts';
import type { GuestExit } from '../switch/step.ts';
import type { Arm64Vcpu } from '../vcpu.ts';
import type { Arm64Vm } from '../vm.ts';
import type { Answer } from './answer.ts';
import type { ExitContext, Outcome } from './context.ts';
import { EXIT_TABLE } from './table.ts';

/** HPFAR_EL2.FIPA in place: bits 47:12 of the address at 39:4. */
const ipaOf = (hpfar: bigint, far: bigint): bigint => ((hpfar >> 4n) << 12n) | (far & (PAGE - 1n));

const INSTRUCTION = 4n;

/** Whose guest it was. */
export interface ExitSource {
  readonly vcpu: Arm64Vcpu & FirmwareCpu;
  readonly vm: Arm64Vm;
  readonly slotAt: (address: bigint) => MemorySlot | undefined;
  readonly emulated: EmulatedRegisters;
  readonly pmu: VcpuPmu;
  /** Whether the guest has the registers of a GICv3's CPU interface. */
  readonly gicRegisters: () => boolean;
  readonly answerLater: (answer: Answer) => void;
  /** The host takes its interrupts. */
  readonly interrupts: () => Outcome;
}

export function handleExit(source: ExitSource, { code, esr, serror }: GuestExit): Outcome {
  const { guest } = source.vcpu;
  if (serror !== undefined) {
    if (serror === 'behind' && decodeSyndrome(esr).ec === EC.HVC64) guest.pc -= INSTRUCTION;
    injectSerror(guest);
    return { kind: 'resume' };
  }
  switch (code) {
    // An exception return to a state that does not exist.
    case 'illegal': return { kind: 'fail-entry', reason: 0n, cpu: 0, errno: 'EINVAL' };
    case 'irq':
    case 'fiq': return source.interrupts();
    case 'serror':
      injectSerror(guest);
      return { kind: 'resume' };
    case 'sync': {
      const { ec } = decodeSyndrome(esr);
      return EXIT_TABLE[ec].handle(contextOf(source, esr));
    }
  }
}

function contextOf({ vcpu, vm, slotAt, emulated, pmu, gicRegisters, answerLater }: ExitSource, esr: bigint): ExitContext {
  const { guest } = vcpu;
  const { code } = vm.host;
  const far = guest.memory.state.get('fault-far');
  const read = (name: RegisterName): bigint => {
    code.place = { step: 'emulation', phase: '', kind: 'host' };
    return code.read(name);
  };
  return {
    guest, esr, iss: decodeSyndrome(esr).iss, far, ipa: ipaOf(guest.memory.state.get('fault-hpfar'), far), slots: vm.slots, faithful: vm.world.faithful,
    slotAt, emulated, hostRegister: read, count: () => read('CNTPCT_EL0'), answerLater,
    firmware: (conduit) => vm.firmware.call(vcpu, conduit, (results) => { answerLater({ kind: 'call', results }); }), smcCalls: vm.firmware.bySmc,
    tellsWithoutSyndrome: vm.tellsWithoutSyndrome, othersReady: () => vm.lettingOthers(vcpu),
    sendSgi: (value, register) => vm.sendSgi(vcpu, value, register), deviceAt: (address) => vm.vgic.at(address, vcpu.id), gicRegisters: gicRegisters(),
    monitors: (access) => pmu.access(access), report: (text) => { vm.report(text); },
  };
}
