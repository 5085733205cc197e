/** A conversation as a C program that repeats it on a real /dev/kvm and says which results are other ones. */
import { ioctlNamed } from '../abi/index.ts';
import type { IoctlName } from '../abi/index.ts';
import { asBytes } from './as-bytes.ts';
import type { Note } from './as-bytes.ts';
import type { ByteCall, Conversation, MemoryBytes, RecordedIoctl } from './conversation.ts';
import { HEAD, TAIL } from './c-runtime.ts';

/** Fields of structures that are pointers (64 bits) or descriptors (32 bits): what was recorded means nothing in another program. */
const POINTERS: Readonly<Partial<Record<string, number>>> = { kvm_userspace_memory_region: 24, kvm_userspace_memory_region2: 24, kvm_one_reg: 8, kvm_device_attr: 16, kvm_dirty_log: 8, kvm_clear_dirty_log: 16, reg_mask_range: 0 };
const DESCRIPTORS: Readonly<Partial<Record<string, readonly number[]>>> = { kvm_irqfd: [0, 12], kvm_ioeventfd: [20] };
/** Calls whose result, or a field of whose structure, is a new descriptor. */
const MAKES_DESCRIPTOR = new Set<IoctlName | undefined>(['KVM_CREATE_VM', 'KVM_CREATE_VCPU']);
/** Offset and length of the part of `kvm_run` that says why a run ended: `exit_reason`, and the union's first members. */
const EXIT_REASON = { offset: 8, length: 4 };
const UNION = { offset: 32, length: 32 };

const hex = (value: number | bigint): string => `0x${value.toString(16)}`;
const quote = (text: string): string => JSON.stringify(text);
const bytesIn = (bytes: Uint8Array): string => [...bytes].map(hex).join(', ') || '0';

class Printer {
  readonly #lines: string[] = [];
  readonly #big: boolean;

  constructor(big: boolean) {
    this.#big = big;
  }
  get text(): string {
    return this.#lines.join('\n');
  }
  line(text: string): void {
    this.#lines.push(`  ${text}`);
  }
  array(name: string, bytes: Uint8Array, length = bytes.length): void {
    this.line(`static unsigned char ${name}[${Math.max(1, length)}] = { ${bytesIn(bytes)} };`);
  }

  call(call: ByteCall, n: number): void {
    switch (call.call) {
      case 'open':
        this.line(`result(${n}, ${quote(`open ${call.path}`)}, ${call.result}, opened(${call.result}, open(${quote(call.path)}, O_RDWR | O_CLOEXEC)));`);
        break;
      case 'eventfd':
        this.line(`result(${n}, "eventfd", ${call.result}, opened(${call.result}, eventfd(${call.initial}, EFD_NONBLOCK)));`);
        break;
      case 'close':
        this.line(`result(${n}, "close", ${call.result}, answer(close(fd_of(${call.fd}))));`);
        break;
      case 'read':
      case 'write':
        this.line('{');
        this.array('bytes', call.bytes);
        this.line(`result(${n}, "${call.call}", ${call.result}, answer(${call.call}(fd_of(${call.fd}), bytes, ${call.bytes.length})));`);
        this.line('}');
        break;
      case 'mmap':
        this.line(`result(${n}, "mmap", ${call.result}, mapped(${call.mapping}, ${call.length}, ${call.fd}, ${call.offset}));`);
        break;
      case 'munmap':
        this.line(`result(${n}, "munmap", ${call.result}, unmapped(${call.mapping}));`);
        break;
      case 'store':
        this.line('{');
        this.array('bytes', call.bytes);
        this.line(`store(${hex(call.address)}ull, bytes, ${call.bytes.length});`);
        this.line('}');
        break;
      case 'ioctl':
        this.#ioctl(call, n);
        break;
    }
  }

