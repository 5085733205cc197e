/**
 * Hosted code: the instructions of a step, executed one by one through the port. Every instruction gives a verdict; one that did not
 * execute has taken an exception on the processor, so the step ends there (`HypFault`) and the panic path follows.
 */
import { REGISTERS, accessors, nameOf, resolve, REFERENCE_FEATURES } from '@worldswitch/arm64-sysreg';
import type { Accessor, AccessorMode, Accessors, PortInstruction, PortPlace, RegisterName, SystemInstructionName, Verdict } from '@worldswitch/arm64-sysreg';
import { encodingOf } from '@worldswitch/arm64-sysreg';
import type { Ledger, LedgerOperation } from '@worldswitch/hypervisor';
import type { Block } from '../context/block.ts';
import type { HostProcessor } from '../processor.ts';

/** Where in the switch an instruction belongs. */
export interface Place {
  readonly step: string;
  readonly phase: string;
  readonly kind: string;
}

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
const written = (register: Named): string => (typeof register === 'string' ? register : register.written);

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
    default: return instruction.op;
  }
}

function placeName(place: PortPlace): string {
  return place.kind === 'slot' ? `${place.context}.${place.slot}` : `0x${place.address.toString(16)}`;
}

const OPERATIONS: Readonly<Record<PortInstruction['op'], LedgerOperation>> = {
  mrs: 'read', msr: 'write', ldr: 'load', str: 'store', isb: 'barrier', dsb: 'barrier', at: 'maintenance', tlbi: 'maintenance', dc: 'maintenance',
  ic: 'maintenance', hvc: 'control', smc: 'control', eret: 'control', wfi: 'control', daif: 'control', fp: 'read',
};

/** Hosted code on one processor, in one mode. */
export class HostedCode {
  readonly processor: HostProcessor;
  readonly mode: AccessorMode;
  readonly el1: Accessors['el1'];
  readonly el0: Accessors['el0'];
  readonly hyp: Accessors['hyp'];
  /** Rows go here while it is set. */
  ledger: Ledger | undefined;
  /** The exception level hosted code is at. */
  el: 1 | 2 = 2;
  place: Place = { step: '', phase: '', kind: '' };

  constructor(processor: HostProcessor, mode: AccessorMode) {
    const families = accessors({ mode });
    this.processor = processor;
    this.mode = mode;
    this.el1 = families.el1;
    this.el0 = families.el0;
    this.hyp = families.hyp;
  }

  read(register: Named): bigint {
    return this.#execute({ op: 'mrs', encoding: encoding(register) }, written(register)).value ?? 0n;
  }

  write(register: Named, value: bigint): void {
    this.#execute({ op: 'msr', encoding: encoding(register), value: BigInt.asUintN(64, value) }, written(register));
  }

  load(block: Block, slot: string): bigint {
    const [low, high] = block.places(slot);
    const size = block.size(slot);
    const first = this.#execute({ op: 'ldr', place: low, size: size === 4 ? 4 : 8 }).value ?? 0n;
    return high === undefined ? first : first | ((this.#execute({ op: 'ldr', place: high, size: 8 }).value ?? 0n) << 64n);
  }

  store(block: Block, slot: string, value: bigint): void {
    const [low, high] = block.places(slot);
    const size = block.size(slot);
    const bits = size === 4 ? 32 : 64;
    this.#execute({ op: 'str', place: low, size: size === 4 ? 4 : 8, value: BigInt.asUintN(bits, value) });
    if (high !== undefined) this.#execute({ op: 'str', place: high, size: 8, value: BigInt.asUintN(64, value >> 64n) });
  }

  /** A device register of the host. */
  loadDevice(address: bigint, size: 1 | 2 | 4 | 8): bigint {
    return this.#execute({ op: 'ldr', place: { kind: 'address', address }, size }).value ?? 0n;
  }

  storeDevice(address: bigint, size: 1 | 2 | 4 | 8, value: bigint): void {
    this.#execute({ op: 'str', place: { kind: 'address', address }, size, value });
  }

  readVector(register: number): bigint {
    return this.#execute({ op: 'fp', transfer: 'read', register }, `V${register}`).value ?? 0n;
  }

  writeVector(register: number, value: bigint): void {
    this.#execute({ op: 'fp', transfer: 'write', register, value }, `V${register}`);
  }

  isb(): void {
    this.#execute({ op: 'isb' });
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

  /** Leaves for where ELR and SPSR say, or into the level above. Control comes back by `HostProcessor.run`. */
  depart(op: 'eret' | 'hvc' | 'wfi'): Verdict {
    return this.#execute(op === 'hvc' ? { op, immediate: 0 } : { op });
  }

  #execute(instruction: PortInstruction, register?: string): { readonly kind: 'ok' | 'departed'; readonly value?: bigint } {
    const { ledger } = this;
    if (ledger) return this.#recorded(ledger, instruction, register);
    const verdict = this.processor.port.execute(instruction);
    if (verdict.kind === 'undefined' || verdict.kind === 'trap') throw new HypFault(this.place, instruction, verdict);
    return verdict;
  }

  #recorded(ledger: Ledger, instruction: PortInstruction, register: string | undefined): { readonly kind: 'ok' | 'departed'; readonly value?: bigint } {
    const { processor, place, el } = this;
    const { debugger: door } = processor;
    const reached = this.#reached(instruction, register);
    const isWrite = instruction.op === 'msr' || (instruction.op === 'fp' && instruction.transfer === 'write');
    const before = isWrite ? door.read(reached) : undefined;
    const pc = door.read('pc');
    const verdict = processor.port.execute(instruction);
    const value = verdict.kind === 'ok' ? verdict.value : undefined;
    const after = isWrite ? door.read(reached) : instruction.op === 'str' ? instruction.value : value;
    const first = isWrite ? before : value;
    ledger.record({
      step: place.step, phase: place.phase, kind: place.kind, el, operation: isWrite ? 'write' : OPERATIONS[instruction.op],
      written: register ?? describe(instruction).replace(/^(ldr|str) /, ''), reached, verdict: verdict.kind, icount: processor.retired,
      ...(first === undefined ? {} : { before: first }), ...(after === undefined ? {} : { after }), ...(pc === undefined ? {} : { pc }),
    });
    if (verdict.kind === 'undefined' || verdict.kind === 'trap') throw new HypFault(place, instruction, verdict);
    return verdict;
  }

  /** The register an access reaches now, by the rules: for the row, not for the access. */
  #reached(instruction: PortInstruction, register: string | undefined): string {
    if (instruction.op !== 'mrs' && instruction.op !== 'msr') return register ?? describe(instruction).replace(/^(ldr|str) /, '');
    const hcr = this.processor.debugger.read('HCR_EL2') ?? 0n;
    const resolution = resolve(instruction.encoding, {
      el: this.el, e2h: ((hcr >> 34n) & 1n) === 1n, tge: ((hcr >> 27n) & 1n) === 1n, features: REFERENCE_FEATURES,
      read: (name) => this.processor.debugger.read(name) ?? 0n,
    }, instruction.op === 'mrs' ? 'read' : 'write');
    return resolution.kind === 'register' ? resolution.register : register ?? nameOf(instruction.encoding);
  }
}
