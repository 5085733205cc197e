/** System registers the guest does not reach itself: what each gives and takes. A register without a row is UNDEFINED for the guest. */
import { HCR_EL2, REGISTERS, REGISTER_LIST, encodingOf, genericName, indexInFamily, nameOf, packEncoding } from '@worldswitch/arm64-sysreg';
import type { CONTEXT_SYSREGS } from '../context/layout.ts';
import type { DebugBank } from '../guest/vcpu-memory.ts';
import { injectUndefined } from '../guest/inject.ts';
import { readPhysicalTimer, writePhysicalTimer } from '../guest/timers.ts';
import type { PhysicalTimerRegister } from '../guest/timers.ts';
import { IDENTIFICATION_ENCODINGS } from '../one-reg/identification.ts';
import { CACHES_MAX } from '../one-reg/caches.ts';
import { RESUME } from './context.ts';
import type { ExitContext, Outcome } from './context.ts';

/** Undefined from `read` or false from `write`: the guest gets an UNDEFINED exception. Without `read` or `write`: the same. */
interface SysregRow {
  readonly read?: (context: ExitContext) => bigint | undefined;
  readonly write?: (context: ExitContext, value: bigint) => boolean;
  /** Why it is here. */
  readonly because: string;
}

type ContextSysreg = (typeof CONTEXT_SYSREGS)[number];

const rows = new Map<number, SysregRow>();
const add = (name: string, row: SysregRow): void => { rows.set(encodingOf(name), row); };

const ignored = (because: string): SysregRow => ({ read: () => 0n, write: () => true, because });

function stored(register: ContextSysreg, because: string, after?: (context: ExitContext) => void): SysregRow {
  return {
    because,
    read: ({ guest }) => guest.sysreg(register),
    write: (context, value) => {
      context.guest.setSysreg(register, value);
      after?.(context);
      return true;
    },
  };
}

// Debug: MDCR_EL2.{TDA, TDOSA, TDRA, TDE}.

const touched = ({ guest }: ExitContext): void => { guest.debugTouched('write'); };
for (const { name } of REGISTER_LIST) {
  const bank = /^DBG([BW][CV]R)\d+_EL1$/.exec(name)?.[1]?.toLowerCase() as DebugBank | undefined;
  if (bank === undefined) continue;
  const n = indexInFamily(name) as number;
  add(name, {
    // The guest's own set, also while the VMM's is the one that is loaded.
    because: 'kept in vcpuDebugState; a write makes the set one that is switched',
    read: ({ guest }) => {
      guest.debugTouched('read');
      return guest.memory.debugRegister(bank, n);
    },
    write: (context, value) => {
      context.guest.memory.setDebugRegister(bank, n, value);
      touched(context);
      return true;
    },
  });
}
add('MDSCR_EL1', stored('MDSCR_EL1', 'stays among the system registers; a write makes the debug set one that is switched', touched));
add('MDCCINT_EL1', stored('MDCCINT_EL1', 'switched with the debug set', touched));
const OSLK = 2n;
add('OSLAR_EL1', {
  because: 'the lock is the guest\'s own and only in memory',
  write: ({ guest }, value) => {
    guest.setSysreg('OSLSR_EL1', (guest.sysreg('OSLSR_EL1') & ~OSLK) | ((value & 1n) << 1n));
    guest.reload = true;
    return true;
  },
});
add('OSLSR_EL1', { because: 'as OSLAR_EL1', read: ({ guest }) => guest.sysreg('OSLSR_EL1') });
add('DBGAUTHSTATUS_EL1', { because: 'what the host\'s core says', read: ({ hostRegister }) => hostRegister('DBGAUTHSTATUS_EL1') });
add('DBGCLAIMSET_EL1', { because: 'claim tags are for external debuggers: none implemented', read: () => 0n, write: () => true });
for (const name of ['DBGCLAIMCLR_EL1', 'OSDLR_EL1', 'DBGPRCR_EL1', 'OSDTRRX_EL1', 'OSDTRTX_EL1', 'OSECCR_EL1', 'MDCCSR_EL0', 'DBGDTR_EL0', 'DBGDTRRX_EL0', 'MDRAR_EL1'] as const) {
  add(name, ignored('external debug makes no sense to a guest'));
}

// Control: HCR_EL2.{TVM, TACR}.

/** With stage 1 translation and caches on there is nothing left to watch for. */
const M_AND_C = 5n;
function vmRegisterWritten({ guest }: ExitContext): void {
  if ((guest.sysreg('SCTLR_EL1') & M_AND_C) !== M_AND_C) return;
  const { state } = guest.memory;
  state.set('hcr', state.get('hcr') & ~HCR_EL2.mask('TVM'));
}
const VM_REGISTERS = [
  'SCTLR_EL1', 'TTBR0_EL1', 'TTBR1_EL1', 'TCR_EL1', 'ESR_EL1', 'FAR_EL1', 'AFSR0_EL1', 'AFSR1_EL1', 'MAIR_EL1', 'AMAIR_EL1', 'CONTEXTIDR_EL1',
] as const satisfies readonly ContextSysreg[];
for (const name of VM_REGISTERS) add(name, stored(name, 'trapped until the guest has its caches on', vmRegisterWritten));
add('ACTLR_EL1', { because: 'implementation defined; a guest may look and change nothing', read: ({ guest }) => guest.sysreg('ACTLR_EL1'), write: () => true });

