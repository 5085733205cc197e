/** What a write changes in a register that controls, field by field: the value alone says it only to those who know the bits. */
import { REGISTERS, isRegisterName, type AccessorMode } from '@worldswitch/arm64-sysreg';
import { fields, hex } from '@worldswitch/bits';
import type { LedgerRow } from '@worldswitch/hypervisor';

/** Kinds of state whose registers are switches, not values. */
const CONTROLS: ReadonlySet<string> = new Set(['trap-control', 'timer', 'vgic']);

/** `sets VM, IMO; clears TGE; BSU 0 → 1`, in the order of the manual; empty for what changes nothing or controls nothing. */
export function changedFields({ reached, kind, operation, before, after }: LedgerRow, mode: AccessorMode): string {
  if (operation !== 'write' || !CONTROLS.has(kind) || before === undefined || after === undefined || before === after || !isRegisterName(reached)) return '';
  const { layouts } = REGISTERS[reached];
  const tags = Object.keys(layouts);
  const layout = tags.length === 1 ? layouts[tags[0]] : layouts[mode === 'vhe' ? 'e2h1' : 'e2h0'];
  // A register that is one number has nothing to add.
  if (layout === undefined || Object.keys(layout.fields).length < 2) return '';
  const codec = fields(layout.fields);
  const [old, now] = [codec.decode(before), codec.decode(after)];
  const sets: string[] = [];
  const clears: string[] = [];
  const changes: string[] = [];
  for (const name of codec.names) {
    const [from, to] = [BigInt(old[name]), BigInt(now[name])];
    if (from === to) continue;
    if (typeof layout.fields[name] !== 'number') changes.push(`${name} ${hex(from)} → ${hex(to)}`);
    else (to === 1n ? sets : clears).push(name);
  }
  return [...(sets.length > 0 ? [`sets ${sets.join(', ')}`] : []), ...(clears.length > 0 ? [`clears ${clears.join(', ')}`] : []), ...changes].join('; ');
}
