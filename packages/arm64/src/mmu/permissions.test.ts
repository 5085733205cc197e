import { describe, expect, it } from 'vitest';
import { combine, memoryType } from './attributes.ts';
import { permits, stage1Permissions, stage2Permissions } from './permissions.ts';

const two = { twoRanges: true, wxn: false, epan: false };

/** Rights as `rwx`, privileged then EL0. */
function rights(allowed: number, pan = false): string {
  return [false, true].map((user) =>
    (['read', 'write', 'fetch'] as const).map((kind) => (permits(allowed, kind, user, pan) ? kind[0] : '-')).join('')).join(' ').replaceAll('f', 'x');
}

describe('stage 1 permissions of two ranges (DDI 0487 table D8-63 on)', () => {
  const page = (ap: number, more: object = {}) => ({ readOnly: ap >= 2, user: (ap & 1) === 1, uxn: false, pxn: false, ...more });

  it.each([
    [0, 'rwx --x'], [1, 'rw- rwx'], [2, 'r-x --x'], [3, 'r-x r-x'],
  ])('AP %i', (ap, expected) => {
    expect(rights(stage1Permissions(page(ap), two))).toBe(expected);
  });

  it.each([
    [0, 'rw- --x'], [1, 'rw- rw-'], [2, 'r-x --x'], [3, 'r-x r-x'],
  ])('AP %i under WXN', (ap, expected) => {
    expect(rights(stage1Permissions(page(ap), { ...two, wxn: true }))).toBe(expected);
  });

  it('UXN and PXN each bar their own level', () => {
    expect(rights(stage1Permissions(page(3, { uxn: true }), two))).toBe('r-x r--');
    expect(rights(stage1Permissions(page(3, { pxn: true }), two))).toBe('r-- r-x');
    expect(rights(stage1Permissions(page(0, { pxn: true, uxn: true }), two))).toBe('rw- ---');
  });

  it('PAN bars data of pages that EL0 can read, EPAN also of those it can execute', () => {
    expect(rights(stage1Permissions(page(1), two), true)).toBe('--- rwx');
    expect(rights(stage1Permissions(page(3), two), true)).toBe('--x r-x');
    expect(rights(stage1Permissions(page(0), two), true)).toBe('rwx --x');
    expect(rights(stage1Permissions(page(0), { ...two, epan: true }), true)).toBe('--x --x');
    expect(rights(stage1Permissions(page(0, { uxn: true }), { ...two, epan: true }), true)).toBe('rwx ---');
  });

  it('one range has neither EL0 nor PXN', () => {
    const one = { ...two, twoRanges: false };
    expect(rights(stage1Permissions(page(1, { pxn: true }), one)).slice(0, 3)).toBe('rwx');
    expect(rights(stage1Permissions(page(0, { uxn: true }), one)).slice(0, 3)).toBe('rw-');
    expect(rights(stage1Permissions(page(0), { ...one, wxn: true })).slice(0, 3)).toBe('rw-');
    expect(rights(stage1Permissions(page(2), { ...one, wxn: true })).slice(0, 3)).toBe('r-x');
  });
});

describe('stage 2 permissions', () => {
  it.each([
    [0, 'rwx rwx', 'rwx rwx'], [1, 'rw- rwx', 'rwx rwx'], [2, 'rw- rw-', 'rw- rw-'], [3, 'rwx rw-', 'rw- rw-'],
  ])('XN %i with and without FEAT_XNX', (xn, withXnx, without) => {
    expect(rights(stage2Permissions(true, true, xn, true))).toBe(withXnx);
    expect(rights(stage2Permissions(true, true, xn, false))).toBe(without);
  });

  it('execution needs no read permission', () => {
    expect(rights(stage2Permissions(false, false, 0, true))).toBe('--x --x');
    expect(rights(stage2Permissions(false, true, 0, true))).toBe('-wx -wx');
  });
});

describe('memory types of both stages', () => {
  const hex = ({ attr, shareability }: { attr: number; shareability: number }): string => `${attr.toString(16).padStart(2, '0')}.${shareability}`;

  it.each([
    // MAIR byte, its SH, MemAttr, SH of stage 2: result.
    [0xff, 3, 0b0101, 3, '44.2'], [0xff, 3, 0b1010, 3, 'bb.3'], [0xff, 3, 0b0001, 3, '04.2'], [0x00, 3, 0b1111, 3, '00.2'],
    [0xff, 0, 0b1111, 0, 'ff.0'], [0xff, 0, 0b1111, 3, 'ff.3'], [0xff, 2, 0b1111, 3, 'ff.2'], [0xbb, 3, 0b1111, 3, 'bb.3'],
    [0x04, 0, 0b0010, 0, '04.2'], [0x0c, 0, 0b0010, 0, '08.2'], [0x44, 0, 0b1111, 0, '44.2'], [0x4f, 3, 0b1111, 3, '4f.3'],
    [0xff, 3, 0b0111, 3, '4f.3'], [0x55, 3, 0b1010, 3, '11.3'],
  ])('%s.%i with %s.%i', (attr, sh, memAttr, sh2, expected) => {
    expect(hex(combine(memoryType(attr, sh), memAttr, sh2, false))).toBe(expected);
  });

  it.each([
    [0x00, 0b0110, 'ff.2'], [0x44, 0b0110, 'ff.2'], [0xbb, 0b0110, 'ff.3'], [0xff, 0b0101, '44.2'], [0x04, 0b0101, '04.2'], [0xbb, 0b0111, 'bb.3'], [0x04, 0b0111, '04.2'],
    [0xff, 0b0001, '04.2'], [0x00, 0b0011, '00.2'],
  ])('forced: %s with %s', (attr, memAttr, expected) => {
    expect(hex(combine(memoryType(attr, 3), memAttr, 3, true))).toBe(expected);
  });
});