// Cache maintenance by set and way: HCR_EL2.TSW. Memory here is coherent.
for (const name of ['DC ISW', 'DC CSW', 'DC CISW']) add(name, { because: 'acts on all of a cache, which a guest does not own', write: () => true });

// What caches look like: HCR_EL2.TID2.
add('CLIDR_EL1', { because: 'the vCPU\'s, which may run on any core', read: ({ emulated }) => emulated.caches.clidr });
const CSSELR_FIELDS = 0xfn;
add('CSSELR_EL1', {
  because: 'chooses for CCSIDR_EL1, which is made up here: the register of the core stays the host\'s',
  read: ({ guest }) => guest.sysreg('CSSELR_EL1'),
  write: ({ guest }, value) => {
    guest.setSysreg('CSSELR_EL1', value & CSSELR_FIELDS);
    return true;
  },
});
add('CCSIDR_EL1', {
  because: 'the vCPU\'s, by the cache that CSSELR_EL1 names; UNKNOWN for one that there cannot be',
  read: ({ guest, emulated }) => {
    const csselr = Number(guest.sysreg('CSSELR_EL1') & CSSELR_FIELDS);
    return csselr < CACHES_MAX ? emulated.caches.guestCcsidr(csselr) : 0n;
  },
});

// The physical timer: CNTHCTL_EL2.

const physicalCount = ({ guest, count }: ExitContext): bigint => BigInt.asUintN(64, count() - guest.memory.state.get('cntpoff'));
for (const name of ['CNTP_CTL_EL0', 'CNTP_CVAL_EL0', 'CNTP_TVAL_EL0'] as const satisfies readonly PhysicalTimerRegister[]) {
  add(name, {
    because: 'the timer in hardware is the host\'s',
    read: (context) => readPhysicalTimer(context.guest, name, physicalCount(context)),
    write: (context, value) => {
      writePhysicalTimer(context.guest, name, value, physicalCount(context));
      return true;
    },
  });
}
add('CNTPCT_EL0', {
  because: 'read here by guests whose count is behind the host\'s; others reach it themselves, and if it traps all the same nobody was to know',
  read: (context) => (context.guest.memory.state.get('cntpoff') === 0n ? undefined : physicalCount(context)),
});

// Identification: HCR_EL2.TID3.

for (const packed of IDENTIFICATION_ENCODINGS) {
  rows.set(packed, { because: 'the VM\'s, as the VMM has set it; reserved ones are zero (DDI 0487 D23.3.1)', read: ({ emulated }) => emulated.identification.read(packed) });
}
add('REVIDR_EL1', { because: 'what the host\'s core says', read: ({ hostRegister }) => hostRegister('REVIDR_EL1') });

// Software interrupts: HCR_EL2.IMO.
for (const register of ['SGI1R', 'SGI0R', 'ASGI1R'] as const) {
  add(`ICC_${register}_EL1`, { because: 'who receives it is known here, not in the processor that the guest happens to be on', write: ({ sendSgi }, value) => sendSgi(value, register) });
}

// Performance monitors: MDCR_EL2.{TPM, TPMCR}. Of guests that were given none; others' are in pmu/.
for (const { name, group } of REGISTER_LIST) if (group === 'pmu') add(name, ignored('no performance monitors are given to guests'));

/** Encodings with a row; for lists and tests. */
export const EMULATED: ReadonlyMap<number, string> = new Map([...rows].map(([packed, { because }]) => [packed, because]));

/** A trapped MRS, MSR or SYS. */
export function systemRegister(context: ExitContext): Outcome {
  const { guest, iss } = context;
  const read = (iss & 1) === 1;
  const packed = packEncoding((iss >> 20) & 3, (iss >> 14) & 7, (iss >> 10) & 15, (iss >> 1) & 15, (iss >> 17) & 7);
  const rt = (iss >> 5) & 31;
  if (context.monitors?.({ packed, direction: read ? 'read' : 'write', rt }) === true) return RESUME;
  const row = rows.get(packed);
  if (read) {
    const value = row?.read?.(context);
    if (value !== undefined) {
      guest.setX(rt, value);
      guest.skip();
      return RESUME;
    }
  } else if (row?.write?.(context, guest.x(rt)) === true) {
    guest.skip();
    return RESUME;
  }
  context.report(unhandled(packed, read));
  injectUndefined(guest);
  return RESUME;
}

/** Written as the row that would handle it. */
function unhandled(packed: number, read: boolean): string {
  const name = nameOf(packed, read ? 'read' : 'write');
  const known = name in REGISTERS ? name : genericName(packed);
  return `add('${known}', { because: '…', ${read ? 'read: () => 0n' : 'write: () => true'} }); // exits/sysregs.ts: not emulated, the guest got an UNDEFINED exception`;
}
