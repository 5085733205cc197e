import { MachineError } from './error.ts';

/**
 * State as plain data: survives structured cloning, posting to a worker and any serialiser that knows bigint and bytes.
 * `undefined`, functions and class instances are left out on purpose: two snapshots must be comparable field by field.
 */
export type Plain = null | boolean | number | bigint | string | Uint8Array | readonly Plain[] | { readonly [key: string]: Plain };

/** A deep copy that shares nothing with `value`. Throws `not-plain` with the path for anything that is not `Plain`. */
export function clonePlain<T extends Plain>(value: T): T {
  return copy(value, '') as T;
}

function copy(value: Plain, path: string): Plain {
  const kind = typeof value;
  if (kind === 'boolean' || kind === 'number' || kind === 'bigint' || kind === 'string' || value === null) return value;
  if (value instanceof Uint8Array) return value.slice();
  if (typeof value === 'object') {
    if (isList(value)) return value.map((item, index) => copy(item, `${path}[${index}]`));
    const prototype: unknown = Object.getPrototypeOf(value);
    if (prototype === Object.prototype || prototype === null) {
      const result: { [key: string]: Plain } = {};
      for (const key of Object.keys(value)) result[key] = copy(value[key], `${path}.${key}`);
      return result;
    }
  }
  throw new MachineError('not-plain',
    `state${path} is a ${describe(value)}; saved state holds only null, booleans, numbers, bigints, strings, Uint8Array, arrays and plain objects. Save its parts instead.`);
}

function isList(value: object): value is readonly Plain[] {
  return Array.isArray(value);
}

function describe(value: unknown): string {
  if (typeof value !== 'object' || value === null) return typeof value;
  return value.constructor?.name ?? 'object';
}

/** Whether two states are equal in every field; `-0` equals `0`, `NaN` equals itself. */
export function plainEqual(a: Plain, b: Plain): boolean {
  return firstDifference(a, b) === undefined;
}

/** The path of the first field in which two states differ (`.uart.rx[3]`), or undefined when there is none. */
export function firstDifference(a: Plain, b: Plain, path = ''): string | undefined {
  if (a === b || (typeof a === 'number' && typeof b === 'number' && Number.isNaN(a) && Number.isNaN(b))) return undefined;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return path || '.';
  if (a instanceof Uint8Array || b instanceof Uint8Array) {
    if (!(a instanceof Uint8Array) || !(b instanceof Uint8Array) || a.length !== b.length) return path || '.';
    for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return `${path}[${i}]`;
    return undefined;
  }
  if (isList(a) !== isList(b)) return path || '.';
  const left = a as { readonly [key: string]: Plain };
  const right = b as { readonly [key: string]: Plain };
  for (const key of new Set([...Object.keys(left), ...Object.keys(right)])) {
    const at = isList(a) ? `${path}[${key}]` : `${path}.${key}`;
    if (!(key in left) || !(key in right)) return at;
    const difference = firstDifference(left[key], right[key], at);
    if (difference !== undefined) return difference;
  }
  return undefined;
}

/**
 * `state` as an object that has all of `keys`, for a device's `restore`.
 * Throws `bad-state` naming the owner and the first missing key: a snapshot of another device or of an older version.
 */
export function stateOf<T>(state: Plain, owner: string, keys: readonly (keyof T & string)[]): T {
  const fields = typeof state === 'object' && state !== null && !isList(state) && !(state instanceof Uint8Array) ? state : undefined;
  const missing = keys.find((key) => fields === undefined || !(key in fields));
  if (missing !== undefined) {
    throw new MachineError('bad-state',
      `${owner}: the saved state has no field '${missing}'. It was saved by another device or version; restore it on the machine that saved it.`);
  }
  return fields as T;
}
