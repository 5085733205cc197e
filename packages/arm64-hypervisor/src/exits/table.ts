/** What each exception class of a guest comes to: a row for every one of the 64. */
import { EC, exceptionClassName } from '@worldswitch/arm64-sysreg';
import type { ExceptionClassName } from '@worldswitch/arm64-sysreg';
import { PSTATE } from '../guest/guest.ts';
import { injectUndefined } from '../guest/inject.ts';
import { dataAbort, instructionAbort } from './abort.ts';
import { RESUME } from './context.ts';
import type { ExitContext, ExitHandler, Outcome } from './context.ts';
import { cp14, cp14Double } from './cp14.ts';
import { hvc, smc } from './hypercall.ts';
import { systemRegister } from './sysregs.ts';

export interface ExitRow {
  readonly ec: number;
  readonly name: ExceptionClassName | undefined;
  readonly because: string;
  readonly handle: ExitHandler;
}

/** TI of a trapped WFI or WFE: 0 is WFI. */
const WFE = 1;

/** WFI waits; WFE lets others run, if there are any. An instruction that is stepped is done before anything else happens. */
function wfx({ guest, iss, othersReady }: ExitContext): Outcome {
  guest.skip();
  if ((iss & WFE) === 0) return { kind: 'wait' };
  return guest.request.singleStep !== true && othersReady() ? { kind: 'interrupted', because: 'yield' } : RESUME;
}

/** An exception the VMM's debugger asked for. */
function debug({ guest, esr, far }: ExitContext, watchpoint = false): Outcome {
  return { kind: 'debug', pc: guest.pc, arch: { hsr: Number(BigInt.asUintN(32, esr)), far: watchpoint ? far : 0n } };
}

function step(context: ExitContext): Outcome {
  const { guest } = context;
  guest.stepActivePending = false;
  // Still the host's PSTATE.SS, where that is in place until the vCPU is put: the next step is one of an instruction again.
  if (guest.savedDebug !== undefined) guest.pstate |= PSTATE.SS;
  return debug(context);
}

function undefinedToGuest({ guest }: ExitContext): Outcome {
  injectUndefined(guest);
  return RESUME;
}

function unknown({ guest, esr, far, ipa }: ExitContext): Outcome {
  return { kind: 'internal-error', reason: 'unexpected-exception-class', dead: false, detail: { esr, far, ipa, pc: guest.pc } };
}

const HANDLERS: Partial<Record<ExceptionClassName, { readonly because: string; readonly handle: ExitHandler }>> = {
  WFx: { because: 'HCR_EL2.{TWI, TWE}', handle: wfx },
  CP14_MR: { because: 'MDCR_EL2.{TDA, TDOSA, TDRA}, of an AArch32 guest', handle: cp14 },
  CP14_64: { because: 'MDCR_EL2.TDRA, of an AArch32 guest', handle: cp14Double },
  HVC64: { because: 'PSCI and hypercalls', handle: hvc },
  SMC64: { because: 'HCR_EL2.TSC: the firmware of guests is the hypervisor', handle: smc },
  SYS64: { because: 'emulated registers', handle: systemRegister },
  SVE: { because: 'CPTR_EL2.TZ: guests have no SVE', handle: undefinedToGuest },
  PAC: { because: 'HCR_EL2.API: guests have no pointer authentication', handle: undefinedToGuest },
  IABT_LOW: { because: 'stage 2', handle: instructionAbort },
  DABT_LOW: { because: 'stage 2: memory or MMIO', handle: dataAbort },
  BREAKPT_LOW: { because: 'MDCR_EL2.TDE', handle: (context) => debug(context) },
  SOFTSTP_LOW: { because: 'MDCR_EL2.TDE', handle: step },
  WATCHPT_LOW: { because: 'MDCR_EL2.TDE', handle: (context) => debug(context, true) },
  BRK64: { because: 'MDCR_EL2.TDE', handle: (context) => debug(context) },
  BKPT32: { because: 'MDCR_EL2.TDE', handle: (context) => debug(context) },
};

export const EXIT_TABLE: readonly ExitRow[] = Array.from({ length: 64 }, (_, ec): ExitRow => {
  const name = exceptionClassName(ec);
  const row = name === undefined ? undefined : HANDLERS[name];
  return { ec, name, because: row?.because ?? 'not expected from a guest', handle: row?.handle ?? unknown };
});

/** Classes with a handler of their own. */
export const HANDLED_CLASSES: readonly number[] = (Object.keys(HANDLERS) as ExceptionClassName[]).map((name) => EC[name]);
