/** A guest's access to its performance monitors, all of which trap (MDCR_EL2.{TPM, TPMCR}): what EL1 has let EL0 do decides first. */
import { compileAccess, encodeSyndrome, syndromes } from '@worldswitch/arm64-sysreg';
import type { Guest } from '../guest/guest.ts';
import { injectUndefined } from '../guest/inject.ts';
import type { VirtualPmu } from './virtual-pmu.ts';

export interface TrappedAccess {
  /** The encoding as trapped. */
  readonly packed: number;
  readonly direction: 'read' | 'write';
  readonly rt: number;
}

const SYNCHRONOUS = 0n;
/** Features of the guest's monitors that decide whether a register of theirs is there. */
const FEATURES: ReadonlySet<string> = new Set(['FEAT_PMUv3']);

/** False for a register of something else. Otherwise the guest has been given its value, or its exception. */
export function monitorAccess(guest: Guest, pmu: VirtualPmu, { packed, direction, rt }: TrappedAccess): boolean {
  const access = compileAccess(packed, direction);
  if (access.register?.group !== 'pmu') return false;
  const { name } = access.register;
  const verdict = access.verdict({
    el: guest.el, rt, e2h: false, tge: false, features: FEATURES,
    read: (register) => (register === 'PMCR_EL0' ? pmu.read(register) : register === 'PMUSERENR_EL0' ? pmu.userEnable : 0n),
  });
  if (verdict.kind === 'trap') {
    guest.pending = { kind: 'exception', esr: encodeSyndrome(syndromes.sysreg(packed, rt, direction)), vector: SYNCHRONOUS };
    return true;
  }
  if (verdict.kind !== 'register') {
    injectUndefined(guest);
    return true;
  }
  // It has been counted, by what was in force before it, and what it reads has counted it.
  guest.skip();
  if (direction === 'read') guest.setX(rt, pmu.read(name));
  else pmu.write(name, guest.x(rt), guest.el);
  return true;
}
