import { decodeSyndrome, encodingOf, isRegisterName, REGISTERS } from '@worldswitch/arm64-sysreg';
import type { AccessVerdict, GuestDoor, PlainDoor, RegisterDoors } from '@worldswitch/machine';
import { SP, V, X } from '../state.ts';
import type { Arm64Processor } from './cpu.ts';
import { decodeSpsr, encodeSpsr } from './pstate.ts';
import { REGISTER_NAMES } from './system-access.ts';

/** Names beside the system registers: x0 to x30, sp, pc, pstate (in SPSR form), v0 to v31. */
const CORE_NAMES: readonly string[] = [...X.map(({ name }) => name), 'sp', 'pc', 'pstate', ...V.map(({ name }) => name)];

/**
 * The three ways to a processor's registers: as an instruction of the guest, the stored bits, and what a debugger sees. Names are
 * the manual's (`SCTLR_EL1`) and those of {@link CORE_NAMES}.
 */
export function registerDoors(cpu: Arm64Processor): RegisterDoors {
  return { names: [...CORE_NAMES, ...REGISTER_NAMES], guest: guestDoor(cpu), raw: rawDoor(cpu), debugger: debuggerDoor(cpu) };
}

const SLOTS = new Map([SP, ...X, ...V].map((slot) => [slot.name, slot]));

function coreRead({ core, state }: Arm64Processor, name: string): bigint | undefined {
  if (name === 'pc') return core.pc;
  if (name === 'pstate') return encodeSpsr(state.pstate, core.state.flags, state.pstate.step.SS);
  const slot = SLOTS.get(name);
  if (slot === undefined) return undefined;
  return slot.type === 'v128' ? core.state.getVector(slot) : core.state.get(slot);
}
function coreWrite(cpu: Arm64Processor, name: string, value: bigint): boolean {
  const { core } = cpu;
  if (name === 'pc') {
    core.pc = BigInt.asUintN(64, value);
    return true;
  }
  if (name === 'pstate') return writePstate(cpu, value);
  const slot = SLOTS.get(name);
  if (slot === undefined) return false;
  if (slot.type === 'v128') core.state.setVector(slot, BigInt.asUintN(128, value));
  else core.state.set(slot, BigInt.asUintN(64, value));
  return true;
}
/** A debugger may go to any level that exists; an impossible mode is refused. */
function writePstate({ core, state, access, exceptions }: Arm64Processor, value: bigint): boolean {
  const wanted = decodeSpsr(value);
  if (wanted.unused || wanted.aarch32 || wanted.el > state.highestEl) return false;
  core.state.flags = wanted.flags;
  state.enter(wanted.el as 0 | 1 | 2, wanted.sp);
  const { D, A, I, F, IL, PAN, UAO, DIT, SSBS } = wanted;
  Object.assign(state.pstate, { D, A, I, F, IL, PAN, UAO, DIT, SSBS, step: { SS: wanted.SS, last: 'none' } });
  access.controlsChanged();
  access.gateSimd();
  exceptions.levelChanged();
  return true;
}

function guestDoor(cpu: Arm64Processor): GuestDoor {
  const verdict = (outcome: ReturnType<Arm64Processor['access']['mrs']>): AccessVerdict => {
    if (outcome.ok) return { kind: 'ok', value: outcome.value };
    const { syndrome = 0n, to } = outcome.entry;
    return decodeSyndrome(syndrome).ec === 0 ? { kind: 'undefined' } : { kind: 'trap', to, syndrome };
  };
  return {
    read(name) {
      const core = coreRead(cpu, name);
      if (core !== undefined) return { kind: 'ok', value: core };
      return isRegisterName(name) ? verdict(cpu.access.mrs(encodingOf(name), 0)) : { kind: 'undefined' };
    },
    write(name, value) {
      if (coreWrite(cpu, name, value)) return { kind: 'ok', value };
      return isRegisterName(name) ? verdict(cpu.access.msr(encodingOf(name), 0, value)) : { kind: 'undefined' };
    },
  };
}
function rawDoor(cpu: Arm64Processor): PlainDoor {
  return {
    read: (name) => coreRead(cpu, name) ?? (isRegisterName(name) ? cpu.state.registers.get(name) : undefined),
    write: (name, value) => {
      if (coreWrite(cpu, name, value)) return true;
      if (!isRegisterName(name)) return false;
      cpu.state.registers.set(name, BigInt.asUintN(64, value));
      cpu.settle();
      return true;
    },
  };
}
function debuggerDoor(cpu: Arm64Processor): PlainDoor {
  return {
    read: (name) => coreRead(cpu, name) ?? (isRegisterName(name) ? cpu.access.read(name) : undefined),
    write: (name, value) => {
      if (coreWrite(cpu, name, value)) return true;
      if (!isRegisterName(name) || !/W/.test(REGISTERS[name].access)) return false;
      cpu.access.write(name, BigInt.asUintN(64, value));
      return true;
    },
  };
}
