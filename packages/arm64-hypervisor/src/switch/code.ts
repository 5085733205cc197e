/**
 * Hosted code: the instructions of a step, executed one by one through the port. Every instruction gives a verdict; one that did not
 * execute has taken an exception on the processor, so the step ends there (`HypFault`) and the panic path follows.
 */
import { REGISTERS, accessors, encodingOf, nameOf } from '@worldswitch/arm64-sysreg';
import type { Accessor, AccessorMode, Accessors, PortInstruction, PortPlace, RegisterName, SystemInstructionName, Verdict } from '@worldswitch/arm64-sysreg';
import { hex } from '@worldswitch/bits';
import type { Ledger, LedgerOwner } from '@worldswitch/hypervisor';
import type { Block } from '../context/block.ts';
import type { HostProcessor } from '../processor.ts';
import { Recorder } from './recorder.ts';
import type { Place } from './recorder.ts';

/** An instruction of hosted code that took an exception instead. Caught by the switch, never seen by users. */
export class HypFault extends Error {
  readonly place: Place;
  readonly instruction: PortInstruction;
  readonly verdict: Verdict;

  constructor(place: Place, instruction: PortInstruction, verdict: Verdict) {
    super(`${place.step}: ${describe(instruction)} is ${verdict.kind}`);
    this.name = 'HypFault';
    this.place = place;
    this.instruction = instruction;
    this.verdict = verdict;
  }
}

/** A register as a step names it: an accessor of a family, or a name that is the same in both modes. */
export type Named = Accessor | RegisterName;

const encoding = (register: Named): number => (typeof register === 'string' ? REGISTERS[register].packed : register.encoding);

/** An instruction in a few words. */
export function describe(instruction: PortInstruction): string {
  switch (instruction.op) {
    case 'mrs': return `mrs ${nameOf(instruction.encoding)}`;
    case 'msr': return `msr ${nameOf(instruction.encoding, 'write')}`;
    case 'at': case 'tlbi': case 'dc': case 'ic': return nameOf(instruction.encoding, 'write').toLowerCase();
    case 'ldr': case 'str': return `${instruction.op} ${placeName(instruction.place)}`;
    case 'fp': return `${instruction.transfer} v${instruction.register}`;
    case 'daif': return `daif ${instruction.action} ${instruction.mask}`;
    case 'dsb': return `dsb ${instruction.domain}`;
    case 'execute': return `the instruction at ${hex(instruction.address)}`;
    default: return instruction.op;
  }
}

function placeName(place: PortPlace): string {
  return place.kind === 'slot' ? `${place.context}.${place.slot}` : hex(place.address);
}

/** Rows of a processor's observation: more than one step of the switch makes, since they are taken whenever the step changes. */
const OBSERVED = 4096;

/** Hosted code on one processor, in one mode. */
export class HostedCode {
  readonly processor: HostProcessor;
  readonly mode: AccessorMode;
  readonly el1: Accessors['el1'];
  readonly el0: Accessors['el0'];
  readonly hyp: Accessors['hyp'];
  /** The exception level hosted code is at. */
  el: 1 | 2 = 2;
  #place: Place = { step: '', phase: '', kind: '' };
  #ledger: Ledger | undefined;
  #recorder: Recorder | undefined;

  constructor(processor: HostProcessor, mode: AccessorMode) {
    const families = accessors({ mode });
    this.processor = processor;
    this.mode = mode;
    this.el1 = families.el1;
    this.el0 = families.el0;
    this.hyp = families.hyp;
  }

  /** Where in the switch the next instructions belong. */
  get place(): Place {
    return this.#place;
  }
  set place(place: Place) {
    this.#place = place;
    this.#recorder?.enter(place);
  }

  /**
   * What the processor does goes to this ledger while one is set. Throws RangeError for a processor that cannot be observed, or that
   * somebody else observes.
   */
  get ledger(): Ledger | undefined {
    return this.#ledger;
  }
  set ledger(ledger: Ledger | undefined) {
    this.#recorder?.end();
    this.#recorder = undefined;
    this.#ledger = ledger;
    if (ledger === undefined) return;
    const events = this.processor.observe?.(OBSERVED);
    if (events === undefined) throw new RangeError('a ledger on this processor: it has no observation; make it with an `observe` (see HostProcessor)');
    this.#recorder = new Recorder(events, ledger, this.#place);
  }

