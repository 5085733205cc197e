/** One place where two states differ, by its path (`cores.0.registers.r5`). */
export interface Difference {
  readonly path: string;
  readonly reference: string;
  readonly candidate: string;
}

/** The places where two plain states differ, in order, at most `limit` of them. */
export function differences(reference: unknown, candidate: unknown, limit = 12): readonly Difference[] {
  const found: Difference[] = [];
  walk(reference, candidate, '', found, limit);
  return found;
}

function walk(a: unknown, b: unknown, path: string, found: Difference[], limit: number): void {
  if (found.length >= limit || Object.is(a, b)) return;
  if (a instanceof Uint8Array && b instanceof Uint8Array && a.length === b.length) {
    for (let at = 0; at < a.length; at++) {
      if (a[at] !== b[at]) found.push({ path: `${path}[0x${at.toString(16)}]`, reference: show(a[at]), candidate: show(b[at]) });
      if (found.length >= limit) return;
    }
    return;
  }
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null || a instanceof Uint8Array || b instanceof Uint8Array) {
    found.push({ path, reference: show(a), candidate: show(b) });
    return;
  }
  const left = a as Readonly<Record<string, unknown>>;
  const right = b as Readonly<Record<string, unknown>>;
  for (const key of new Set([...Object.keys(left), ...Object.keys(right)])) walk(left[key], right[key], path === '' ? key : `${path}.${key}`, found, limit);
}

function show(value: unknown): string {
  if (typeof value === 'bigint' || typeof value === 'number') return `0x${value.toString(16)}`;
  if (typeof value === 'string' || typeof value === 'boolean') return String(value);
  return value instanceof Uint8Array ? `${value.length} bytes` : value === undefined ? 'nothing' : 'something';
}
