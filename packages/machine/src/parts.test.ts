import { describe, expect, it } from 'vitest';
import {
  clonePlain, createExclusiveMonitor, firstDifference, formatHash, hashPlain, MachineError, OrGate, plainEqual, ReferenceMemory, stateOf, VirtualClock, XxHash32,
  type DirectStorage, type Plain, type RomDevice,
} from './index.ts';
import { checkDevice, type Random } from './testing/index.ts';

const text = (s: string): Uint8Array => new TextEncoder().encode(s);

describe('hash', () => {
  it('is XXH32 by the reference vectors of the xxHash project', () => {
    const vectors: [string, number, number][] = [['', 0, 0x02cc5d05], ['a', 0, 0x550d7456], ['abc', 0, 0x32d153ff], ['Nobody inspects the spammish repetition', 0, 0xe2293b2f], ['', 0x9e3779b1, 0x36b78ae7]];
    for (const [input, seed, expected] of vectors) {
      for (let cut = 0; cut <= input.length; cut++) {
        const hash = new XxHash32(seed);
        hash.update(text(input.slice(0, cut)));
        hash.update(text(input.slice(cut)));
        expect(hash.digest()).toBe(expected);
      }
    }
  });

  it('does not depend on key order, and tells types, lengths and long tails apart', () => {
    expect(hashPlain({ a: 1, b: 2n })).toBe(hashPlain({ b: 2n, a: 1 }));
    const distinct: Plain[] = [null, false, true, 0, 1, 0n, 1n, '', '1', [], [[]], {}, { a: 1 }, { a: 1n }, new Uint8Array(0), new Uint8Array(1), new Uint8Array(5000), new Uint8Array(5000).fill(1, 4999)];
    expect(new Set(distinct.map(hashPlain)).size).toBe(distinct.length);
    expect(formatHash(5n)).toBe('0000000000000005');
  });
});

describe('plain data', () => {
  it('copies deeply and finds the first difference', () => {
    const state = { list: [1, 2n, new Uint8Array([1, 2])], inner: { flag: true } };
    const copy = clonePlain(state);
    expect(plainEqual(copy, state)).toBe(true);
    (copy.list[2] as Uint8Array)[1] = 9;
    expect(firstDifference(state, copy)).toBe('.list[2][1]');
    expect(firstDifference({ a: 1 }, { a: 1, b: 2 })).toBe('.b');
  });

  it('refuses what cannot be saved', () => {
    expect(() => clonePlain({ when: new Date(0) } as unknown as Plain)).toThrow(/state\.when is a Date/);
    expect(() => clonePlain({ f: [() => 1] } as unknown as Plain)).toThrow(/state\.f\[0\] is a function/);
    expect(() => stateOf<{ x: number }>({ y: 1 }, 'uart', ['x'])).toThrow(/uart: the saved state has no field 'x'/);
  });
});

describe('clock', () => {
  it('orders by tick, then by the order of scheduling, also after restore', () => {
    const make = (): [VirtualClock, string[], (name: string, tick: bigint) => void] => {
      const clock = new VirtualClock(1);
      const fired: string[] = [];
      const events = new Map(['a', 'b', 'c'].map((name) => [name, clock.event(name, () => fired.push(name))]));
      return [clock, fired, (name, tick) => events.get(name)?.schedule(tick)];
    };
    const [clock, fired, schedule] = make();
    schedule('c', 5n); schedule('a', 5n); schedule('b', 3n); schedule('c', 5n);
    const [other, otherFired] = make();
    other.restore(structuredClone(clock.save()));
    clock.advance(5); clock.fireDue();
    other.advance(5); other.fireDue();
    expect(fired).toEqual(['b', 'a', 'c']);
    expect(otherFired).toEqual(fired);
  });

  it('refuses duplicate names, unknown saved events and skipping past an event', () => {
    const clock = new VirtualClock(1);
    const event = clock.event('x', () => {});
    expect(() => clock.event('x', () => {})).toThrow(/'x' is already declared/);
    event.schedule(4n);
    expect(() => clock.skipTo(5n)).toThrow(/next event/);
    expect(() => new VirtualClock(1).restore(clock.save())).toThrow(/'x'/);
    event.cancel();
    clock.skipTo(5n);
    expect(() => clock.skipTo(4n)).toThrow(MachineError);
  });
});

describe('exclusive monitor', () => {
  it('grants once, and others lose their reservation', () => {
    const monitor = createExclusiveMonitor(2);
    monitor.reserve(0, 0x1008n);
    monitor.reserve(1, 0x1030n);
    expect(monitor.claim(0, 0x1000n)).toBe(true);
    expect(monitor.claim(1, 0x1030n)).toBe(false);
    monitor.reserve(0, 0x1000n);
    monitor.observe(0xfffn, 1, 1);
    expect(monitor.holds(0, 0x1000n)).toBe(true);
    monitor.observe(0xfffn, 2, 0);
    expect(monitor.holds(0, 0x1000n)).toBe(true);
    monitor.observe(0xfffn, 2, undefined);
    expect(monitor.armed).toBe(false);
  });
});

class Shadow implements RomDevice {
  storage: DirectStorage | undefined;
  writes: bigint[] = [];
  attach(storage: DirectStorage): void { this.storage = storage; }
  read(): bigint { return 0x55n; }
  write(_o: number, _w: number, value: bigint): void { this.writes.push(value); }
  reset(): void { this.writes = []; }
  save(): Plain { return { writes: this.writes }; }
  restore(state: Plain): void { this.writes = [...stateOf<{ writes: bigint[] }>(state, 'shadow', ['writes']).writes]; }
}

