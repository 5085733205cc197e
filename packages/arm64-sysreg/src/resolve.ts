/**
 * What an access by MRS, MSR, SYS or SYSL comes to: the register reached, an UNDEFINED instruction, or a trap. Levels EL0 to EL2, EL2
 * always implemented, EL3, nested virtualisation and fine-grained traps never.
 *
 * Order (DDI 0487 D1.3.5, priorities 18 to 25): an access that is UNDEFINED at its level beats every trap; then the checks of its row
 * in the written order; then redirection decides which register is reached.
 */
import { parseCheck } from './conditions.ts';
import type { Check, ControlState } from './conditions.ts';
import { unpackEncoding } from './encoding.ts';
import { ACCESS_RULES } from './facts/access.ts';
import { SYSTEM_INSTRUCTIONS } from './facts/instructions.ts';
import { E2H_REDIRECTION, EL1_SUBSTITUTES, HOST_EL0_TIMERS } from './facts/redirection.ts';
import { familyOf, indexInFamily } from './family.ts';
import { hasFeatures } from './features.ts';
import { REGISTER_LIST, classify, instructionAt } from './registers.ts';
import type { Direction, Register, RegisterName, SystemInstructionName } from './registers.ts';
import type { LevelChecks, SystemInstructionRow } from './row.ts';
import { sysregIss } from './syndrome.ts';

/** The state an access is judged in. */
export interface AccessContext extends ControlState {
  readonly el: 0 | 1 | 2;
  /** The transfer register, for the syndrome of a trap; 0 when not given. */
  readonly rt?: number;
}

/** What an access comes to. `because` is the condition that decided, in the notation of the access rules. */
export type Resolution =
  /** `view: 'virtual'`: the ICV register of the virtual CPU interface with the same encoding. */
  | { readonly kind: 'register'; readonly register: RegisterName; readonly view?: 'virtual' }
  | { readonly kind: 'instruction'; readonly instruction: SystemInstructionName }
  /** A reserved encoding of the identification space, which reads as zero (DDI 0487 D23.3.1). */
  | { readonly kind: 'zero' }
  | { readonly kind: 'undefined'; readonly because: string }
  | { readonly kind: 'trap'; readonly to: 1 | 2; readonly ec: number; readonly iss: number; readonly because: string };

/** An encoding and direction, with everything about it that does not depend on state. */
export interface Access {
  readonly packed: number;
  readonly direction: Direction;
  /** See `classify`; -1 for anything that is not a register of this package. */
  readonly index: number;
  readonly register?: Register;
  /** The registers whose values the verdict depends on (E2H and TGE appear as HCR_EL2), per level EL0, EL1, EL2. */
  readonly dependsOn: readonly [readonly RegisterName[], readonly RegisterName[], readonly RegisterName[]];
  verdict(context: AccessContext): Resolution;
}

interface Level {
  readonly permitted: boolean;
  readonly checks: readonly Check[];
}

function parseLevels(checks: LevelChecks | undefined, member?: number): readonly (readonly Check[])[] {
  return (['EL0', 'EL1', 'EL2'] as const).map((el) => (checks?.[el] ?? []).map((text) => parseCheck(text, member)));
}

const MOVING_LAYOUTS: readonly RegisterName[] = ['CPTR_EL2', 'CNTHCTL_EL2', 'SCTLR_EL2'];

function dependencies(levels: readonly Level[], redirects: readonly boolean[]): Access['dependsOn'] {
  const of = (el: number): readonly RegisterName[] => {
    const all = new Set(levels[el].checks.flatMap((c) => c.condition.dependsOn));
    // Layouts of these control registers move with E2H, and a trap to EL1 goes to EL2 when TGE is set.
    const moves = MOVING_LAYOUTS.some((name) => all.has(name)) || levels[el].checks.some((c) => c.outcome.kind === 'trap' && c.outcome.to === 1);
    if (redirects[el] || moves) all.add('HCR_EL2');
    return [...all];
  };
  return [of(0), of(1), of(2)];
}

