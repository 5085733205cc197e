import { WasmBytes } from './bytes.ts';
import { Type, type ValueType } from './opcodes.ts';

export interface FunctionType {
  readonly parameters: readonly ValueType[];
  readonly results: readonly ValueType[];
}

/** Imports that every generated module shares: one memory, one table, and functions of the host. */
export interface HostFunction {
  readonly name: string;
  readonly type: FunctionType;
}

export interface ModuleFunction {
  readonly type: FunctionType;
  /** Local declarations and code, without the length. */
  readonly body: Uint8Array;
  readonly exportAs?: string;
}

export interface ModuleDescription {
  readonly imports: readonly HostFunction[];
  /** Types that `call_indirect` names, in this order from index 0. */
  readonly indirectTypes: readonly FunctionType[];
  readonly functions: readonly ModuleFunction[];
  /** Where this module puts its functions in the shared table, one after another. */
  readonly installAt?: number;
}

const SECTION = { type: 1, import: 2, function: 3, export: 7, element: 9, code: 10 } as const;

/** Encodes a module. Function index space: imports first, then `functions`. */
export function encodeModule(description: ModuleDescription): Uint8Array<ArrayBuffer> {
  const types: FunctionType[] = [];
  const typeIndex = (type: FunctionType): number => {
    const same = (a: readonly number[], b: readonly number[]): boolean => a.length === b.length && a.every((value, index) => value === b[index]);
    const found = types.findIndex((known) => same(known.parameters, type.parameters) && same(known.results, type.results));
    return found >= 0 ? found : types.push(type) - 1;
  };
  description.indirectTypes.forEach(typeIndex);
  const importTypes = description.imports.map((host) => typeIndex(host.type));
  const functionTypes = description.functions.map((entry) => typeIndex(entry.type));

  const out = new WasmBytes();
  out.raw([0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00]);
  section(out, SECTION.type, types.length, (s, index) => {
    s.byte(0x60);
    s.unsigned(types[index].parameters.length);
    s.raw(types[index].parameters);
    s.unsigned(types[index].results.length);
    s.raw(types[index].results);
  });
  section(out, SECTION.import, description.imports.length + 2, (s, index) => {
    s.text('host');
    if (index === description.imports.length) {
      s.text('memory');
      s.raw([0x02, 0x00, 0x01]);
    } else if (index === description.imports.length + 1) {
      s.text('table');
      s.raw([0x01, Type.funcref, 0x00, 0x00]);
    } else {
      s.text(description.imports[index].name);
      s.byte(0x00);
      s.unsigned(importTypes[index]);
    }
  });
  section(out, SECTION.function, functionTypes.length, (s, index) => s.unsigned(functionTypes[index]));
  const exported = description.functions.flatMap((entry, index) => (entry.exportAs === undefined ? [] : [{ name: entry.exportAs, index }]));
  section(out, SECTION.export, exported.length, (s, index) => {
    s.text(exported[index].name);
    s.byte(0x00);
    s.unsigned(description.imports.length + exported[index].index);
  });
  if (description.installAt !== undefined) {
    const at = description.installAt;
    section(out, SECTION.element, 1, (s) => {
      s.raw([0x00, 0x41]);
      s.signed32(at);
      s.byte(0x0b);
      s.unsigned(description.functions.length);
      description.functions.forEach((_, index) => { s.unsigned(description.imports.length + index); });
    });
  }
  section(out, SECTION.code, description.functions.length, (s, index) => {
    s.unsigned(description.functions[index].body.length);
    s.raw(description.functions[index].body);
  });
  return new Uint8Array(out.view());
}

function section(out: WasmBytes, id: number, count: number, entry: (s: WasmBytes, index: number) => void): void {
  if (count === 0) return;
  const inner = new WasmBytes();
  inner.unsigned(count);
  for (let index = 0; index < count; index++) entry(inner, index);
  out.byte(id);
  out.sized(inner);
}
