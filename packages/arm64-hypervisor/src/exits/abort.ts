/** Aborts of stage 2: memory that is to be mapped, and accesses that are the VMM's. */
import { FAULT_STATUS, ISS } from '@worldswitch/arm64-sysreg';
import { readUnsigned, writeUnsigned } from '@worldswitch/bits';
import type { MemorySlot } from '@worldswitch/hypervisor';
import { PAGE } from '../host/pages.ts';
import { injectAbort } from '../guest/inject.ts';
import { BLOCK_SIZE } from '../stage2/tables.ts';
import { RESUME } from './context.ts';
import type { Guest } from '../guest/guest.ts';
import type { ExitContext, Outcome, PendingRead } from './context.ts';

const TRANSLATION = 0b0001;
const ACCESS_FLAG = 0b0010;
const PERMISSION = 0b0011;
const kindOf = (status: number): number => status >> 2;

/** Maps what the guest touched: a 2 MiB block where slot and alignment allow it, else its page. */
function faultIn({ stage2 }: ExitContext, slot: MemorySlot, ipa: bigint): void {
  const block = ipa & ~(BLOCK_SIZE - 1n);
  const offset = slot.hostAddress - slot.guestAddress;
  const whole = block >= slot.guestAddress && block + BLOCK_SIZE <= slot.guestAddress + slot.size && (block + offset) % BLOCK_SIZE === 0n;
  if (whole && stage2.blockFree(ipa)) stage2.map(block, block + offset, { readOnly: slot.readOnly, block: true });
  else stage2.map(ipa & ~(PAGE - 1n), (ipa & ~(PAGE - 1n)) + offset, { readOnly: slot.readOnly });
}

function unexpected(context: ExitContext, what: string): Outcome {
  const status = context.iss & 0x3f;
  return {
    kind: 'internal-error', reason: what, dead: false,
    detail: { esr: context.esr, far: context.far, ipa: context.ipa, status: FAULT_STATUS[status]?.name ?? status, pc: context.guest.pc },
  };
}

export function dataAbort(context: ExitContext): Outcome {
  const { guest, far, ipa, iss } = context;
  const abort = ISS.dabt.decode(BigInt(iss));
  const kind = kindOf(abort.DFSC);
  if (kind !== TRANSLATION && kind !== ACCESS_FLAG && kind !== PERMISSION) return unexpected(context, 'data-abort');
  const write = abort.WnR === 1 && abort.S1PTW === 0;
  const slot = context.slotAt(ipa);
  if (slot && !(write && slot.readOnly)) {
    faultIn(context, slot, ipa);
    return RESUME;
  }
  // A walk that ends outside memory is the guest's mistake; so is one that must write to what is read-only.
  if (abort.S1PTW === 1) {
    injectAbort(guest, 'data', far, abort.WnR === 1);
    return RESUME;
  }
  if (abort.CM === 1) {
    guest.skip();
    return RESUME;
  }
  if (abort.ISV === 0) return unexpected(context, 'no-syndrome');
  return mmio(context, abort);
}

/** An access the VMM answers. Data are in the order of bytes in memory; a guest's SCTLR_ELx.EE decides what that means for the register. */
function mmio(context: ExitContext, abort: ReturnType<typeof ISS.dabt.decode>): Outcome {
  const { guest, ipa } = context;
  const length = (1 << abort.SAS) as 1 | 2 | 4 | 8;
  const data = new Uint8Array(length);
  const write = abort.WnR === 1;
  const order = dataOrder(context);
  if (write) {
    writeUnsigned(data, 0, length, BigInt.asUintN(length * 8, guest.x(abort.SRT)), order);
    guest.skip();
  } else context.setPendingRead({ register: abort.SRT, length, signExtend: abort.SSE === 1, wide: abort.SF === 1 }, data);
  return { kind: 'mmio', address: ipa, length, write, data };
}

/** SCTLR_EL1.EE for accesses from EL1, E0E from EL0. */
function dataOrder({ guest }: Pick<ExitContext, 'guest'>): 'little' | 'big' {
  const big = guest.sysreg('SCTLR_EL1') & (guest.el === 0 ? 1n << 24n : 1n << 25n);
  return big === 0n ? 'little' : 'big';
}

/** The VMM has answered a read: the register gets its value, as the load would have given it. */
export function completeRead(guest: Guest, read: PendingRead, data: Uint8Array): void {
  const bits = read.length * 8;
  let value = readUnsigned(data, 0, read.length, dataOrder({ guest }));
  if (read.signExtend) value = BigInt.asIntN(bits, value);
  guest.setX(read.register, BigInt.asUintN(read.wide ? 64 : 32, value));
  guest.skip();
}

export function instructionAbort(context: ExitContext): Outcome {
  const { guest, far, ipa, iss } = context;
  const { IFSC } = ISS.iabt.decode(BigInt(iss));
  const kind = kindOf(IFSC);
  if (kind !== TRANSLATION && kind !== ACCESS_FLAG && kind !== PERMISSION) return unexpected(context, 'instruction-abort');
  const slot = context.slotAt(ipa);
  if (slot) {
    faultIn(context, slot, ipa);
    return RESUME;
  }
  injectAbort(guest, 'instruction', far, false);
  return RESUME;
}
