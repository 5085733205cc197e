import type { ProcessorState } from './processor-state.ts';
import type { SystemAccess } from './system-access.ts';

/** op1:op2 of MSR (immediate) (DDI 0487 C5.2, C6.2 MSR immediate). */
const FIELD = { UAO: 3, PAN: 4, SPSel: 5, SSBS: 25, DIT: 26, DAIFSet: 30, DAIFClr: 31 } as const;
const SCTLR_UMA = 1n << 9n;

/** Writes a PSTATE field from the immediate; `trap` is EC 0x18 to where UNDEFINED goes. */
export function pstateImmediate(s: ProcessorState, access: SystemAccess, field: number, crm: number): 'ok' | 'undefined' | 'trap' {
  const { pstate, registers, model } = s;
  const el0 = pstate.el === 0;
  const on = (crm & 1) !== 0;
  const when = (feature: string, write: () => void, atEl0 = false): 'ok' | 'undefined' => {
    if (!model.features.has(feature) || (el0 && !atEl0)) return 'undefined';
    write();
    return 'ok';
  };
  switch (field) {
    case FIELD.DAIFSet:
    case FIELD.DAIFClr: {
      if (el0 && (s.hostEl0 || (registers.get('SCTLR_EL1') & SCTLR_UMA) === 0n)) return 'trap';
      const value = field === FIELD.DAIFSet;
      if ((crm & 8) !== 0) pstate.D = value;
      if ((crm & 4) !== 0) pstate.A = value;
      if ((crm & 2) !== 0) pstate.I = value;
      if ((crm & 1) !== 0) pstate.F = value;
      access.masksChanged();
      return 'ok';
    }
    case FIELD.SPSel:
      if (el0) return 'undefined';
      access.selectStackPointer(on ? 1 : 0);
      return 'ok';
    case FIELD.PAN: return when('FEAT_PAN', () => {
      pstate.PAN = on;
      s.selectContext();
    });
    case FIELD.UAO: return when('FEAT_UAO', () => { pstate.UAO = on; });
    case FIELD.DIT: return when('FEAT_DIT', () => { pstate.DIT = on; }, true);
    case FIELD.SSBS: return when('FEAT_SSBS', () => { pstate.SSBS = on; }, true);
    default: return 'undefined';
  }
}
