/** A host that profiles itself runs a guest: where the samples go, and whose they are (notes 6 and 9 of the faults). */
import { LOAD_PUT, OWNER } from '@worldswitch/arm64-hypervisor';
import { describe, expect, it } from 'vitest';
import { profiledHost, runGuest, inHost, PERIOD, GIB, BUFFER, TABLES, BUFFER_BYTES, GUEST } from '../../src/test/profiled-host.ts';

describe('a host at EL1 that profiles itself', () => {
  it('gets its own samples, in its own memory, and none of the guest', () => {
    const p = profiledHost('nvhe', []);
    // Three samples wait in the processor when the guest is entered.
    p.host(PERIOD * 3);
    expect(p.records().length).toBe(0);
    expect(runGuest(p)).toBeGreaterThan(20_000);
    expect([p.read('PMBSR_EL1'), p.read('PMSCR_EL1')]).toEqual([0n, 2n]);
    expect(p.records().length).toBe(3);
    p.host(PERIOD * 5);
    runGuest(p);
    const records = p.records();
    expect([records.length, records.filter(inHost).length, records.every(({ pc }) => pc.el === 1)]).toEqual([8, 8, true]);
    expect(p.headsAt(BUFFER)).toBe(8);
  });
  it.each([LOAD_PUT, OWNER])('does so under later switches, too ($name)', (revision) => {
    const p = profiledHost('nvhe', [], revision);
    p.host(PERIOD * 3);
    runGuest(p);
    p.host(PERIOD * 4);
    runGuest(p);
    const records = p.records();
    expect([records.length, records.every(inHost), p.headsAt(BUFFER), p.read('PMBSR_EL1'), p.read('PMBLIMITR_EL1') & 1n]).toEqual([7, true, 7, 0n, 1n]);
  });
  it('with late-drain has lost what waited: EL2, whose buffer it was by then, has no such address', () => {
    const p = profiledHost('nvhe', ['late-drain']);
    p.host(PERIOD * 3);
    runGuest(p);
    // An external abort: the processor stops profiling, and the host has an interrupt and no samples.
    expect(p.read('PMBSR_EL1')).toBe((0x24n << 26n) | (1n << 18n) | (1n << 17n) | 0x10n);
    expect([p.records().length, p.headsAt(BUFFER)]).toEqual([0, 0]);
    // PMBIRQ, which is PPI 21, is pending at the distributor.
    expect((p.machine.host.machine.memory.read(0x0800_0200n, 4, 0) ?? 0n) & (1n << 21n)).toBe(1n << 21n);
    p.host(PERIOD * 5);
    runGuest(p);
    expect(p.headsAt(BUFFER)).toBe(0);
  });
  it('with late-drain writes over other memory where EL2 has that address', () => {
    const p = profiledHost('nvhe', ['late-drain']);
    // The kernel's address 0x4065_0000 is its buffer; at that physical address is something else.
    const other = 0x4065_0000n;
    p.machine.host.machine.memory.write(TABLES + 8n, 8, GIB | 0x701n, 0);
    const page = TABLES + 0x1000n;
    // Below level 1: 2 MiB blocks, of which the fourth's last part is the buffer's.
    for (let n = 0n; n < 512n; n++) p.machine.host.machine.memory.write(page + 8n * n, 8, (GIB + n * 0x20_0000n) | 0x701n, 0);
    const pages = TABLES + 0x2000n;
    for (let n = 0n; n < 512n; n++) p.machine.host.machine.memory.write(pages + 8n * n, 8, (GIB + 0x60_0000n + n * 0x1000n) | 0x703n, 0);
    for (let n = 0n; n < 4n; n++) p.machine.host.machine.memory.write(pages + 8n * (0x50n + n), 8, (BUFFER + n * 0x1000n) | 0x703n, 0);
    p.machine.host.machine.memory.write(page + 8n * 3n, 8, pages | 3n, 0);
    p.machine.host.machine.memory.write(TABLES + 8n, 8, page | 3n, 0);
    p.write('PMBPTR_EL1', other);
    p.write('PMBLIMITR_EL1', (other + BUFFER_BYTES) | 1n);
    p.host(PERIOD * 3);
    runGuest(p);
    expect([p.headsAt(BUFFER), p.headsAt(other), p.read('PMBPTR_EL1')]).toEqual([0, 3, other + 3n * 64n]);
  });
});

describe('a host at EL2 that profiles itself', () => {
  it.each([[[], 0], [['profiled-guest'], 1]] as const)('faithful to %j: samples of the guest, times the instructions that it executes: %i', (faithful, guest) => {
    const p = profiledHost('vhe', faithful);
    // As the firmware may have left it.
    p.write('PMSCR_EL1', 3n);
    p.host(PERIOD * 3);
    const executed = runGuest(p);
    p.host(PERIOD * 4);
    // What waits is drained by whoever fills the processor's room: another few of the host's.
    p.host(PERIOD * 4);
    const records = p.records();
    const guests = records.filter(({ pc }) => pc.el === 1 && pc.address >= GUEST && pc.address < GUEST + 0x100n);
    expect(guests.length).toBe(guest * Math.floor(executed / PERIOD));
    expect(records.every((record) => guests.includes(record) || (inHost(record) && record.pc.el === 2))).toBe(true);
    expect(records.length - guests.length).toBeGreaterThanOrEqual(8);
  });
});
