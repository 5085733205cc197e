// Every expectation is typed in from the manual (DDI 0487), none is copied from our own output.
import { describe, expect, it } from 'vitest';
import { worldswitch } from '../test/capture.ts';
import { registerFacts } from './facts.ts';

const encodingOf = (name: Parameters<typeof registerFacts>[0]): string => registerFacts(name).encoding.generic;
const bits = (name: Parameters<typeof registerFacts>[0], layout = 0): Record<string, string> =>
  Object.fromEntries(registerFacts(name).layouts[layout].fields.map((field) => [field.name, field.bits]));

describe('regs', () => {
  it('knows encodings', () => {
    expect(encodingOf('MDSCR_EL1')).toBe('S2_0_C0_C2_2');
    expect(encodingOf('DBGBVR0_EL1')).toBe('S2_0_C0_C0_4');
    expect(encodingOf('DBGWCR15_EL1')).toBe('S2_0_C0_C15_7');
    expect(encodingOf('HCR_EL2')).toBe('S3_4_C1_C1_0');
    expect(encodingOf('ELR_EL12')).toBe('S3_5_C4_C0_1');
    expect(encodingOf('CNTV_CTL_EL0')).toBe('S3_3_C14_C3_1');
    expect(encodingOf('MDCR_EL2')).toBe('S3_4_C1_C1_1');
  });
  it('knows fields', () => {
    expect(bits('MDSCR_EL1')).toMatchObject({ SS: '0', ERR: '6', TDCC: '12', KDE: '13', HDE: '14', MDE: '15', TDA: '21', INTdis: '23:22' });
    expect(bits('HCR_EL2')).toMatchObject({ VM: '0', IMO: '4', TGE: '27', RW: '31', E2H: '34' });
    expect(bits('DBGBCR0_EL1')).toMatchObject({ E: '0', PMC: '2:1', BAS: '8:5', HMC: '13', SSC: '15:14', LBN: '19:16', BT: '23:20' });
    expect(registerFacts('MDSCR_EL1').layouts[0].res0).toBe('63:51,49:36,28,25:24,20,11:7,5:1');
  });
  it('knows who may access them, what they reach and what traps', () => {
    expect(registerFacts('MDSCR_EL1').access).toEqual({ EL0: '-', EL1: 'RW', EL2: 'RW', EL3: 'RW' });
    expect(registerFacts('MDSCR_EL1').e2h).toBeUndefined();
    expect(registerFacts('MDSCR_EL1').traps).toEqual([{ el: 'EL1', direction: 'both', condition: 'MDCR_EL2.{TDE,TDA}!=00', outcome: 'trap to EL2, EC 0x18' }]);
    expect(registerFacts('ELR_EL1').e2h).toEqual({ reaches: 'ELR_EL2', itself: 'ELR_EL12' });
    const reached = (name: Parameters<typeof registerFacts>[0], el: number, e2h: boolean): string | undefined => registerFacts(name).reached.find((row) => row.el === el && row.e2h === e2h)?.read;
    expect(reached('ELR_EL1', 2, true)).toBe('ELR_EL2');
    expect(reached('ELR_EL1', 2, false)).toBe('ELR_EL1');
    expect(reached('ELR_EL12', 2, true)).toBe('ELR_EL1');
    expect(reached('ELR_EL12', 2, false)).toBe('UNDEFINED');
    expect(reached('ELR_EL2', 1, false)).toBe('UNDEFINED');
    expect(reached('CPACR_EL1', 2, true)).toBe('CPTR_EL2');
  });
  it('finds by name, encoding and part', async () => {
    for (const text of ['mdscr_el1', 'S2_0_C0_C2_2', 's2_0_c0_c2_2', '2,0,0,2,2', '2 0 c0 c2 2']) {
      const { status, out } = await worldswitch('regs', text);
      expect([status, out.split('\n')[0]]).toEqual([0, 'MDSCR_EL1, Monitor Debug System Control Register']);
    }
    expect((await worldswitch('regs', 'afsr0')).out.split('\n').filter((line) => line !== '').map((line) => line.split(' ')[0]).sort()).toEqual(['AFSR0_EL1', 'AFSR0_EL12', 'AFSR0_EL2', 'AFSR0_EL3']);
    // One encoding, two registers (DDI 0487 DBGDTRTX_EL0).
    const { out } = await worldswitch('regs', 'S2_3_C0_C5_0');
    expect(out).toContain('DBGDTRRX_EL0');
    expect(out).toContain('DBGDTRTX_EL0');
  });
  it('lists all, and speaks JSON', async () => {
    expect((await worldswitch('regs')).out.trim().split('\n').length).toBe(465);
    const { out } = await worldswitch('regs', 'MDSCR_EL1', '--json');
    expect(JSON.parse(out)).toMatchObject({ name: 'MDSCR_EL1', encoding: { op0: 2, op1: 0, CRn: 0, CRm: 2, op2: 2, generic: 'S2_0_C0_C2_2' } });
  });
  it('suggests what may have been meant', async () => {
    expect(await worldswitch('regs', 'MDSRC_EL1')).toMatchObject({ status: 2, out: '', err: expect.stringContaining('did you mean MDSCR_EL1') as string });
    expect(await worldswitch('regs', 'S3_7_C15_C15_7')).toMatchObject({ status: 2 });
  });
});
