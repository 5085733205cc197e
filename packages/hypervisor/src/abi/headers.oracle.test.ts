/** All of the ABI against the kernel's headers, as the cross compilers of both architectures see them. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { haveTools } from '../../../../tooling/oracles/require.ts';
import { CONSTANTS, ERRNO, IOCTLS, STRUCTS, requestOf, structLayout } from './index.ts';
import type { IoctlName, StructAbi } from './index.ts';

const TARGETS = {
  arm64: { gcc: 'aarch64-linux-gnu-gcc', objcopy: 'aarch64-linux-gnu-objcopy', encoding: 'generic', order: 'LE' },
  ppc32: { gcc: 'powerpc-linux-gnu-gcc', objcopy: 'powerpc-linux-gnu-objcopy', encoding: 'powerpc', order: 'BE' },
} as const;

/** Newer than the headers of Linux 6.1, which Debian 12 has. With newer headers none but these may be missing. */
const NEWER_THAN_6_1 = `
KVM_SET_USER_MEMORY_REGION2 KVM_ARM_SET_COUNTER_OFFSET KVM_ARM_GET_REG_WRITABLE_MASKS KVM_SET_MEMORY_ATTRIBUTES KVM_CREATE_GUEST_MEMFD KVM_PRE_FAULT_MEMORY
KVM_ARM_VCPU_HAS_EL2 KVM_ARM_VCPU_TIMER_IRQ_HPTIMER KVM_ARM_VCPU_TIMER_IRQ_HVTIMER KVM_CAP_ARM_CACHEABLE_PFNMAP_SUPPORTED KVM_CAP_ARM_EAGER_SPLIT_CHUNK_SIZE
KVM_CAP_ARM_EL2 KVM_CAP_ARM_EL2_E2H0 KVM_CAP_ARM_SEA_TO_USER KVM_CAP_ARM_SUPPORTED_BLOCK_SIZES KVM_CAP_ARM_SUPPORTED_REG_MASK_RANGES
KVM_CAP_ARM_WRITABLE_IMP_ID_REGS KVM_CAP_COUNTER_OFFSET KVM_CAP_DIRTY_LOG_RING_WITH_BITMAP KVM_CAP_GUEST_MEMFD KVM_CAP_GUEST_MEMFD_FLAGS
KVM_CAP_MEMORY_ATTRIBUTES KVM_CAP_MEMORY_FAULT_INFO KVM_CAP_PMU_EVENT_MASKED_EVENTS KVM_CAP_PRE_FAULT_MEMORY KVM_CAP_USER_MEMORY2 KVM_CAP_VM_TYPES
KVM_DEV_TYPE_RISCV_AIA KVM_EXIT_ARM_LDST64B KVM_EXIT_ARM_SEA KVM_EXIT_LOONGARCH_IOCSR KVM_EXIT_MEMORY_FAULT KVM_EXIT_SNP_REQ_CERTS KVM_EXIT_TDX
KVM_MEM_GUEST_MEMFD kvm_arm_counter_offset kvm_smccc_filter kvm_userspace_memory_region2 reg_mask_range
kvm_run.hypercall.flags kvm_run.memory_fault.flags kvm_run.memory_fault.gpa kvm_run.memory_fault.size
`.trim().split(/\s+/);

/** Of the kernel, not of its headers for programs. */
const NOT_IN_HEADERS = new Set(['valid_mask']);

interface Entry {
  /** What the list of missing things calls it. */
  readonly name: string;
  readonly expression: string;
  readonly value: bigint;
}

function constants(abi: StructAbi): Entry[] {
  const other = abi === 'arm64' ? /_ppc$/ : /_arm64$/;
  const groups = Object.entries<Readonly<Record<string, number | bigint>>>(CONSTANTS).filter(([group]) => !other.test(group));
  return [...groups.flatMap(([, all]) => Object.entries(all)), ...Object.entries(ERRNO)].filter(([name]) => !NOT_IN_HEADERS.has(name))
    .map(([name, value]) => ({ name, expression: name, value: BigInt(value) }));
}

function requests(abi: StructAbi): Entry[] {
  return (Object.keys(IOCTLS) as IoctlName[]).flatMap((name) => {
    const request = requestOf(name, { encoding: TARGETS[abi].encoding, structs: abi });
    return request === undefined ? [] : [{ name, expression: name, value: BigInt(request) }];
  });
}

/** `kvm_guest_debug_arch.bp` is our name for a structure that has none. */
const inC = (name: string): string => (name.includes('.') ? `typeof(((struct ${name.split('.')[0]} *)0)->${name.split('.')[1]}[0])` : `struct ${name}`);

