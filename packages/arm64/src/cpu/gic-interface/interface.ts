import { ICC_SGI1R_EL1, type RegisterName } from '@worldswitch/arm64-sysreg';
import type { InterruptLine } from '@worldswitch/machine';
import { ICC_CTLR_FIXED } from './model.ts';
import { PhysicalInterface, type InterfaceFace } from './physical.ts';
import type { GicPort, GicGroup, RegisterStore } from './port.ts';
import { LIST_REGISTERS, VirtualInterface } from './virtual.ts';

/** What an instruction reaches under one name: the physical register, or the ICV register of the same encoding. */
export type View = 'virtual' | undefined;

/** One register of a face. `peek` has no side effect; `take` is the read of an instruction where that differs. */
interface FaceRegister {
  readonly peek?: (face: InterfaceFace) => number;
  readonly take?: (face: InterfaceFace) => number;
  readonly write?: (face: InterfaceFace, value: number) => void;
}

const INTID = 0xff_ffff;

function groupRegisters(group: GicGroup): readonly (readonly [RegisterName, FaceRegister])[] {
  const name = (stem: string): RegisterName => `ICC_${stem}${group}_EL1` as RegisterName;
  const [enable, active] = group === 0 ? (['enable0', 'active0'] as const) : (['enable1', 'active1'] as const);
  return [
    [name('IAR'), { peek: (face) => face.acknowledgeable(group), take: (face) => face.acknowledge(group) }],
    [name('EOIR'), { write: (face, value) => { face.complete(group, value & INTID); } }],
    [name('HPPIR'), { peek: (face) => face.highest(group) }],
    [name('BPR'), { peek: ({ priorities }) => priorities.binaryPoint(group), write: ({ priorities }, value) => { priorities.setBinaryPoint(group, value); } }],
    [name('IGRPEN'), { peek: ({ priorities }) => priorities.get(enable), write: ({ priorities }, value) => { priorities.set(enable, value & 1); } }],
    [`ICC_AP${group}R0_EL1`, { peek: ({ priorities }) => priorities.get(active), write: ({ priorities }, value) => { priorities.set(active, value); } }],
  ];
}

const FACE_REGISTERS: ReadonlyMap<RegisterName, FaceRegister> = new Map<RegisterName, FaceRegister>([
  ...groupRegisters(0), ...groupRegisters(1),
  ['ICC_PMR_EL1', { peek: ({ priorities }) => priorities.get('pmr'), write: ({ priorities }, value) => { priorities.set('pmr', value); } }],
  ['ICC_RPR_EL1', { peek: ({ priorities }) => priorities.running }],
  ['ICC_CTLR_EL1', {
    peek: ({ priorities }) => Number(ICC_CTLR_FIXED) | (priorities.get('eoiMode') << 1) | priorities.get('commonBpr'),
    write: ({ priorities }, value) => {
      priorities.set('commonBpr', value & 1);
      priorities.set('eoiMode', (value >> 1) & 1);
    },
  }],
  ['ICC_DIR_EL1', { write: (face, value) => { face.deactivate(value & INTID); } }],
]);

/** SGI registers, and the group that an SGI must be in at its receiver. With one Security state, ASGI1R is for group 0 as SGI0R is (IHI 0069, ICC_ASGI1R_EL1). */
const SGI_REGISTERS: Readonly<Partial<Record<RegisterName, GicGroup>>> = { ICC_SGI1R_EL1: 1, ICC_SGI0R_EL1: 0, ICC_ASGI1R_EL1: 0 };
const HYPERVISOR: ReadonlySet<RegisterName> = new Set<RegisterName>(['ICH_HCR_EL2', 'ICH_VMCR_EL2', 'ICH_AP0R0_EL2', 'ICH_AP1R0_EL2', ...LIST_REGISTERS]);

export interface GicInterfaceSetup {
  readonly store: RegisterStore;
  readonly port: GicPort;
  /** The processor's interrupt inputs. */
  readonly lines: Readonly<Record<'irq' | 'fiq' | 'virq' | 'vfiq', InterruptLine>>;
}

/**
 * The CPU interface of a GICv3 (IHI 0069): ICC, ICV and ICH registers of one processor. Access rules and traps are `arm64-sysreg`'s;
 * what an access that came through them does is here. All state is in the register store.
 */
export class GicInterface {
  readonly #physical: PhysicalInterface;
  readonly #virtual: VirtualInterface;
  readonly #port: GicPort;
  readonly #lines: GicInterfaceSetup['lines'];

  constructor({ store, port, lines }: GicInterfaceSetup) {
    this.#physical = new PhysicalInterface(store, port);
    this.#virtual = new VirtualInterface(store, port);
    this.#port = port;
    this.#lines = lines;
    port.listen(() => { this.update(); });
  }

  /** Read by an instruction, with its effect; undefined for a register of something else. */
  read(name: RegisterName, view: View): bigint | undefined {
    const take = FACE_REGISTERS.get(name)?.take;
    if (take === undefined) return this.peek(name, view);
    const value = take(this.#face(view));
    this.update();
    return BigInt(value);
  }
  /** What is there now, without any effect: 0 for a register that can only be written, undefined for one of something else. */
  peek(name: RegisterName, view: View): bigint | undefined {
    const register = FACE_REGISTERS.get(name);
    if (register !== undefined) return BigInt(register.peek?.(this.#face(view)) ?? 0);
    switch (name) {
      case 'ICH_MISR_EL2': return this.#virtual.misr;
      case 'ICH_EISR_EL2': return this.#virtual.eisr;
      case 'ICH_ELRSR_EL2': return this.#virtual.elrsr;
      default: return SGI_REGISTERS[name] === undefined ? undefined : 0n;
    }
  }
  /** Takes a write, if it is to one of its registers. */
  write(name: RegisterName, value: bigint, view: View): boolean {
    const register = FACE_REGISTERS.get(name);
    if (register !== undefined) register.write?.(this.#face(view), Number(value & 0xffff_ffffn));
    else if (HYPERVISOR.has(name)) this.#virtual.write(name, value);
    else {
      const group = SGI_REGISTERS[name];
      if (group === undefined) return false;
      this.#send(group, value);
    }
    this.update();
    return true;
  }
  /** Sets the processor's inputs and the maintenance interrupt from what is stored and offered. */
  update(): void {
    const physical = this.#physical.signalled();
    this.#lines.irq.set(physical === 1);
    this.#lines.fiq.set(physical === 0);
    const virtual = this.#virtual.signalled();
    this.#lines.virq.set(virtual === 1);
    this.#lines.vfiq.set(virtual === 0);
    // An input of the redistributor: it calls back if that changes what is offered.
    this.#port.setMaintenance(this.#virtual.maintenance);
  }

  #face(view: View): InterfaceFace {
    return view === 'virtual' ? this.#virtual : this.#physical;
  }
  /** RS is reserved, since ICC_CTLR_EL1.RSS is 0: a target list reaches Aff0 0 to 15. */
  #send(group: GicGroup, value: bigint): void {
    const { IRM, INTID: intid, Aff1, Aff2, Aff3, TargetList } = ICC_SGI1R_EL1.decode(value);
    this.#port.send({
      intid: intid, group,
      to: IRM !== 0 ? 'others' : { affinity: (BigInt(Aff3) << 32n) | (BigInt(Aff2) << 16n) | (BigInt(Aff1) << 8n), targets: TargetList },
    });
  }
}
