import type { Rows } from '@worldswitch/isa';

/**
 * System instructions and system register moves. op0 of the register forms is 2 or 3.
 */
export const SYSTEM = {
  SYS: {
    pattern: '1101 0101 0000 1 op1:3 crn:4 crm:4 op2:3 rt:5', asm: 'sys #{op1:dec}, {crn:C}, {crm:C}, #{op2:dec}<, {rt:X=31}>',
    aliases: [
      { text: 'at {op1,crn,crm,op2:atOperation}{rt:operationRegister}' },
      { text: 'dc {op1,crn,crm,op2:dcOperation}{rt:operationRegister}' },
      { text: 'ic {op1,crn,crm,op2:icOperation}{rt:operationRegister}' },
      { text: 'tlbi {op1,crn,crm,op2:tlbiOperation}{rt:operationRegister}' },
      { when: { op1: 3, crn: 7, crm: 3, op2: 4 }, text: 'cfp rctx, {rt:X}' },
      { when: { op1: 3, crn: 7, crm: 3, op2: 5 }, text: 'dvp rctx, {rt:X}' },
      { when: { op1: 3, crn: 7, crm: 3, op2: 7 }, text: 'cpp rctx, {rt:X}' },
    ],
    status: 'modelled', source: 'DDI 0487 C6.2 SYS',
  },
  SYSL: {
    pattern: '1101 0101 0010 1 op1:3 crn:4 crm:4 op2:3 rt:5', asm: 'sysl {rt:X}, #{op1:dec}, {crn:C}, {crm:C}, #{op2:dec}',
    status: 'modelled', source: 'DDI 0487 C6.2 SYSL',
  },
  MSR_reg: {
    pattern: '1101 0101 0001 o0:1 op1:3 crn:4 crm:4 op2:3 rt:5', asm: 'msr {o0,op1,crn,crm,op2:sysregWrite}, {rt:X}',
    status: 'modelled', source: 'DDI 0487 C6.2 MSR (register)',
  },
  MRS: {
    pattern: '1101 0101 0011 o0:1 op1:3 crn:4 crm:4 op2:3 rt:5', asm: 'mrs {rt:X}, {o0,op1,crn,crm,op2:sysregRead}',
    status: 'modelled', source: 'DDI 0487 C6.2 MRS',
  },
} as const satisfies Rows;
