import type { Device, Initiator, Width } from '../device.ts';
import { clonePlain, firstDifference, type Plain } from '../plain.ts';
import { Random } from './random.ts';

/** A device with its surroundings, made anew for each run of the suite. */
export interface Subject {
  readonly device: Device;
  /** Something from outside: a line changes, a byte arrives, time passes. Must depend on nothing but `random` and saved state. */
  act?(random: Random): void;
  /** What the device did to its surroundings: levels of its outputs, bytes sent. */
  observe?(): Plain;
  /** State of the surroundings that the device reads (clock, memory, host queue). */
  saveSurroundings?(): Plain;
  restoreSurroundings?(state: Plain): void;
}

export interface ConformanceOptions {
  readonly name: string;
  /** Size of the window in bytes. */
  readonly size: number;
  create(): Subject;
  /** Offsets worth more attention than chance gives them. */
  readonly offsets?: readonly number[];
  /** Processors that may make accesses; default 1. */
  readonly cpus?: number;
  readonly seeds?: number;
  readonly steps?: number;
  /** For storage that survives reset: the parts of the state that `reset` must bring back; default the whole. */
  resettable?(state: Plain): Plain;
}

/** How many steps a restored device is followed. */
const TAIL = 6;

type Step =
  | { readonly kind: 'read'; readonly offset: number; readonly width: Width; readonly from: Initiator }
  | { readonly kind: 'write'; readonly offset: number; readonly width: Width; readonly value: bigint; readonly from: Initiator }
  | { readonly kind: 'act'; readonly seed: number };

/**
 * What every device must keep, over random accesses. Returns the violations, empty when it conforms, so that it serves any test framework:
 *
 * 1. no access throws, whatever its offset, width or alignment; a read gives an unsigned value of its width;
 * 2. `save` is plain data and shares nothing with the device;
 * 3. a debugger's read changes neither state nor outputs;
 * 4. a new device that restores the state is the same device: same state, and the same answers and outputs afterwards;
 * 5. `restore` moves no output;
 * 6. after `reset` the device is as new.
 */
export function checkDevice(options: ConformanceOptions): readonly string[] {
  const violations: string[] = [];
  for (let seed = 1; seed <= (options.seeds ?? 8) && violations.length < 10; seed++) {
    runSeed(options, seed, (rule, at, detail) => violations.push(`${options.name}, seed ${seed}, ${at}: ${rule}: ${detail}`));
  }
  return violations;
}

function runSeed(options: ConformanceOptions, seed: number, fail: (rule: string, at: string, detail: string) => void): void {
  const random = new Random(seed);
  const steps = Array.from({ length: options.steps ?? 80 }, () => randomStep(options, random));
  const subject = options.create();
  const trails: { readonly until: number; readonly state: Plain }[] = [];
  for (let i = 0; i < steps.length; i++) {
    const at = `step ${i} (${describe(steps[i])})`;
    const before = snapshot(subject);
    const probe = randomStep(options, random);
    if (probe.kind !== 'act') {
      guarded(fail, at, () => subject.device.read(probe.offset, probe.width, 'debugger'));
      const difference = firstDifference(before, snapshot(subject));
      if (difference !== undefined) fail('a debugger read has side effects', at, `offset 0x${probe.offset.toString(16)} changed ${difference}`);
    }
    const twin = options.create();
    restore(twin, before, (detail) => fail('restore is not silent', at, detail));
    const restored = firstDifference((before as Snapshot).device, twin.device.save());
    if (restored !== undefined) fail('restore does not bring the state back', at, restored);
    const outputs = firstDifference((before as Snapshot).observed, twin.observe?.() ?? null) === undefined;
    for (const step of steps.slice(i, i + TAIL)) {
      // Two twins a step: the first runs ahead along the tail, so that state which matters only later is caught where it was lost.
      guarded(fail, at, () => apply(twin, step));
    }
    const ahead = snapshot(twin) as Snapshot;
    const second = options.create();
    restore(second, before, () => {});
    const mine = guarded(fail, at, () => apply(subject, steps[i]));
    const its = guarded(fail, at, () => apply(second, steps[i]));
    if (mine !== its) fail('a restored device answers differently', at, `${String(mine)} and ${String(its)}`);
    trails.push({ until: i + TAIL - 1, state: ahead.device });
    const due = trails.find((trail) => trail.until === i);
    const late = due && firstDifference(due.state, subject.device.save());
    if (late !== undefined) fail('a restored device goes another way', `${at}, ${TAIL - 1} steps after restore`, late);
    if (outputs) {
      const moved = firstDifference(subject.observe?.() ?? null, second.observe?.() ?? null);
      if (moved !== undefined) fail('a restored device drives its outputs differently', at, moved);
    }
    const apart = firstDifference((snapshot(subject) as Snapshot).device, (snapshot(second) as Snapshot).device);
    if (apart !== undefined) fail('a restored device goes another way', at, apart);
  }
  const part = (state: Plain): Plain => options.resettable?.(state) ?? state;
  guarded(fail, 'reset', () => subject.device.reset());
  const stale = firstDifference(part(options.create().device.save()), part(subject.device.save()));
  if (stale !== undefined) fail('reset does not give a new device', 'reset', stale);
}