/** A trap, with the two rules that hold for every one: TGE sends a trap to EL1 to EL2, and a floating-point one then becomes EC 0. */
function trap(access: { packed: number; direction: Direction }, to: 1 | 2, ec: number, context: AccessContext, because: string): Resolution {
  const rerouted = to === 1 && context.tge;
  const shown = rerouted && ec === 0x07 ? 0 : ec;
  const iss = shown === 0x18 ? sysregIss(access.packed, context.rt ?? 0, access.direction) : shown === 0x07 ? 0x1e0_0000 : 0;
  return { kind: 'trap', to: rerouted ? 2 : to, ec: shown, iss, because };
}

/** Runs the checks of one level; undefined when none decides. */
function judge(access: { packed: number; direction: Direction }, checks: readonly Check[], context: AccessContext): Resolution | 'virtual' | undefined {
  for (const { condition, outcome } of checks) {
    if (!condition.holds(context)) continue;
    if (outcome.kind === 'virtual') return 'virtual';
    if (outcome.kind === 'undefined') return { kind: 'undefined', because: condition.text };
    return trap(access, outcome.to, outcome.ec, context, condition.text);
  }
  return undefined;
}

const isIdentification = (op0: number, op1: number, crn: number): boolean => op0 === 3 && crn === 0 && (op1 === 0 || op1 === 1 || op1 === 3);

/** UNDEFINED, or with FEAT_IDST the trap that an EL0 read of the identification space takes instead (DDI 0487 D23.3.1). */
function undefinedAt(access: { packed: number; direction: Direction }, context: AccessContext, because: string): Resolution {
  const [op0, op1, crn] = unpackEncoding(access.packed);
  if (context.el === 0 && access.direction === 'read' && context.features.has('FEAT_IDST') && isIdentification(op0, op1, crn)) {
    return trap(access, 1, 0x18, context, 'FEAT_IDST');
  }
  return { kind: 'undefined', because };
}

/** The register an access reaches once it is allowed. */
function reached(register: Register, context: AccessContext): RegisterName {
  const { name } = register;
  if (register.alias !== undefined) return register.alias as RegisterName;
  if (context.el === 2 && context.e2h) return (E2H_REDIRECTION as Partial<Record<RegisterName, { e2h1: RegisterName }>>)[name]?.e2h1 ?? name;
  if (context.el === 0 && context.e2h && context.tge) return (HOST_EL0_TIMERS as Partial<Record<RegisterName, RegisterName>>)[name] ?? name;
  return name;
}

function registerAccess(index: number, direction: Direction): Access {
  const register = REGISTER_LIST[index];
  const { name, packed } = register;
  const rule = ACCESS_RULES[name] ?? ACCESS_RULES[familyOf(name)];
  const checks = parseLevels(rule && 'read' in rule ? rule[direction] : (rule), indexInFamily(name));
  const wanted = direction === 'read' ? ['RW', 'RO'] : ['RW', 'WO'];
  const levels = register.access.split(' ').slice(0, 3).map((column, el): Level => ({ permitted: wanted.includes(column), checks: checks[el] }));
  const redirected = Object.hasOwn(E2H_REDIRECTION, name);
  const substitute = direction === 'read' ? (EL1_SUBSTITUTES as Partial<Record<RegisterName, RegisterName>>)[name] : undefined;
  const access = { packed, direction };
  return {
    ...access, index, register,
    dependsOn: dependencies(levels, [Object.hasOwn(HOST_EL0_TIMERS, name), false, redirected]),
    verdict(context) {
      const level = levels[context.el];
      if (!hasFeatures(context.features, register.feature)) {
        const [op0, op1, crn] = register.encoding;
        // An identification register of an absent feature stays a reserved encoding of the identification space.
        if (op1 === 0 && context.el > 0 && direction === 'read' && isIdentification(op0, op1, crn)) return reservedId(access, context);
        return undefinedAt(access, context, `${name} needs ${register.feature}`);
      }
      if (!level.permitted) return undefinedAt(access, context, `${name} cannot be ${direction === 'read' ? 'read' : 'written'} at EL${context.el}`);
      const decided = judge(access, level.checks, context);
      if (decided === 'virtual') return { kind: 'register', register: name, view: 'virtual' };
      if (decided) return decided.kind === 'undefined' ? undefinedAt(access, context, decided.because) : decided;
      // EL2 is implemented, so EL1 sees the values the hypervisor chose.
      if (context.el === 1 && substitute) return { kind: 'register', register: substitute };
      return { kind: 'register', register: reached(register, context) };
    },
  };
}

