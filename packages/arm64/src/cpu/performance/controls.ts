/** Which counters count, as a function of the registers (DDI 0487 D13 and J1.3.1, the functions named at each). */
import { MDCR_EL2, PMCR_EL0, type RegisterName } from '@worldswitch/arm64-sysreg';

/** The level of the processor and the registers that count. */
export interface CountingState {
  readonly el: 0 | 1 | 2;
  readonly highestEl: 1 | 2;
  /** FEAT_PMUv3p1: MDCR_EL2.HPMD and PMCR_EL0.DP. */
  readonly prohibits: boolean;
  /** FEAT_PMUv3p5: MDCR_EL2.HCCD. */
  readonly prohibitsCycles: boolean;
  readonly get: (name: RegisterName) => bigint;
}

/** The cycle counter's number among the counters: its bit in PMCNTENSET_EL0 and its like. */
export const CYCLES = 31;

const N = PMCR_EL0.mask('N');
const N_SHIFT = 11n;
const HPMN = MDCR_EL2.mask('HPMN');
const [HPME, HPMD, HCCD] = (['HPME', 'HPMD', 'HCCD'] as const).map((field) => MDCR_EL2.mask(field));
const [E, DP] = (['E', 'DP'] as const).map((field) => PMCR_EL0.mask(field));
/** PMEVTYPER<n>_EL0 and PMCCFILTR_EL0. Without EL3 NSK, NSU and M are RES0. */
const FILTER = { P: 1n << 31n, U: 1n << 30n, NSH: 1n << 27n } as const;

/** How many event counters there are (PMCR_EL0.N as EL2 reads it). */
export function counters({ get }: CountingState): number {
  return Number((get('PMCR_EL0') & N) >> N_SHIFT);
}
/** `EffectiveHPMN`: the first counter that is EL2's. A number that is out of range acts as if none were. */
export function firstOfEl2(s: CountingState): number {
  const all = counters(s);
  const hpmn = Number(s.get('MDCR_EL2') & HPMN);
  return s.highestEl === 2 && hpmn > 0 && hpmn <= all ? hpmn : all;
}
/** `GetNumEventCountersAccessible`, for the present level. */
export function accessible(s: CountingState): number {
  return s.el < 2 ? firstOfEl2(s) : counters(s);
}
/** The bits of PMCNTENSET_EL0 and its like that the present level has (`GetPMUAccessMask`). */
export function accessMask(s: CountingState): bigint {
  return (1n << BigInt(CYCLES)) | ((1n << BigInt(accessible(s))) - 1n);
}
/** PMCR_EL0.E, or MDCR_EL2.HPME for the counters of EL2. */
export function globallyEnabled(s: CountingState, n: number): boolean {
  return n === CYCLES || n < firstOfEl2(s) ? (s.get('PMCR_EL0') & E) !== 0n : (s.get('MDCR_EL2') & HPME) !== 0n;
}
/** `CountPMUEvents`: whether a counter counts its event at the present level. */
export function counting(s: CountingState, n: number): boolean {
  if (((s.get('PMCNTENSET_EL0') >> BigInt(n)) & 1n) === 0n || !globallyEnabled(s, n)) return false;
  const mdcr = s.get('MDCR_EL2');
  const shared = n === CYCLES || n < firstOfEl2(s);
  const prohibited = s.el === 2 && s.prohibits && shared && (mdcr & HPMD) !== 0n;
  if (n === CYCLES) {
    if (prohibited && (s.get('PMCR_EL0') & DP) !== 0n) return false;
    if (s.el === 2 && s.prohibitsCycles && (mdcr & HCCD) !== 0n) return false;
  } else if (prohibited) return false;
  const filter = s.get(filterOf(n));
  if (s.el === 2) return (filter & FILTER.NSH) !== 0n;
  return (filter & (s.el === 1 ? FILTER.P : FILTER.U)) === 0n;
}

export const filterOf = (n: number): RegisterName => (n === CYCLES ? 'PMCCFILTR_EL0' : (`PMEVTYPER${n}_EL0` as RegisterName));
export const counterOf = (n: number): RegisterName => (n === CYCLES ? 'PMCCNTR_EL0' : (`PMEVCNTR${n}_EL0` as RegisterName));
