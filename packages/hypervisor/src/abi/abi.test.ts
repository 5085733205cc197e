import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CONSTANTS, ERRNO, IOCTLS, REFUSALS, STRUCTS, decodeRequest, encodeRequest, ioctlNamed, requestOf, requestTable, structCodec, structLayout } from './index.ts';
import type { IoctlName, StructAbi, StructName } from './index.ts';

const ARM64 = { encoding: 'generic', structs: 'arm64' } as const;
const PPC32 = { encoding: 'powerpc', structs: 'ppc32' } as const;

describe('requests', () => {
  // Numbers as the headers of the two architectures have them; headers.oracle.test.ts asks the compilers for all.
  it.each<[IoctlName, number | undefined, number | undefined]>([
    ['KVM_RUN', 0xae80, 0x2000_ae80], ['KVM_SET_USER_MEMORY_REGION', 0x4020_ae46, 0x8020_ae46], ['KVM_CREATE_DEVICE', 0xc00c_aee0, 0xc00c_aee0],
    ['KVM_GET_REGS', 0x8360_ae81, 0x4188_ae81], ['KVM_SET_GUEST_DEBUG', 0x4208_ae9b, 0x8108_ae9b], ['KVM_ARM_VCPU_INIT', 0x4020_aeae, undefined],
    ['KVM_PPC_GET_PVINFO', undefined, 0x8080_aea1],
  ])('%s', (name, generic, powerpc) => {
    expect(requestOf(name, ARM64)).toBe(generic);
    expect(requestOf(name, PPC32)).toBe(powerpc);
  });
  it('are their parts, and back', () => {
    const request = fc.record({ direction: fc.constantFrom('none', 'read', 'write', 'both'), size: fc.nat(0x1fff), type: fc.nat(0xff), number: fc.nat(0xff) });
    fc.assert(fc.property(request, fc.constantFrom('generic', 'powerpc'), (parts, encoding) => {
      expect(decodeRequest(encodeRequest(parts, encoding), encoding)).toEqual(parts);
    }));
    expect(decodeRequest(0, 'powerpc').direction).toBeUndefined();
    expect(() => encodeRequest({ direction: 'read', size: 0x2000, type: 0xae, number: 0 }, 'powerpc')).toThrow(/13 bits/);
  });
  it('are one call on each kind of descriptor, and one number may be two', () => {
    for (const abi of [ARM64, PPC32]) {
      const table = requestTable(abi);
      const rows = (Object.keys(IOCTLS) as IoctlName[]).filter((name) => requestOf(name, abi) !== undefined).flatMap((name) => ioctlNamed(name).levels.map((level) => ({ name, level })));
      for (const { name, level } of rows) expect(table[level].get(requestOf(name, abi)!)).toBe(name);
      expect(rows.length).toBe(Object.values(table).reduce((sum, { size }) => sum + size, 0));
    }
    const { vm, vcpu } = requestTable(ARM64);
    expect([vm.get(0x4010_aeab), vcpu.get(0x4010_aeab)]).toEqual(['KVM_ARM_SET_DEVICE_ADDR', 'KVM_GET_ONE_REG']);
  });
  it('have the size of their structure', () => {
    for (const abi of ['arm64', 'ppc32'] as const) {
      for (const name of Object.keys(IOCTLS) as IoctlName[]) {
        const { argument, size } = ioctlNamed(name);
        if (argument !== undefined && size?.[abi] !== undefined && Object.hasOwn(STRUCTS[abi], argument)) expect(structLayout(abi, argument).size, name).toBe(size[abi]);
      }
    }
  });
});

describe('structures', () => {
  const all = (['arm64', 'ppc32'] as const).flatMap((abi) => Object.keys(STRUCTS[abi]).map((name): [StructAbi, string] => [abi, name]));

  it.each(all)('%s %s: fields lie inside, and do not overlap but in unions', (abi, name) => {
    const { size, fields } = structLayout(abi, name);
    const extent = ({ size: bytes = 0, struct, count = 1 }: (typeof fields)[string]): number => (struct === undefined ? bytes : structLayout(abi, struct).size) * count;
    for (const field of Object.values(fields)) expect(field.offset + extent(field)).toBeLessThanOrEqual(size);
    const unions = new Set(['kvm_run', 'kvm_irq_routing_entry', 'kvm_sregs']);
    if (unions.has(name)) return;
    const sorted = Object.values(fields).sort((a, b) => a.offset - b.offset);
    sorted.forEach((field, n) => { if (n > 0) expect(field.offset).toBeGreaterThanOrEqual(sorted[n - 1].offset + extent(sorted[n - 1])); });
  });
  it.each(all)('%s %s: what is decoded encodes to the same bytes', (abi, name) => {
    const { size } = structLayout(abi, name);
    fc.assert(fc.property(fc.uint8Array({ minLength: size, maxLength: size }), fc.constantFrom('little', 'big'), (bytes, order) => {
      const codec = structCodec(abi, name as StructName<typeof abi>, order);
      const values = codec.decode(bytes);
      // Padding has no name and stays zero; so a second time nothing may change.
      const again = codec.encode(values);
      expect(codec.decode(again)).toEqual(values);
    }), { numRuns: 5 });
  });
  it('have names that the compiler checks', () => {
    const region = structCodec('arm64', 'kvm_userspace_memory_region', 'little');
    const bytes = region.encode({ slot: 1, guest_phys_addr: 0x4000_0000n, memory_size: 0x1000n });
    expect([...bytes.subarray(0, 16)]).toEqual([1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x40, 0, 0, 0, 0]);
    // @ts-expect-error no such field
    expect(() => region.encode({ slott: 1 })).toThrow(/no field slott/);
    // @ts-expect-error 64 bits are a bigint
    expect(region.encode({ memory_size: 1 })[16]).toBe(1);
    expect(() => { region.set(bytes, 'slot', 2 ** 32); }).toThrow(/it has 32 bits/);
    expect(() => region.get(bytes.subarray(0, 20), 'userspace_addr')).toThrow(/give it all/);
  });
  it('read a union member by member, and open arrays to the end', () => {
    const run = structCodec('arm64', 'kvm_run', 'big');
    const bytes = new Uint8Array(run.size);
    run.assign(bytes, { exit_reason: CONSTANTS.KVM_EXIT.KVM_EXIT_MMIO, 'mmio.phys_addr': 0x900_0000n, 'mmio.data': Uint8Array.of(1, 2), 'mmio.len': 2, 'mmio.is_write': 1 });
    expect(run.member(bytes, 'mmio')).toEqual({ phys_addr: 0x900_0000n, data: Uint8Array.of(1, 2, 0, 0, 0, 0, 0, 0), len: 2, is_write: 1 });
    expect(run.get(bytes, 'debug.arch')).toEqual({ hsr: 0, hsr_high: 0x900_0000, far: 0x0102_0000_0000_0000n });
    const list = structCodec('arm64', 'kvm_reg_list', 'little');
    expect(list.decode(list.encode({ n: 2n, reg: [5n, 6n] }))).toEqual({ n: 2n, reg: [5n, 6n] });
    expect(structCodec('arm64', 'kvm_ioeventfd', 'little').decode(new Uint8Array(64).fill(255)).fd).toBe(-1);
    expect(structCodec('arm64', 'kvm_regs', 'big').encode({ 'fp_regs.vregs': [1n << 120n] })[336]).toBe(1);
  });
});

it('every refusal is a number of ERRNO', () => {
  for (const [call, errnos] of Object.entries(REFUSALS)) for (const errno of Object.keys(errnos)) expect(ERRNO, call).toHaveProperty(errno);
});
