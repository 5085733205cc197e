/** What the tests of the board share: a fake processor, and QEMU's trees as trees. */
import type { InterruptLine, MachinePort, Plain, Stop } from '@worldswitch/machine';
import { findProperty, readCells, walkNodes, type DeviceTree, type FdtNode } from '@worldswitch/image';
import type { StartState, VirtCpu, VirtCpuSetup } from '../index.ts';

/** Executes nothing: it records what the board does to it. `script` runs at each instruction. */
export class FakeCpu implements VirtCpu {
  readonly setup: VirtCpuSetup;
  readonly port: MachinePort;
  readonly levels: Record<string, boolean> = { irq: false, fiq: false, virq: false, vfiq: false };
  readonly inputs: Record<string, InterruptLine>;
  readonly registers = { names: [], raw: noDoor, debugger: noDoor, guest: { read: () => ({ kind: 'undefined' as const }), write: () => ({ kind: 'undefined' as const }) } };
  readonly stops = { breakpoint: noStop, watchpoint: noStop, resume: () => {} };
  readonly log: string[] = [];
  powered = true;
  started: StartState | undefined;
  retired = 0;
  script: (() => void) | undefined;
  #limit = 0;

  constructor(port: MachinePort, setup: VirtCpuSetup) {
    this.port = port;
    this.setup = setup;
    this.inputs = Object.fromEntries(Object.keys(this.levels).map((name) => [name, { set: (level: boolean) => { this.levels[name] = level; } }]));
  }

  run(budget: number): Stop {
    this.retired = 0;
    this.#limit = budget;
    while (this.powered && this.retired < this.#limit) {
      this.script?.();
      this.retired++;
    }
    return this.powered ? { kind: 'budget' } : { kind: 'idle' };
  }
  limit(total: number): void { this.#limit = Math.min(this.#limit, total); }
  start(state: StartState): void { this.started = state; this.powered = true; this.log.push('start'); }
  powerOff(): void { this.powered = false; this.log.push('off'); }
  wait(): void { this.log.push('wait'); }
  translate(address: bigint): { kind: 'ok'; physical: bigint; attributes: Plain } { return { kind: 'ok', physical: address, attributes: null }; }
  reset(): void { this.powered = true; this.log.push('reset'); }
  save(): Plain { return { powered: this.powered }; }
  restore(state: Plain): void { this.powered = (state as { powered: boolean }).powered; }
}

const noDoor = { read: () => undefined, write: () => false };
const noStop = (): { id: number; [Symbol.dispose](): void } => ({ id: 0, [Symbol.dispose]: () => {} });

/** A property's place for phandles: a cell index, or every n-th of them from there. */
const PHANDLES: Readonly<Record<string, { readonly at: number; readonly every?: number }>> = {
  phandle: { at: 0 }, 'interrupt-parent': { at: 0 }, clocks: { at: 0, every: 1 }, cpu: { at: 0 }, gpios: { at: 0 }, 'msi-map': { at: 1 }, 'interrupt-map': { at: 4, every: 10 },
};

/**
 * A tree with what two equal machines may differ in taken out: phandles become paths, nodes and properties are sorted by name.
 * Values become cells where their length allows, else bytes.
 */
export function normalise(tree: DeviceTree): Readonly<Record<string, Readonly<Record<string, readonly (number | string)[]>>>> {
  const names = new Map<number, string>();
  for (const { path, node } of walkNodes(tree)) {
    const phandle = findProperty(node, 'phandle');
    if (phandle) names.set(readCells(phandle)[0], path);
  }
  const value = (name: string, bytes: Uint8Array): readonly (number | string)[] => {
    const rule = PHANDLES[name];
    if (bytes.length % 4 !== 0) return [...bytes];
    return readCells(bytes).map((cell, i) => {
      const is = rule && (rule.every ? i % rule.every === rule.at % rule.every : i === rule.at);
      return is ? (names.get(cell) ?? `dangling phandle ${cell}`) : cell;
    });
  };
  const nodes = [...walkNodes(tree)].sort((a, b) => (a.path < b.path ? -1 : 1));
  const properties = (node: FdtNode): Record<string, readonly (number | string)[]> =>
    Object.fromEntries([...node.properties].sort((a, b) => (a.name < b.name ? -1 : 1)).map((p) => [p.name, value(p.name, p.value)]));
  return Object.fromEntries(nodes.map(({ path, node }) => [path, properties(node)]));
}

/** A blob with the bytes zeroed that fill up names and values to words: QEMU leaves what happened to be there. */
export function clearPadding(blob: Uint8Array): Uint8Array {
  const out = blob.slice();
  const view = new DataView(out.buffer);
  const pad = (at: number): number => {
    const end = (at + 3) & ~3;
    out.fill(0, at, end);
    return end;
  };
  for (let at = view.getUint32(8), depth = 0; ;) {
    const token = view.getUint32(at);
    at += 4;
    if (token === 1) { at = pad(out.indexOf(0, at) + 1); depth++; }
    else if (token === 3) at = pad(at + 8 + view.getUint32(at));
    else if (token === 2 && --depth === 0) return out;
  }
}