describe('reference memory', () => {
  it('answers by region', () => {
    const memory = new ReferenceMemory();
    const shadow = new Shadow();
    memory.ram(0x4000_0000n, 0x2000);
    memory.rom(0x1000n, 0x10);
    memory.romDevice(0x8000n, 0x100, shadow, 'flash');
    expect(memory.write(0x4000_1ffcn, 4, 0x1122_3344n, 0)).toBe(true);
    expect(memory.read(0x4000_1ffcn, 2, 0)).toBe(0x3344n);
    expect(memory.read(0x4000_1ffcn, 8, 0)).toBeUndefined();
    expect(memory.read(0x3fff_ffffn, 1, 0)).toBeUndefined();
    expect(memory.write(0x1000n, 4, 1n, 0)).toBe(true);
    expect(memory.read(0x1000n, 4, 0)).toBe(0n);
    expect(memory.loadBytes(0x8000n, Uint8Array.of(1, 2, 3, 4))).toBe(true);
    expect(memory.read(0x8000n, 4, 0)).toBe(0x0403_0201n);
    memory.write(0x8000n, 1, 0x1ffn, 0);
    expect(shadow.writes).toEqual([0xffn]);
    shadow.storage?.setDirect(false);
    expect(memory.read(0x8000n, 4, 0)).toBe(0x55n);
    expect(memory.readBytes(0x8000n, 4)).toEqual(Uint8Array.of(1, 2, 3, 4));
    expect(memory.writeBytes(0x8000n, Uint8Array.of(1))).toBe(false);
    expect(memory.writeBytes(0x4000_1fffn, Uint8Array.of(1, 2))).toBe(false);
    expect(memory.read(0x4000_1fffn, 1, 0)).toBe(0x11n);
  });

  it('joins adjacent regions for DMA and restores contents', () => {
    const memory = new ReferenceMemory();
    memory.ram(0n, 0x1000, 'low');
    memory.ram(0x1000n, 0x1001, 'high');
    expect(memory.writeBytes(0xffen, Uint8Array.of(1, 2, 3, 4))).toBe(true);
    expect(memory.loadBytes(0x2000n, Uint8Array.of(7))).toBe(true);
    const state = structuredClone(memory.save());
    memory.loadBytes(0xffen, new Uint8Array(0x1000).fill(9));
    memory.restore(state);
    expect(memory.readBytes(0xffdn, 6)).toEqual(Uint8Array.of(0, 1, 2, 3, 4, 0));
    expect(memory.read(0x2000n, 1, 0)).toBe(7n);
    expect(plainEqual(memory.save(), state)).toBe(true);
  });

  it('refuses overlaps and odd ranges, naming both regions', () => {
    const memory = new ReferenceMemory();
    memory.ram(0x1000n, 0x1000, 'first');
    expect(() => memory.ram(0x1fffn, 2, 'second')).toThrow('second at 0x1fff..0x2000 overlaps first at 0x1000..0x1fff');
    expect(() => memory.ram(0x5000n, 0)).toThrow(/size 0/);
    expect(() => memory.ram((1n << 64n) - 1n, 2)).toThrow(/64-bit/);
    memory.ram(0x2000n, 1, 'fits');
  });
});

describe('or gate', () => {
  it('is high while any input is', () => {
    const levels: boolean[] = [];
    const gate = new OrGate({ set: (level) => levels.push(level) });
    const [a, b] = [gate.input(), gate.input()];
    a.set(true); b.set(true); a.set(false); b.set(false); b.set(false);
    expect(levels).toEqual([true, false]);
  });
});

describe('device conformance suite', () => {
  class Good {
    value = 0n; hidden = 0n;
    read(offset: number, width: number, _from: number | string): bigint { return offset === 0 ? BigInt.asUintN(width * 8, this.value) : 0n; }
    write(offset: number, _width: number, value: bigint): void { if (offset === 0) { this.value = value + this.hidden; this.hidden ^= 1n; } }
    reset(): void { this.value = 0n; this.hidden = 0n; }
    save(): Plain { return { value: this.value, hidden: this.hidden }; }
    restore(s: Plain): void { const state = s as { value: bigint; hidden: bigint }; this.value = state.value; this.hidden = state.hidden; }
  }
  const check = (make: () => Good, act?: (random: Random) => void): string => checkDevice({
    name: 'x', size: 16, offsets: [0], seeds: 4, create: () => ({ device: make(), ...(act ? { act } : {}) }),
  }).join('\n');

  it('passes a good device and catches each kind of bad one', () => {
    expect(check(() => new Good())).toBe('');
    expect(check(() => new (class extends Good { override reset(): void { this.value = 0n; } })())).toMatch(/reset does not give a new device/);
    expect(check(() => new (class extends Good { override save(): Plain { return { value: this.value }; } override restore(s: Plain): void { this.value = (s as { value: bigint }).value; } })())).toMatch(/goes another way/);
    expect(check(() => new (class extends Good { override read(): bigint { this.value++; return 0n; } })())).toMatch(/debugger read has side effects/);
    expect(check(() => new (class extends Good { override read(): bigint { return 1n << 40n; } })())).toMatch(/not an unsigned value/);
    expect(check(() => new (class extends Good { override write(): void { throw new Error('bang'); } })())).toMatch(/it throws: bang/);
  });
});
