/** What a proof looks at: registers of either side, slots in memory, exits. */
import { REGISTER_LIST } from '@worldswitch/arm64-sysreg';
import type { AccessorMode, RegisterName } from '@worldswitch/arm64-sysreg';
import { hex } from '@worldswitch/bits';
import { classOf } from '../classes.ts';
import type { Layout } from '../context/layout.ts';
import type { Arm64Exit } from '../exits/context.ts';
import { FULL_CONTEXT } from '../switch/steps/registers.ts';

interface GuestView {
  readonly guest: readonly string[];
  readonly host: readonly RegisterName[];
}
const VIEWS = new Map<AccessorMode, GuestView>();
/** EL2's own that decide what the guest may do. */
const CONTROLS: readonly RegisterName[] = [
  'HCR_EL2', 'MDCR_EL2', 'CPTR_EL2', 'HSTR_EL2', 'VTTBR_EL2', 'VTCR_EL2', 'VBAR_EL2', 'PMUSERENR_EL0', 'PMSELR_EL0', 'CNTVOFF_EL2', 'CNTHCTL_EL2', 'CNTV_CTL_EL0', 'CNTV_CVAL_EL0', 'MDCCINT_EL1',
];

/** The names to look at in a mode. */
export function viewOf(mode: AccessorMode): GuestView {
  let view = VIEWS.get(mode);
  if (!view) {
    const context = FULL_CONTEXT.map(({ slot }) => slot).filter((slot) => slot !== 'PC' && slot !== 'PSTATE');
    const host = REGISTER_LIST.filter(({ name, alias, access }) => alias === undefined && access.includes('R') && ['preserved', 'constant'].includes(classOf(name, mode))).map(({ name }) => name);
    view = { guest: [...context, ...CONTROLS, ...host.filter((name) => /^DBG[BW][CV]R/.test(name)), 'pc', 'pstate'], host };
    VIEWS.set(mode, view);
  }
  return view;
}
/** What a call preserves (AAPCS64), the link register aside. */
export const CALLEE_SAVED = Array.from({ length: 11 }, (_, n) => 19 + n);
export const VECTORS = Array.from({ length: 32 }, (_, n) => `v${n}`);

/** Slots of the state in which the switch keeps what is its own. */
const OWN_USE: ReadonlySet<string> = new Set(['host-pmscr']);
const SLOTS = new WeakMap<Layout, readonly string[]>();

/** Slots to look at in a structure of the guest's. */
export function slotsOf(layout: Layout): readonly string[] {
  let names = SLOTS.get(layout);
  if (!names) SLOTS.set(layout, (names = layout.slots.map(({ name }) => name).filter((name) => !OWN_USE.has(name))));
  return names;
}

/** An exit in the words of an observation. */
export function exitText(exit: Arm64Exit): string {
  switch (exit.kind) {
    case 'mmio': return `mmio ${exit.write ? 'write' : 'read'} of ${exit.length} at ${exit.address.toString(16)}${exit.write ? ` ${[...exit.data].join(' ')}` : ''}`;
    case 'debug': return `debug at ${exit.pc.toString(16)}, ${exit.arch.hsr.toString(16)}, ${exit.arch.far.toString(16)}`;
    case 'interrupted': return `interrupted by ${exit.because}`;
    case 'idle': return `idle until ${String(exit.until)}`;
    case 'system-event': return exit.event;
    case 'internal-error': return `internal error ${exit.reason}: ${Object.entries(exit.detail).map(([name, value]) => `${name} ${typeof value === 'bigint' ? hex(value) : String(value)}`).join(', ')}`;
    default: return exit.kind;
  }
}
