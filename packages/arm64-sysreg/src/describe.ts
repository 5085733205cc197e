/** ESR_ELx values in words. */
import { fields, hex } from '@worldswitch/bits';
import { packEncoding } from './encoding.ts';
import { EXCEPTION_CLASSES, FAULT_STATUS, ISS_LAYOUTS, ISS_MEANINGS } from './facts/syndromes.ts';
import { nameOf } from './registers.ts';
import { ISS, decodeSyndrome } from './syndrome.ts';

/** A line of an explanation and what belongs under it. */
export interface DescriptionNode {
  readonly text: string;
  readonly children: readonly DescriptionNode[];
}

const leaf = (text: string): DescriptionNode => ({ text, children: [] });

/** The access a SYS64 syndrome reports, in assembler form. */
function accessOf(iss: number): string {
  const s = ISS.sys64.decode(BigInt(iss));
  const direction = s.Direction === 1 ? 'read' : 'write';
  const name = nameOf(packEncoding(s.Op0, s.Op1, s.CRn, s.CRm, s.Op2), direction);
  const register = s.Rt === 31 ? 'xzr' : `x${s.Rt}`;
  if (s.Op0 === 1) return direction === 'read' ? `sysl ${register}, ${name}` : `${name.includes(' ') ? name.toLowerCase() : `sys ${name}`}, ${register}`;
  return direction === 'read' ? `mrs ${register}, ${name}` : `msr ${name}, ${register}`;
}

function issFields(layout: keyof typeof ISS_LAYOUTS, iss: number): readonly DescriptionNode[] {
  const row: { readonly fields: Readonly<Record<string, number | readonly [number, number]>>; readonly res0?: readonly (readonly [number, number])[] } = ISS_LAYOUTS[layout];
  const decoded = fields(row.fields).decode(BigInt(iss));
  const lines = Object.entries(decoded).map(([name, value]) => {
    const status = /^[DI]FSC$/.test(name) ? FAULT_STATUS[Number(value)]?.name ?? 'reserved' : undefined;
    const said = status ?? ISS_MEANINGS[layout]?.[name];
    return leaf(`${name} ${hex(value)}${said === undefined ? '' : `  ${said}`}`);
  });
  const reserved = (row.res0 ?? []).filter(([high, low]) => (iss >>> low) & (2 ** (high - low + 1) - 1));
  return [...lines, ...reserved.map(([high, low]) => leaf(`bits ${high}:${low} are RES0 but not zero`))];
}

/** An ESR_ELx value as a tree: class, length, and the fields of its ISS layout. Unallocated classes are shown as such, nothing throws. */
export function explainEsr(value: bigint): DescriptionNode {
  const { ec, il, iss, name } = decodeSyndrome(value);
  if (name === undefined) {
    return { text: `ESR ${hex(value)}`, children: [leaf(`EC ${hex(ec, 2)} unallocated`), leaf(`IL ${il}`), leaf(`ISS ${hex(iss)}`)] };
  }
  const row: { readonly iss: keyof typeof ISS_LAYOUTS; readonly elr: string; readonly farValid: boolean; readonly note?: string } = EXCEPTION_CLASSES[name];
  return {
    text: `ESR ${hex(value)}`,
    children: [
      { text: `EC ${hex(ec, 2)} ${name}`, children: [
        leaf(`ELR: ${row.elr}`), leaf(`FAR: ${row.farValid ? 'valid' : 'not written'}`), ...(row.note === undefined ? [] : [leaf(row.note)]),
      ] },
      leaf(`IL ${il}  ${il === 1 ? '32-bit instruction, or not applicable' : '16-bit instruction'}`),
      { text: `ISS ${hex(iss)}${row.iss === 'sys64' ? `  ${accessOf(iss)}` : ''}`, children: issFields(row.iss, iss) },
    ],
  };
}

function draw(nodes: readonly DescriptionNode[], indent: string): readonly string[] {
  return nodes.flatMap((node, i) => {
    const last = i === nodes.length - 1;
    return [`${indent}${last ? '└─ ' : '├─ '}${node.text}`, ...draw(node.children, `${indent}${last ? '   ' : '│  '}`)];
  });
}

/** `explainEsr` drawn as text, lines separated by newlines. */
export function describeEsr(value: bigint): string {
  const tree = explainEsr(value);
  return [tree.text, ...draw(tree.children, '')].join('\n');
}
