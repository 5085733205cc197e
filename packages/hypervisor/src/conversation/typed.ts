/** Records what a VMM says to the typed layer: objects that behave as those they stand for, and note each call. */
import type { Plain } from '@worldswitch/machine';
import { KvmError } from '../error.ts';
import type { Exit } from '../exits.ts';
import type { Kvm } from '../kvm.ts';
import type { Vcpu } from '../vcpu.ts';
import type { Conversation, TypedCall } from './conversation.ts';

/** Of each kind of object, what is noted. Methods whose results are objects name the kind of them. */
const KINDS = {
  kvm: { checkExtension: '', createVm: 'vm' },
  vm: {
    checkExtension: '', enableCapability: '', setMemoryRegion: '', takeDirtyLog: '', clearDirtyLog: '', createVcpu: 'vcpu', createDevice: 'device', testDevice: '',
    hasAttribute: '', getAttribute: '', setAttribute: '', irqLine: '', call: '', dispose: '',
  },
  vcpu: {
    initialise: '', finalise: '', run: '', interrupt: '', setGuestDebug: '', setLine: '', getRegister: '', setRegister: '', hasAttribute: '', getAttribute: '',
    setAttribute: '', call: '',
  },
  device: { hasAttribute: '', getAttribute: '', setAttribute: '' },
  oneRegisters: { list: '', get: '', set: '' },
} as const satisfies Record<string, Record<string, string>>;
type Kind = keyof typeof KINDS;

/** Data of calls and results. A function or an object with a life of its own is no data, and left out. */
export function plain(value: unknown): Plain {
  if (value === undefined || value === null || typeof value === 'function') return null;
  if (typeof value === 'object') {
    if (value instanceof Uint8Array) return value.slice();
    if (Array.isArray(value)) return value.map(plain);
    return Object.fromEntries(Object.entries(value).filter(([, one]) => one !== undefined).map(([key, one]) => [key, plain(one)]));
  }
  return value as Plain;
}

/** What the VMM may have changed in an exit. */
export const answerOf = (exit: Exit<unknown> | undefined): Plain =>
  exit?.kind === 'mmio' && !exit.write ? exit.data.slice() : exit?.kind === 'hypercall' ? [...exit.results] : null;

/** Names of objects, in the order they are made. */
class Names {
  readonly #made = new Map<string, number>();

  of(kind: string, parent: string, [id]: readonly unknown[]): string {
    const prefix = parent === 'kvm' ? kind : `${parent}.${kind}`;
    if (kind === 'vcpu') return `${prefix}${String(id)}`;
    const n = this.#made.get(prefix) ?? 0;
    this.#made.set(prefix, n + 1);
    return `${prefix}${n}`;
  }
}

class TypedRecorder {
  readonly calls: TypedCall[] = [];
  readonly #names = new Names();
  readonly #exits = new Map<string, Exit<unknown>>();