type Snapshot = { readonly device: Plain; readonly surroundings: Plain; readonly observed: Plain };

function snapshot(subject: Subject): Plain {
  return clonePlain({ device: subject.device.save(), surroundings: subject.saveSurroundings?.() ?? null, observed: subject.observe?.() ?? null });
}

function restore(subject: Subject, state: Plain, noisy: (detail: string) => void): void {
  const { device, surroundings } = clonePlain(state) as Snapshot;
  subject.restoreSurroundings?.(surroundings);
  const before = clonePlain(subject.observe?.() ?? null);
  subject.device.restore(device);
  const difference = firstDifference(before, subject.observe?.() ?? null);
  if (difference !== undefined) noisy(`it moved output ${difference}`);
}

function randomStep(options: ConformanceOptions, random: Random): Step {
  if (random.below(5) === 0) return { kind: 'act', seed: random.below(2 ** 31) };
  const width = random.pick<Width>([1, 2, 4, 4, 4, 4, 8]);
  const offset = options.offsets && random.below(3) > 0 ? random.pick(options.offsets) : randomOffset(options.size, random);
  const from: Initiator = random.below(12) === 0 ? 'dma' : random.below(options.cpus ?? 1);
  return random.below(2) === 0 ? { kind: 'read', offset, width, from } : { kind: 'write', offset, width, value: random.value(width), from };
}

function randomOffset(size: number, random: Random): number {
  const offset = random.below(4) === 0 ? random.below(size) : random.below(Math.min(size, 0x1000));
  return random.below(4) === 0 ? offset : offset - (offset % 4);
}

function apply(subject: Subject, step: Step): bigint | undefined {
  switch (step.kind) {
    case 'read': {
      const value = subject.device.read(step.offset, step.width, step.from);
      if (typeof value !== 'bigint' || value !== BigInt.asUintN(step.width * 8, value)) throw new RangeError(`read gave ${String(value)}, not an unsigned value of ${step.width} bytes`);
      return value;
    }
    case 'write': subject.device.write(step.offset, step.width, step.value, step.from); return undefined;
    case 'act': subject.act?.(new Random(step.seed)); return undefined;
  }
}

function guarded<T>(fail: (rule: string, at: string, detail: string) => void, at: string, action: () => T): T | undefined {
  try {
    return action();
  } catch (error) {
    fail('it throws', at, error instanceof Error ? error.message : String(error));
    return undefined;
  }
}

function describe(step: Step): string {
  if (step.kind === 'act') return 'stimulus';
  return `${step.kind} ${step.width} at 0x${step.offset.toString(16)} by ${step.from}`;
}
