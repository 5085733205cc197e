import { describe, expect, it } from 'vitest';
import { brkBytes, insertSoftwareBreakpoint, removeSoftwareBreakpoint } from './software-breakpoint.ts';
import type { CodeMemory, SoftwareBreakpointOptions } from './software-breakpoint.ts';

const SUPPORTED: SoftwareBreakpointOptions = { guestDebug: true };
const NOP = [0x1f, 0x20, 0x03, 0xd5];

function codeMemory(bytes: readonly number[] = [...NOP, ...NOP], writable = true): CodeMemory & { readonly bytes: Uint8Array } {
  const memory = Uint8Array.from(bytes);
  return {
    bytes: memory,
    read: (address, length) => (Number(address) + length <= memory.length ? memory.slice(Number(address), Number(address) + length) : undefined),
    write: (address, what) => { if (writable) memory.set(what, Number(address)); return writable; },
  };
}

describe('software breakpoints', () => {
  it('put BRK #0 there, and the instruction back', () => {
    const memory = codeMemory();
    const one = insertSoftwareBreakpoint(memory, 4n, SUPPORTED);
    // `brk #0` as GNU as assembles it: d4200000.
    expect([...memory.bytes]).toEqual([...NOP, 0x00, 0x00, 0x20, 0xd4]);
    removeSoftwareBreakpoint(memory, one, SUPPORTED);
    expect([...memory.bytes]).toEqual([...NOP, ...NOP]);
  });

  it('leave what the guest has written in the meantime', () => {
    const memory = codeMemory();
    const one = insertSoftwareBreakpoint(memory, 0n, SUPPORTED);
    memory.bytes.set([0xc0, 0x03, 0x5f, 0xd6]);
    expect(() => { removeSoftwareBreakpoint(memory, one, SUPPORTED); }).toThrow(/^EINVAL: instruction 0xd65f03c0 at 0x0: the breakpoint was overwritten/);
    expect([...memory.bytes.slice(0, 4)]).toEqual([0xc0, 0x03, 0x5f, 0xd6]);
  });

  it.each([
    ['without guest debug', codeMemory(), 0n, { guestDebug: false }, /^EINVAL: a software breakpoint: guest debug is not supported on this kernel/],
    ['at no instruction\'s address', codeMemory(), 2n, SUPPORTED, /^EINVAL: address 0x2: instructions are aligned to 4 bytes; use 0x0/],
    ['where nothing is mapped', codeMemory(), 8n, SUPPORTED, /^EINVAL: address 0x8: no memory is mapped/],
    ['where nothing can be written', codeMemory(NOP, false), 0n, SUPPORTED, /^EINVAL: address 0x0/],
  ] as const)('are refused %s', (_, memory, address, options, message) => {
    expect(() => insertSoftwareBreakpoint(memory, address, options)).toThrow(message);
    expect([...memory.bytes.slice(0, 4)]).toEqual(NOP);
  });

  it('are not removed without guest debug, or where the page is gone', () => {
    const gone = { read: () => undefined, write: () => false };
    const one = { address: 0n, saved: Uint8Array.from(NOP) };
    expect(() => { removeSoftwareBreakpoint(codeMemory(), one, { guestDebug: false }); }).toThrow(/^EINVAL: a software breakpoint/);
    expect(() => { removeSoftwareBreakpoint(gone, one, SUPPORTED); }).toThrow(/^EINVAL: address 0x0/);
    const readOnly = codeMemory([0x00, 0x00, 0x20, 0xd4], false);
    expect(() => { removeSoftwareBreakpoint(readOnly, one, SUPPORTED); }).toThrow(/^EINVAL: address 0x0/);
  });
});

describe('host-order-brk: the original stores the word in the order of the host', () => {
  const faithful = ['host-order-brk'] as const;

  it.each([
    ['faithful on a big-endian host: UDF and worse', { hostByteOrder: 'big', faithful }, [0xd4, 0x20, 0x00, 0x00]],
    ['faithful on a little-endian host: nobody notices', { hostByteOrder: 'little', faithful }, [0x00, 0x00, 0x20, 0xd4]],
    ['corrected on a big-endian host', { hostByteOrder: 'big' }, [0x00, 0x00, 0x20, 0xd4]],
    ['corrected on a little-endian host', {}, [0x00, 0x00, 0x20, 0xd4]],
  ] as const)('%s', (_, options, bytes) => {
    expect([...brkBytes(options)]).toEqual(bytes);
    const memory = codeMemory();
    const one = insertSoftwareBreakpoint(memory, 0n, { ...SUPPORTED, ...options });
    expect([...memory.bytes.slice(0, 4)]).toEqual(bytes);
    // It recognises its own mistake, and takes it away again.
    removeSoftwareBreakpoint(memory, one, { ...SUPPORTED, ...options });
    expect([...memory.bytes.slice(0, 4)]).toEqual(NOP);
  });
});