  #ioctl({ fd, request, name, argument, reads, writes, run, result }: RecordedIoctl, n: number): void {
    const label = name ?? hex(request);
    const struct = name && ioctlNamed(name).argument;
    this.line('{');
    // A structure that was passed by address is the first that was read, or all that was written.
    const before = 'before' in argument ? argument.before : struct === undefined ? undefined : passedByAddress(argument.value, reads, writes);
    if (before) {
      this.array('argument', before);
      if (struct !== undefined) this.#patch(struct, before, { reads, writes });
    }
    const passed = before ? '(unsigned long)argument' : `${hex('value' in argument ? argument.value : 0n)}ul`;
    for (const { offset, bytes } of run?.changed ?? []) {
      this.line('{');
      this.array('changed', bytes);
      this.line(`run_store(${fd}, ${offset}, changed, ${bytes.length});`);
      this.line('}');
    }
    const call = `answer(ioctl(fd_of(${fd}), ${hex(request)}ul, ${passed}))`;
    this.line(`result(${n}, ${quote(label)}, ${result}, ${MAKES_DESCRIPTOR.has(name) ? `opened(${result}, ${call})` : call});`);
    if (name === 'KVM_CREATE_DEVICE' && result === 0 && before) {
      const after = 'after' in argument ? argument.after : writes.at(-1)?.bytes ?? before;
      this.line(`made(${this.#word(after, 4)}, (int)get32(argument, 4));`);
    }
    this.#compare(n, label, result, { argument, before, writes, struct });
    if (run && result === 0) {
      for (const { offset, length } of [EXIT_REASON, UNION]) {
        // Of some exits a conversation of the typed layer does not know the union.
        if (run.after.subarray(offset, offset + length).every((byte) => byte === 0)) continue;
        this.line('{');
        this.array('expected', run.after.slice(offset, offset + length));
        this.line(`run_compare(${n}, ${fd}, ${offset}, expected, ${length});`);
        this.line('}');
      }
    }
    this.line('}');
  }

  /** Pointers lead to memory of this program, descriptors are those it has. */
  #patch(struct: string, before: Uint8Array, { reads, writes }: Pick<RecordedIoctl, 'reads' | 'writes'>): void {
    const at = POINTERS[struct];
    if (at !== undefined && at + 8 <= before.length) {
      const address = this.#wide(before, at);
      if (struct.startsWith('kvm_userspace_memory_region')) {
        this.line(`put64(argument, ${at}, (uint64_t)(uintptr_t)guest_memory(${hex(address)}ull, ${hex(this.#wide(before, 16))}ull));`);
      } else {
        const there = [...reads, ...writes].filter((one) => one.address === address);
        if (there.length > 0) {
          const size = Math.max(...there.map(({ bytes }) => bytes.length));
          this.array('pointed', reads.find((one) => one.address === address)?.bytes ?? new Uint8Array(0), size);
          this.line(`put64(argument, ${at}, (uint64_t)(uintptr_t)pointed);`);
        }
      }
    }
    for (const offset of DESCRIPTORS[struct] ?? []) {
      if (offset + 4 <= before.length) this.line(`put32(argument, ${offset}, (uint32_t)fd_of(${this.#word(before, offset)}));`);
    }
  }

  /** What came back through a pointer, or into a structure without pointers. */
  #compare(n: number, label: string, result: number, call: { readonly argument: RecordedIoctl['argument']; readonly before: Uint8Array | undefined; readonly writes: readonly MemoryBytes[]; readonly struct: string | undefined }): void {
    const { argument, before, writes, struct } = call;
    if (result < 0 || !before) return;
    const at = struct === undefined ? undefined : POINTERS[struct];
    if (at !== undefined) {
      const written = writes.find((one) => one.address === this.#wide(before, at));
      if (written) this.#expect(n, label, 'pointed', written.bytes);
    } else if ('after' in argument && label !== 'KVM_CREATE_DEVICE' && argument.after.some((byte, i) => byte !== argument.before[i])) this.#expect(n, label, 'argument', argument.after);
  }
  #expect(n: number, label: string, name: string, bytes: Uint8Array): void {
    this.line('{');
    this.array('expected', bytes);
    this.line(`compare(${n}, ${quote(label)}, expected, ${name}, ${bytes.length});`);
    this.line('}');
  }

  #wide(bytes: Uint8Array, offset: number): bigint {
    return new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(offset, !this.#big);
  }
  #word(bytes: Uint8Array, offset: number): number {
    return new DataView(bytes.buffer, bytes.byteOffset).getInt32(offset, !this.#big);
  }
}

function passedByAddress(address: bigint, reads: readonly MemoryBytes[], writes: readonly MemoryBytes[]): Uint8Array | undefined {
  const read = reads.find((one) => one.address === address);
  if (read) return read.bytes;
  const written = writes.find((one) => one.address === address);
  return written && new Uint8Array(written.bytes.length);
}

/** Memory of guests, in pieces that do not overlap: it is made first, since the program may fill it before a region names it. */
function guestMemories(calls: readonly (ByteCall | Note)[], big: boolean): readonly { readonly address: bigint; readonly size: bigint }[] {
  const regions = calls.flatMap((call) => {
    if (call.call !== 'ioctl' || call.name === undefined || call.result < 0 || ioctlNamed(call.name).argument?.startsWith('kvm_userspace_memory_region') !== true) return [];
    const bytes = 'before' in call.argument ? call.argument.before : call.reads[0]?.bytes;
    const view = bytes && new DataView(bytes.buffer, bytes.byteOffset);
    return view ? [{ address: view.getBigUint64(24, !big), size: view.getBigUint64(16, !big) }] : [];
  }).filter(({ size }) => size > 0n).sort((a, b) => (a.address < b.address ? -1 : 1));
  const merged: { address: bigint; size: bigint }[] = [];
  for (const { address, size } of regions) {
    const last = merged.at(-1);
    if (!last || address > last.address + last.size) merged.push({ address, size });
    else if (address + size > last.address + last.size) last.size = address + size - last.address;
  }
  return merged;
}

/**
 * The source of a program for Linux on the architecture of the conversation: \`cc -o repeat repeat.c\`. It makes the calls in their order, in
 * memory of its own, prints those whose results are other ones, and ends with 1 if there are any. Calls of the typed layer become the ioctls
 * they stand for; those that stand for none are comments.
 */
export function printAsC(conversation: Conversation): string {
  const big = conversation.byteOrder === 'big';
  const printer = new Printer(big);
  const calls = asBytes(conversation);
  for (const { address, size } of guestMemories(calls, big)) printer.line(`guest_memory(${hex(address)}ull, ${hex(size)}ull);`);
  calls.forEach((call, n) => {
    if (call.call === 'note') printer.line(`/* ${n} ${call.text.replace(/\*\//g, '* /')} */`);
    else printer.call(call, n);
  });
  return [HEAD, 'int main(void)', '{', printer.text, TAIL].join('\n');
}