function layouts(abi: StructAbi): Entry[] {
  return Object.keys(STRUCTS[abi]).flatMap((struct) => {
    const { size, fields } = structLayout(abi, struct);
    const type = inC(struct);
    const members = Object.entries(fields).flatMap(([field, { offset, size: element, count, struct: nested }]): Entry[] => {
      const name = `${struct}.${field}`;
      const member = `((${type} *)0)->${field}`;
      const bytes = nested === undefined ? element ?? 0 : structLayout(abi, nested).size;
      return [
        { name, expression: `__builtin_offsetof(${type}, ${field})`, value: BigInt(offset) },
        { name, expression: `sizeof(${member}${count === undefined ? '' : '[0]'})`, value: BigInt(bytes) },
        ...(count === undefined || count === 0 ? [] : [{ name, expression: `sizeof(${member})`, value: BigInt(bytes * count) }]),
      ];
    });
    return [{ name: struct, expression: `sizeof(${type})`, value: BigInt(size) }, ...members];
  });
}

/** What the compiler makes of the expressions; undefined for those it does not know. */
function evaluate(abi: StructAbi, entries: readonly Entry[], folder: string): (bigint | undefined)[] {
  const { gcc, objcopy, order } = TARGETS[abi];
  const file = (name: string): string => join(folder, `${abi}.${name}`);
  const head = ['#include <linux/kvm.h>', '#include <linux/ioctl.h>', '#include <linux/errno.h>', 'const unsigned long long table[] = {'];
  const unknown = new Set<number>();
  for (;;) {
    const lines = entries.map(({ expression }, n) => (unknown.has(n) ? '0,' : `(unsigned long long)(${expression}),`));
    writeFileSync(file('c'), [...head, ...lines, '};', ''].join('\n'));
    const { status, stderr } = spawnSync(gcc, ['-std=gnu11', '-fno-diagnostics-show-caret', '-fmax-errors=0', '-c', '-o', file('o'), file('c')], { encoding: 'utf8' });
    if (status === 0) break;
    const before = unknown.size;
    for (const [, line] of stderr.matchAll(/\.c:(\d+):\d+: error:/g)) unknown.add(Number(line) - head.length - 1);
    if (unknown.size === before) throw new Error(stderr);
  }
  execFileSync(objcopy, ['-O', 'binary', '-j', '.rodata', file('o'), file('bin')]);
  const bytes = readFileSync(file('bin'));
  return entries.map((_, n) => (unknown.has(n) ? undefined : bytes[`readBigUInt64${order}`](8 * n)));
}

function headerVersion(gcc: string): number {
  const text = execFileSync(gcc, ['-E', '-dM', '-include', 'linux/version.h', '-x', 'c', '/dev/null'], { encoding: 'utf8' });
  return Number(/LINUX_VERSION_CODE (\d+)/.exec(text)?.[1]);
}

const tools = Object.values(TARGETS).flatMap(({ gcc, objcopy }) => [gcc, objcopy]);
describe.runIf(haveTools(...tools))('the ABI against the kernel\'s headers', () => {
  const folder = mkdtempSync(join(tmpdir(), 'kvm-headers-'));
  afterAll(() => { rmSync(folder, { recursive: true }); });
  const compared = (['arm64', 'ppc32'] as const).map((abi) => {
    const entries = [...requests(abi), ...constants(abi), ...layouts(abi)];
    const values = evaluate(abi, entries, folder);
    return { abi, rows: entries.map((entry, n) => ({ ...entry, found: values[n] })) };
  });

  it.each(compared)('$abi: numbers, sizes, offsets and constants are equal', ({ rows }) => {
    const text = (value: bigint, { expression }: Entry): string => `${expression} = 0x${value.toString(16)}`;
    const known = rows.filter(({ found }) => found !== undefined);
    expect(known.map((row) => text(row.value, row))).toEqual(known.map((row) => text(row.found ?? 0n, row)));
    expect(known.length).toBeGreaterThan(700);
  });

  it('nothing is missing but what is newer', () => {
    // An entry of one architecture alone is missing where neither has it.
    const known = new Set(compared.flatMap(({ rows }) => rows.filter(({ found }) => found !== undefined).map(({ name }) => name)));
    const all = [...new Set(compared.flatMap(({ rows }) => rows.map(({ name }) => name)))].filter((name) => !known.has(name)).sort();
    // With a structure its fields are missing.
    const missing = all.filter((name) => !all.includes(name.split('.')[0]) || !name.includes('.'));
    const newer = [...NEWER_THAN_6_1].sort();
    if (headerVersion(TARGETS.arm64.gcc) >> 8 === 0x601) expect(missing).toEqual(newer);
    else expect(missing.filter((name) => !newer.includes(name))).toEqual([]);
  });
});
