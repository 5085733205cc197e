import { describe, expect, it } from 'vitest';
import { GdbError } from '../error.ts';
import { parseXml } from '../xml/xml.ts';
import { findRegister, readTargetDescription } from './target-description.ts';
import type { TargetDescription } from './target-description.ts';

const from = (annexes: Readonly<Record<string, string>>): Promise<TargetDescription> =>
  readTargetDescription((name) => {
    const text = annexes[name] as string | undefined;
    return text === undefined ? Promise.reject(new GdbError('target', name)) : Promise.resolve(text);
  });

const range = (count: number, row: (i: number) => string): string => Array.from({ length: count }, (_, i) => row(i)).join('\n');

// The layout of facts: e500 with SPE, whose g packet gdb 13 was seen to read with pc at 256, msr 260, xer 276, acc 280, spefscr 288.
const E500: Record<string, string> = {
  'target.xml': `<?xml version="1.0"?>
    <!DOCTYPE target SYSTEM "gdb-target.dtd" [ <!ENTITY a "]>"> ]>
    <target version="1.0"><architecture>powerpc:e500</architecture>
      <xi:include href="core.xml"/><xi:include href="spe.xml"/></target>`,
  'core.xml': `<feature name="org.gnu.gdb.power.core"><!-- <reg name="no" bitsize="32"/> -->
      ${range(32, (i) => `<reg name="r${i}" bitsize="32" type="uint32"/>`)}
      <reg name="pc" bitsize="32" type="code_ptr" regnum="64"/><reg name="msr" bitsize="32"/><reg name="cr" bitsize="32"/>
      <reg name="lr" bitsize="32" type="code_ptr"/><reg name="ctr" bitsize="32"/><reg name='xer' bitsize='32' group="general"/></feature>`,
  'spe.xml': `<feature name="org.gnu.gdb.power.spe">
      ${range(32, (i) => `<reg name="ev${i}h" bitsize="32" regnum="${32 + i}"/>`)}
      <reg name="acc" bitsize="64" regnum="73"/><reg name="spefscr" bitsize="32" regnum="74" group="float"/></feature>`,
};

describe('readTargetDescription', () => {
  it('numbers registers and lays out the g packet as gdb does', async () => {
    const description = await from(E500);
    expect(description).toMatchObject({ architecture: 'powerpc:e500', features: ['org.gnu.gdb.power.core', 'org.gnu.gdb.power.spe'] });
    const offset = (name: string): number => findRegister(description, name).offset;
    expect(['r1', 'ev0h', 'pc', 'msr', 'xer', 'acc', 'spefscr'].map(offset)).toEqual([4, 128, 256, 260, 276, 280, 288]);
    expect(findRegister(description, 'XER')).toMatchObject({ number: 69, group: 'general', type: 'int' });
    expect(description.registers.at(-1)).toMatchObject({ name: 'spefscr', group: 'float', feature: 'org.gnu.gdb.power.spe' });
  });

  it('keeps the types a feature defines', async () => {
    const description = await from({
      'target.xml': `<target><feature name="f">
        <flags id="cpsr_flags" size="4"><field name="SP" start="0" end="0"/><field name="EL" start="2" end="3" type="uint32"/></flags>
        <vector id="v2d" type="ieee_double" count="2"/><union id="u"><field name="d" type="v2d"/></union>
        <reg name="cpsr" bitsize="32" type="cpsr_flags" regnum="0x21"/></feature></target>`,
    });
    expect(description.types.get('cpsr_flags')).toEqual({ id: 'cpsr_flags', kind: 'flags', fields: [{ name: 'SP', bits: [0, 0] }, { name: 'EL', bits: [2, 3], type: 'uint32' }] });
    expect(description.types.get('v2d')).toMatchObject({ vector: { type: 'ieee_double', count: 2 } });
    expect(description.registers[0]).toMatchObject({ number: 33, type: 'cpsr_flags' });
  });

  it.each([
    ['an annex that includes itself', { 'target.xml': '<target><xi:include href="a"/></target>', a: '<feature><xi:include href="a"/></feature>' }, 'include itself'],
    ['two registers of one number', { 'target.xml': '<target><feature><reg name="a" bitsize="8" regnum="1"/><reg name="b" bitsize="8" regnum="1"/></feature></target>' }, 'number 1'],
    ['a register without a size', { 'target.xml': '<target><feature><reg name="a"/></feature></target>' }, 'bitsize'],
    ['a size that is no number', { 'target.xml': '<target><feature><reg name="a" bitsize="1e9"/></feature></target>' }, 'up to 65535'],
    ['an annex the target lacks', { 'target.xml': '<target><xi:include href="b"/></target>' }, 'b'],
  ])('refuses %s', async (_, annexes, text) => {
    await expect(from(annexes as Record<string, string>)).rejects.toThrow(text);
  });

  it('names near registers for an unknown one', async () => {
    const description = await from(E500);
    expect(() => findRegister(description, 'spr')).toThrow('Near it: spefscr');
  });
});

describe('parseXml', () => {
  it('reads elements, attributes, text, entities and CDATA', () => {
    const root = parseXml('\ufeff<?xml version="1.0"?><!-- x --><a b="1 &amp; 2" c=\'"\'>t &#x41;<d/><![CDATA[<&]]></a>');
    expect(root.attributes).toEqual(new Map([['b', '1 & 2'], ['c', '"']]));
    expect(root.text).toBe('t A<&');
    expect(root.children.map((c) => c.name)).toEqual(['d']);
  });

  it.each(['', 'text', '<a>', '<a></b>', '<a/><b/>', '<a b=1/>', '<a b="1" b="2"/>', '</a>', '<!-- ', '<a><![CDATA[', '<!DOCTYPE a [', '<a>'.repeat(40)])('refuses %j', (text) => {
    expect(() => parseXml(text)).toThrow(GdbError);
  });

  it('does not expand declared entities', () => {
    expect(parseXml('<!DOCTYPE a [<!ENTITY b "bbbb">]><a>&b;</a>').text).toBe('&b;');
  });
});
