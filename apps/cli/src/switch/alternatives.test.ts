import { A64 } from '@worldswitch/arm64';
import { ALTERNATIVES } from '@worldswitch/arm64-hypervisor';
import { describe, expect, it } from 'vitest';
import { worldswitch } from '../test/capture.ts';
import { schemaErrors } from '../test/schema.ts';
import { alternativesReport, alternativesScreen, type AlternativesReport } from './alternatives.ts';

describe('alternatives', () => {
  it('has a row for each, with a schema', async () => {
    const { status, out } = await worldswitch('alternatives', '--json');
    expect(status).toBe(0);
    const report = JSON.parse(out) as AlternativesReport;
    expect(schemaErrors('alternatives', report)).toEqual([]);
    expect(report.alternatives).toHaveLength(ALTERNATIVES.length);
  });
  // The accessors are the seed's own: el1 (SCTLR), hyp (ELR), el0 (CNTV_CTL); VHE words from the manual's encodings.
  it.each([
    ['el1 SCTLR', 'sctlr_el1', 'sctlr_el12'], ['hyp ELR', 'elr_el2', 'elr_el1'], ['el0 CNTV_CTL', 'cntv_ctl_el0', 'cntv_ctl_el02'], ['hyp CPTR', 'cptr_el2', 'cpacr_el1'],
  ])('names the accessor %s', (accessor, nvhe, vhe) => {
    const row = alternativesReport().alternatives.find((one) => one.accessor === accessor);
    expect([row?.nvhe.text, row?.vhe.text]).toEqual([expect.stringContaining(nvhe), expect.stringContaining(vhe)]);
  });
  it('prints words that our own disassembler reads as registers of these names', () => {
    for (const { nvhe, vhe } of ALTERNATIVES) {
      for (const { text, word } of [nvhe, vhe]) {
        const register = /^(?:mrs x\d+, |msr )(\w+)/.exec(text)?.[1];
        if (register !== undefined) expect(A64.disassemble(word).toLowerCase(), text).toContain(register);
      }
    }
  });
  it.each([80, 120])('fits %i columns', (width) => {
    for (const why of [false, true]) {
      const lines = alternativesScreen(alternativesReport(), { width, colour: false }, why);
      expect(lines.filter((line) => line.length > width)).toEqual([]);
      expect(lines.join('\n')).toContain('msr cpacr_el1, x2');
    }
  });
});