  /** Stands for an object. Everything that is not noted is the object's own. */
  wrap<T extends object>(target: T, kind: Kind, name: string): T {
    const noted: Readonly<Record<string, string>> = KINDS[kind];
    return new Proxy(target, {
      get: (object, key) => {
        const value: unknown = Reflect.get(object, key, object);
        if (typeof key !== 'string') return value;
        if (kind === 'vcpu' && key === 'oneRegisters') return this.wrap(value as object, 'oneRegisters', `${name}.oneRegisters`);
        if (kind === 'vcpu' && key === 'mpState') return this.#note(name, 'mpState', [], () => value);
        if (typeof value !== 'function') return value;
        const method = value as (...parameters: unknown[]) => unknown;
        if (!Object.hasOwn(noted, key)) return method.bind(object);
        return (...parameters: unknown[]) => {
          const result = this.#note(name, key, parameters, () => method.apply(object, parameters));
          const made = noted[key] as Kind | '';
          return made === '' ? result : this.wrap(result as object, made, this.#names.of(made, name, parameters));
        };
      },
      set: (object, key, value: unknown) => {
        if (kind === 'vcpu' && key === 'mpState') this.#note(name, 'mpState', [value], () => Reflect.set(object, key, value, object));
        else return Reflect.set(object, key, value, object);
        return true;
      },
    });
  }

  #note(target: string, method: string, parameters: readonly unknown[], call: () => unknown): unknown {
    const before = parameters.map(plain);
    const answer = method === 'run' ? answerOf(this.#exits.get(target)) : null;
    const note = (result: TypedCall['result']): void => { this.calls.push({ call: 'typed', target, method, arguments: before, ...(answer !== null && { answer }), result }); };
    try {
      const value = call();
      if (method === 'run') this.#exits.set(target, value as Exit<unknown>);
      // Objects that were made have names, and no value. A structure comes back in the argument it was passed in.
      const made = method.startsWith('create');
      note({ value: made ? null : method === 'call' ? [plain(value), plain(parameters[1])] : plain(value) });
      return value;
    } catch (error) {
      if (error instanceof KvmError) note({ errno: error.errno });
      throw error;
    }
  }
}

/** A `Kvm` whose calls, and those of all that is made by it, are kept. */
export function recordKvm<A>(kvm: Kvm<A>): { readonly kvm: Kvm<A>; readonly conversation: () => Conversation } {
  const recorder = new TypedRecorder();
  const { encoding, structs, byteOrder } = kvm.architecture.abi;
  return { kvm: recorder.wrap(kvm, 'kvm', 'kvm'), conversation: () => ({ version: 1, encoding, structs, byteOrder, calls: [...recorder.calls] }) };
}

/** Objects of a conversation that is made again, by their names. */
export class TypedReplay<A> {
  readonly #objects = new Map<string, object>();
  readonly #names = new Names();
  readonly #exits = new Map<string, Exit<unknown>>();

  constructor(kvm: Kvm<A>) {
    this.#objects.set('kvm', kvm);
  }

  /** Makes a call again. Throws RangeError for an object that was never made. */
  make({ target, method, arguments: parameters, answer }: TypedCall): TypedCall['result'] {
    const object = this.#objectOf(target);
    this.#answer(target, answer);
    const copies = parameters.map((one) => (one === null ? undefined : plain(one)));
    try {
      const value = this.#invoke(object, method, copies);
      if (method === 'run') this.#exits.set(target, value as Exit<unknown>);
      if (!method.startsWith('create')) return { value: method === 'call' ? [plain(value), plain(copies[1])] : plain(value) };
      this.#objects.set(this.#names.of(method.slice('create'.length).toLowerCase(), target, copies), value as object);
      return { value: null };
    } catch (error) {
      if (error instanceof KvmError) return { errno: error.errno };
      throw error;
    }
  }

  #invoke(object: object, method: string, parameters: readonly unknown[]): unknown {
    if (method !== 'mpState') return (Reflect.get(object, method, object) as (...all: unknown[]) => unknown).apply(object, [...parameters]);
    if (parameters.length === 0) return Reflect.get(object, method, object);
    Reflect.set(object, method, parameters[0], object);
    return true;
  }

  #objectOf(target: string): object {
    const suffix = '.oneRegisters';
    const owner = target.endsWith(suffix) ? target.slice(0, -suffix.length) : target;
    const object = this.#objects.get(owner);
    if (!object) throw new RangeError(`${owner}: nothing of this name was made; a conversation begins with kvm.createVm`);
    return owner === target ? object : (object as Vcpu<A>).oneRegisters;
  }

  #answer(target: string, answer: Plain | undefined): void {
    const exit = this.#exits.get(target);
    if (answer === undefined || !exit) return;
    if (exit.kind === 'mmio' && answer instanceof Uint8Array) exit.data.set(answer.subarray(0, exit.data.length));
    if (exit.kind === 'hypercall') exit.results.splice(0, exit.results.length, ...(answer as readonly bigint[]));
  }
}