  read(register: Named, owner?: LedgerOwner): bigint {
    return this.#execute({ op: 'mrs', encoding: encoding(register) }, owner).value ?? 0n;
  }

  write(register: Named, value: bigint, owner?: LedgerOwner): void {
    this.#execute({ op: 'msr', encoding: encoding(register), value: BigInt.asUintN(64, value) }, owner);
  }

  /** A register to its slot; whose value it is, is whose context it goes to, unless `owner` knows better. */
  save(register: Named, block: Block, slot: string, owner: LedgerOwner = block.owner): void {
    this.store(block, slot, this.read(register, owner), owner);
  }

  /** A register from its slot. */
  restore(register: Named, block: Block, slot: string, owner: LedgerOwner = block.owner): void {
    this.write(register, this.load(block, slot, owner), owner);
  }

  load(block: Block, slot: string, owner: LedgerOwner = block.owner): bigint {
    const { size, low, high } = block.place(slot);
    const first = this.#transfer({ op: 'ldr', place: low, size: size === 4 ? 4 : 8 }, owner);
    return high === undefined ? first : first | (this.#transfer({ op: 'ldr', place: high, size: 8 }, owner) << 64n);
  }

  store(block: Block, slot: string, value: bigint, owner: LedgerOwner = block.owner): void {
    const { size, low, high } = block.place(slot);
    const bits = size === 4 ? 32 : 64;
    this.#transfer({ op: 'str', place: low, size: size === 4 ? 4 : 8, value: BigInt.asUintN(bits, value) }, owner);
    if (high !== undefined) this.#transfer({ op: 'str', place: high, size: 8, value: BigInt.asUintN(64, value >> 64n) }, owner);
  }

  /** A device register of the host. */
  loadDevice(address: bigint, size: 1 | 2 | 4 | 8): bigint {
    return this.#transfer({ op: 'ldr', place: { kind: 'address', address }, size });
  }

  storeDevice(address: bigint, size: 1 | 2 | 4 | 8, value: bigint): void {
    this.#transfer({ op: 'str', place: { kind: 'address', address }, size, value });
  }

  saveVector(register: number, block: Block): void {
    this.store(block, `v${register}`, this.#execute({ op: 'fp', transfer: 'read', register }, block.owner).value ?? 0n);
  }

  restoreVector(register: number, block: Block): void {
    const value = this.load(block, `v${register}`);
    this.#execute({ op: 'fp', transfer: 'write', register, value }, block.owner);
  }

  isb(): void {
    this.#execute({ op: 'isb' });
  }

  /** PSB CSYNC: what has been sampled is formatted and has its addresses; a DSB then waits for the writes. */
  psb(): void {
    this.#execute({ op: 'psb' });
  }

  dsb(domain: 'sy' | 'ish' | 'nsh'): void {
    this.#execute({ op: 'dsb', domain });
  }

  /** Address translation; the result is in PAR_EL1. */
  translate(instruction: SystemInstructionName, address: bigint): void {
    this.#execute({ op: 'at', encoding: encodingOf(instruction), address });
  }

  invalidate(instruction: SystemInstructionName, operand?: bigint): void {
    const code = encodingOf(instruction);
    this.#execute(operand === undefined ? { op: 'tlbi', encoding: code } : { op: 'tlbi', encoding: code, operand });
  }

  /** Masks or unmasks exceptions: D 8, A 4, I 2, F 1. */
  daif(action: 'set' | 'clear', mask: number): void {
    this.#execute({ op: 'daif', action, mask });
  }

  /** Leaves for where ELR and SPSR say, or waits. Control comes back by `HostProcessor.run`. */
  depart(op: 'eret' | 'wfi'): Verdict {
    return this.#execute({ op });
  }

  /** Goes to `address` and executes the instruction that is in memory there. */
  executeAt(address: bigint): Verdict {
    return this.#execute({ op: 'execute', address });
  }

  #execute(instruction: PortInstruction, owner?: LedgerOwner): { readonly kind: 'ok' | 'departed'; readonly value?: bigint } {
    this.#recorder?.owned(owner);
    const verdict = this.processor.port.execute(instruction);
    if (verdict.kind === 'undefined' || verdict.kind === 'trap') throw new HypFault(this.#place, instruction, verdict);
    return verdict;
  }

  #transfer(instruction: PortInstruction & { readonly op: 'ldr' | 'str' }, owner?: LedgerOwner): bigint {
    this.#recorder?.slot(instruction.place);
    return this.#execute(instruction, owner).value ?? 0n;
  }
}