function instructionAccess(packed: number, name: SystemInstructionName): Access {
  const row: SystemInstructionRow = SYSTEM_INSTRUCTIONS[name];
  const checks = parseLevels(row.rules);
  const levels = row.access.split(' ').map((column, el): Level => ({ permitted: column === 'W', checks: checks[el] }));
  const access = { packed, direction: 'write' as const };
  return {
    ...access, index: -1,
    dependsOn: dependencies(levels, [false, false, false]),
    verdict(context) {
      const level = levels[context.el];
      if (!hasFeatures(context.features, row.feature)) return { kind: 'undefined', because: `${name} needs ${row.feature}` };
      if (!level.permitted) return { kind: 'undefined', because: `${name} cannot be executed at EL${context.el}` };
      const decided = judge(access, level.checks, context);
      return decided === undefined || decided === 'virtual' ? { kind: 'instruction', instruction: name } : decided;
    },
  };
}

const TID3 = parseCheck('HCR_EL2.TID3=1 -> EL2 0x18');
const TIDCP = parseCheck('HCR_EL2.TIDCP=1 -> EL2 0x18');

function reservedId(access: { packed: number; direction: Direction }, context: AccessContext): Resolution {
  const trapped = context.el === 1 ? judge(access, [TID3], context) : undefined;
  return trapped === undefined || trapped === 'virtual' ? { kind: 'zero' } : trapped;
}

/** Encodings without a row: reserved identification registers, the implementation defined space, and everything unallocated. */
function unallocatedAccess(packed: number, direction: Direction): Access {
  const [op0, op1, crn, crm] = unpackEncoding(packed);
  const reserved = op0 === 3 && op1 === 0 && crn === 0 && crm >= 1 && crm <= 7 && direction === 'read';
  const implementationDefined = (op0 === 3 || op0 === 1) && (crn === 11 || crn === 15);
  const access = { packed, direction };
  return {
    ...access, index: -1, dependsOn: [['HCR_EL2'], reserved || implementationDefined ? ['HCR_EL2'] : [], []],
    verdict(context) {
      if (reserved && context.el > 0) return reservedId(access, context);
      if (implementationDefined && context.el === 1) {
        const trapped = judge(access, [TIDCP], context);
        if (trapped !== undefined && trapped !== 'virtual') return trapped;
      }
      return undefinedAt(access, context, implementationDefined ? 'implementation defined, and this processor defines nothing there' : 'unallocated');
    },
  };
}

const compiled = new Map<number, Access>();

/**
 * Everything about an access that can be known before the state is. Compiled once per encoding and direction. A processor keeps
 * verdicts per state and drops them when a register in `dependsOn` changes. `packed` is a packed encoding (0 to 0xffff).
 */
export function compileAccess(packed: number, direction: Direction): Access {
  const key = direction === 'read' ? packed : packed | 0x1_0000;
  let access = compiled.get(key);
  if (!access) {
    const index = classify(packed, direction);
    const instruction = direction === 'write' ? instructionAt(packed) : undefined;
    access = index >= 0 ? registerAccess(index, direction)
      : instruction !== undefined ? instructionAccess(packed, instruction)
      : unallocatedAccess(packed, direction);
    compiled.set(key, access);
  }
  return access;
}

/** What an access comes to in a state. Total: every packed encoding, level and control value has a verdict, and nothing throws. */
export function resolve(packed: number, context: AccessContext, direction: Direction): Resolution {
  return compileAccess(packed, direction).verdict(context);
}

let controls: ReadonlySet<RegisterName> | undefined;

/** Every register that some verdict depends on: a write to any other never changes one. */
export function controlRegisters(): ReadonlySet<RegisterName> {
  if (controls) return controls;
  const rules = Object.values(ACCESS_RULES).flatMap((rule) => ('read' in rule ? [rule.read, rule.write] : [rule]));
  const instructions = Object.values(SYSTEM_INSTRUCTIONS).map((row: SystemInstructionRow) => row.rules ?? {});
  const texts = new Set([...rules, ...instructions].flatMap((levels) => Object.values<readonly string[]>(levels).flat()));
  // HCR_EL2 for redirection; a family's number does not change what its checks depend on.
  controls = new Set(['HCR_EL2', ...[...texts].flatMap((text) => parseCheck(text, 0).condition.dependsOn)]);
  return controls;
}
