import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { haveTools } from '../../../../tooling/oracles/require.ts';
import { deviceTree, fdtNode, printDts, readFdt, writeFdt } from '../index.ts';
import type { FdtNode } from '../index.ts';

const dtc = (from: string, to: string, input: string | Uint8Array, ...options: string[]): Uint8Array =>
  new Uint8Array(execFileSync('dtc', ['-q', '-f', '-I', from, '-O', to, ...options, '-'], { input, stdio: ['pipe', 'pipe', 'ignore'] }));

const folder = new URL('../../fixtures/', import.meta.url);
const sources = readdirSync(folder).filter((name) => name.endsWith('.dts'));

describe.skipIf(!haveTools('dtc'))('device trees as dtc sees them', () => {
  it.each(sources)('%s: write gives the bytes of dtc, print compiles back to them', (name) => {
    const blob = dtc('dts', 'dtb', readFileSync(new URL(name, folder)), '-b', '3');
    expect(writeFdt(readFdt(blob))).toEqual(blob);
    expect(dtc('dts', 'dtb', printDts(readFdt(blob)), '-b', '3')).toEqual(blob);
    // -s sorts the properties and nodes of both.
    const sorted = new TextDecoder().decode(dtc('dtb', 'dts', blob, '-s'));
    expect(printDts(readFdt(blob), { sort: true })).toBe(sorted.replaceAll('\\0', '", "'));
  });

  it('reads blobs of version 16', () => {
    const source = readFileSync(new URL(sources[0], folder));
    const old = dtc('dts', 'dtb', source, '-V', '16', '-b', '0');
    expect(new DataView(old.buffer, old.byteOffset).getUint32(20)).toBe(16);
    expect(readFdt(old)).toEqual(readFdt(dtc('dts', 'dtb', source, '-V', '17', '-b', '0')));
  });

  const name = fc.stringMatching(/^[a-z][a-z0-9,._+#-]{0,8}$/).filter((n) => n !== 'phandle');
  const nodeOf = (children: fc.Arbitrary<FdtNode[]>): fc.Arbitrary<FdtNode> =>
    fc.tuple(name, fc.dictionary(name, fc.uint8Array({ maxLength: 12 }), { maxKeys: 4 }), children).map(([n, p, c]) => fdtNode(n, p, c));
  const leaf = nodeOf(fc.constant([]));
  const siblings = (of: fc.Arbitrary<FdtNode>): fc.Arbitrary<FdtNode[]> => fc.uniqueArray(of, { maxLength: 3, selector: (n) => n.name });
  const node = nodeOf(siblings(fc.oneof(leaf, nodeOf(siblings(fc.oneof(leaf, nodeOf(siblings(leaf))))))));

  it('random trees: dtc reads what is written, and writes what is read', () => {
    fc.assert(
      fc.property(node, (root) => {
        const tree = deviceTree({ ...root, name: '' }, [{ address: 1n, size: 2n }]);
        const blob = writeFdt(tree);
        expect(dtc('dtb', 'dtb', blob)).toEqual(blob);
        expect(dtc('dts', 'dtb', printDts(tree))).toEqual(blob);
      }),
      { numRuns: 60 },
    );
  });
});
