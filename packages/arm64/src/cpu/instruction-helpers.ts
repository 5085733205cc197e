import { encodeSyndrome, sysregIss } from '@worldswitch/arm64-sysreg';
import type { Helper } from '@worldswitch/engine';
import { crc32Step } from '../execute/crc32.ts';
import type { ExceptionEntry } from './exceptions.ts';
import type { Exclusives } from './exclusives.ts';
import type { BarrierName } from './observation.ts';
import type { ProcessorState } from './processor-state.ts';
import { pstateImmediate } from './pstate-immediate.ts';
import { undefinedTarget, type AccessOutcome, type SystemAccess } from './system-access.ts';

/** What the helpers act on. */
export interface HelperPort {
  readonly state: ProcessorState;
  readonly access: SystemAccess;
  readonly exclusives: Exclusives;
  take(entry: ExceptionEntry): void;
  undefined(): undefined;
  exceptionReturn(): void;
  /** Undefined where the instruction was trapped. */
  wait(instruction: 'wfi' | 'wfe'): bigint | undefined;
  sendEvent(): void;
  loadedExclusive(): void;
}

/** The helpers that `execute/` calls by name: everything that is more than registers and memory. `undefined` where an exception was taken. */
export function instructionHelpers(port: HelperPort): Readonly<Record<string, Helper>> {
  const { state, access, exclusives } = port;
  const outcome = (result: AccessOutcome): bigint | undefined => {
    if (result.ok) return result.value;
    port.take({ ...result.entry, returnTo: state.core.pc });
    return undefined;
  };
  const observe = (name: BarrierName, encoding?: number, operand?: bigint): void => {
    const { core, pstate } = state;
    access.observer?.barrier({ retired: core.retired, pc: core.pc, el: pstate.el }, name, encoding, operand);
  };
  const event: Helper = () => {
    port.sendEvent();
    return 0n;
  };
  return {
    mrs: (encoding, rt) => outcome(access.mrs(Number(encoding), Number(rt))),
    msr: (encoding, rt, value) => outcome(access.msr(Number(encoding), Number(rt), value)),
    sys: (encoding, rt, value) => outcome(access.sys(Number(encoding), Number(rt), value, 'write')),
    sysl: (encoding, rt) => outcome(access.sys(Number(encoding), Number(rt), 0n, 'read')),
    pstateImmediate: (field, crm) => {
      const verdict = pstateImmediate(state, access, Number(field), Number(crm));
      if (verdict === 'undefined') return port.undefined();
      if (verdict === 'ok') {
        observe('pstate', Number(field), crm);
        return 0n;
      }
      const [op1, op2] = [Number(field) >> 3, Number(field) & 7];
      // op0 0, CRn 4, and 31 for the register that there is none of.
      const iss = sysregIss((op1 << 11) | (4 << 7) | (Number(crm) << 3) | op2, 31, 'write');
      port.take({ to: undefinedTarget(state), syndrome: encodeSyndrome({ ec: 0x18, il: 1, iss }), returnTo: state.core.pc });
      return undefined;
    },
    eret: () => {
      if (state.pstate.el === 0) return port.undefined();
      observe('eret');
      access.synchronise();
      port.exceptionReturn();
      return undefined;
    },
    wfi: () => {
      observe('wfi');
      return port.wait('wfi');
    },
    wfe: () => port.wait('wfe'),
    sev: event,
    sevl: event,
    yield: () => 0n,
    isb: () => {
      observe('isb');
      access.synchronise();
      return 0n;
    },
    dsb: (option) => {
      observe('dsb', Number(option));
      // Every DSB is one for the whole system here.
      access.monitors.profiling?.complete();
      return 0n;
    },
    psb: () => {
      observe('psb');
      access.monitors.profiling?.synchronise();
      return 0n;
    },
    crc32: (accumulator, value, bytes) => crc32Step('crc32', accumulator, value, Number(bytes)),
    crc32c: (accumulator, value, bytes) => crc32Step('crc32c', accumulator, value, Number(bytes)),
    clrex: () => {
      exclusives.clear();
      return 0n;
    },
    setMonitor: (address, size) => {
      port.loadedExclusive();
      exclusives.load(address, Number(size));
      return 0n;
    },
    storeExclusive: (address, first, second, bytes, attributes) => exclusives.store(address, first, second, Number(bytes), Number(attributes)),
  };
}

const HCR = { TWI: 1n << 13n, TWE: 1n << 14n } as const;
const SCTLR = { nTWI: 1n << 16n, nTWE: 1n << 18n } as const;

/** Where a WFI or WFE that would wait is trapped to, if anywhere (DDI 0487 D1.6). */
export function waitTrap({ pstate, registers, hostEl0, tge, highestEl }: ProcessorState, instruction: 'wfi' | 'wfe'): 1 | 2 | undefined {
  const [notTrapped, hypervisor] = instruction === 'wfi' ? [SCTLR.nTWI, HCR.TWI] : [SCTLR.nTWE, HCR.TWE];
  if (pstate.el === 0 && (registers.get(hostEl0 ? 'SCTLR_EL2' : 'SCTLR_EL1') & notTrapped) === 0n) return tge ? 2 : 1;
  if (pstate.el < 2 && highestEl === 2 && !hostEl0 && (registers.get('HCR_EL2') & hypervisor) !== 0n) return 2;
  return undefined;
}
