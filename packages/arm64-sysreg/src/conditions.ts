/**
 * The conditions of the access rules, in the notation they are written in:
 *
 *   HCR_EL2.TVM=1                      a field against a binary pattern; `x` in a pattern matches both
 *   MDCR_EL2.{TDE,TDA}!=00             fields joined in the written order
 *   CPTR_EL2.FPEN in {x0}              against several patterns
 *   not(A) & B, (A | B)                as usual; `&` binds tighter than `|`
 *   m>=NUM_BREAKPOINTS                 the register's number in its family against an implemented count (see COUNTS)
 *   PSTATE.SP=0                        the stack pointer in use
 *   EL2 implemented, outside Debug state   always true here; written out so that a verdict can say why
 */
import { masksOf, rangesOf } from './features.ts';
import type { Features } from './features.ts';
import { layoutOf, isRegisterName } from './registers.ts';
import type { RegisterName } from './registers.ts';

/** What conditions are evaluated against. */
export interface ControlState {
  /** HCR_EL2.E2H and HCR_EL2.TGE as they act, given apart because redirection and layouts need them too. */
  readonly e2h: boolean;
  readonly tge: boolean;
  readonly features: Features;
  /**
   * The stored value of a control register, or the constant of one that tells a count (PMCR_EL0.N, ICH_VTR_EL2, ICC_CTLR_EL1.PRIbits,
   * ID_AA64DFR0_EL1): the register itself, not what the present level would see. Fields whose feature is missing count as absent
   * whatever it holds.
   */
  read(register: RegisterName): bigint;
}

/** A parsed condition: whether it holds, and which registers that depends on. */
export interface Condition {
  readonly text: string;
  readonly dependsOn: readonly RegisterName[];
  holds(state: ControlState): boolean;
}

type Test = (state: ControlState) => boolean;

const ALWAYS = new Set(['EL2 implemented', 'outside Debug state']);

/** How many registers of a family there are: the field that tells, and the count it stands for. */
interface Count {
  readonly register: RegisterName;
  readonly field: string;
  readonly of: (value: bigint) => bigint;
}

const COUNTS: Readonly<Record<string, Count>> = {
  NUM_BREAKPOINTS: { register: 'ID_AA64DFR0_EL1', field: 'BRPs', of: (v) => v + 1n },
  NUM_WATCHPOINTS: { register: 'ID_AA64DFR0_EL1', field: 'WRPs', of: (v) => v + 1n },
  NUM_COUNTERS: { register: 'PMCR_EL0', field: 'N', of: (v) => v },
  NUM_LIST_REGISTERS: { register: 'ICH_VTR_EL2', field: 'ListRegs', of: (v) => v + 1n },
  // One register for 5 preemption bits, two for 6, four for 7; the fields hold the number of bits minus one.
  NUM_VIRTUAL_ACTIVE_PRIORITIES: { register: 'ICH_VTR_EL2', field: 'PREbits', of: (v) => 1n << (v > 4n ? v - 4n : 0n) },
  NUM_ACTIVE_PRIORITIES: { register: 'ICC_CTLR_EL1', field: 'PRIbits', of: (v) => 1n << (v > 4n ? v - 4n : 0n) },
};

/** A field's value, by the layout that E2H selects, with its feature gate applied. A field the layout lacks reads 0. */
function fieldReader(register: RegisterName, field: string): (state: ControlState) => { value: bigint; width: number } {
  const prepared = [false, true].map((e2h) => {
    const layout = layoutOf(register, { e2h });
    const spec = layout.fields[field];
    return { layout, ranges: spec === undefined ? [] : rangesOf(spec) };
  });
  if (prepared.every((p) => p.ranges.length === 0)) throw new SyntaxError(`${register} has no field ${field} in any layout`);
  const cache = new WeakMap<Features, { implemented: bigint; ones: bigint }[]>();
  const masks = (features: Features): { implemented: bigint; ones: bigint }[] => {
    let known = cache.get(features);
    if (!known) {
      known = prepared.map(({ layout }) => {
        const m = masksOf(layout, features);
        return { implemented: m.implemented, ones: m.res1 | m.rao };
      });
      cache.set(features, known);
    }
    return known;
  };
  return (state) => {
    const { ranges } = prepared[state.e2h ? 1 : 0];
    const { implemented, ones } = masks(state.features)[state.e2h ? 1 : 0];
    const stored = (state.read(register) & implemented) | ones;
    let value = 0n;
    let width = 0;
    for (const [high, low] of ranges) {
      const size = high - low + 1;
      value = (value << BigInt(size)) | ((stored >> BigInt(low)) & ((1n << BigInt(size)) - 1n));
      width += size;
    }
    return { value, width: width || 1 };
  };
}

/** E2H and TGE come from the state itself, everything else from the register. */
function operand(register: RegisterName, field: string): (state: ControlState) => { value: bigint; width: number } {
  if (register === 'HCR_EL2' && field === 'E2H') return (s) => ({ value: s.e2h ? 1n : 0n, width: 1 });
  if (register === 'HCR_EL2' && field === 'TGE') return (s) => ({ value: s.tge ? 1n : 0n, width: 1 });
  return fieldReader(register, field);
}

/** `x` in a pattern matches both; the pattern's width need not be the value's (a single `1` against a one-bit field). */
function matches(value: bigint, pattern: string): boolean {
  for (let i = 0; i < pattern.length; i++) {
    const want = pattern[pattern.length - 1 - i];
    if (want !== 'x' && BigInt(want === '1' ? 1 : 0) !== ((value >> BigInt(i)) & 1n)) return false;
  }
  return value >> BigInt(pattern.length) === 0n;
}

const ATOM = /^(\w+)\.(?:\{([\w,]+)\}|(\w+))\s*(!=|=| in )\s*(?:\{([01x,]+)\}|([01x]+))/;

class Parser {
  private at = 0;
  private readonly depends = new Set<RegisterName>();
  private readonly text: string;
  private readonly member: number | undefined;

  constructor(text: string, member: number | undefined) {
    this.text = text;
    this.member = member;
  }

  parse(): Condition {
    const test = this.alternatives();
    if (this.rest() !== '') this.fail('unexpected text');
    return { text: this.text, dependsOn: [...this.depends], holds: test };
  }

  private rest(): string {
    return this.text.slice(this.at).trimStart();
  }

  private take(token: string): boolean {
    const rest = this.rest();
    if (!rest.startsWith(token)) return false;
    this.at = this.text.length - rest.length + token.length;
    return true;
  }

  private fail(why: string): never {
    throw new SyntaxError(`access condition "${this.text}": ${why} at "${this.rest()}"; see conditions.ts for the notation`);
  }

  private alternatives(): Test {
    const tests = [this.conjunction()];
    while (this.take('|')) tests.push(this.conjunction());
    return tests.length === 1 ? tests[0] : (s) => tests.some((t) => t(s));
  }

  private conjunction(): Test {
    const tests = [this.primary()];
    while (this.take('&')) tests.push(this.primary());
    return tests.length === 1 ? tests[0] : (s) => tests.every((t) => t(s));
  }

  private primary(): Test {
    for (const phrase of ALWAYS) if (this.take(phrase)) return () => true;
    if (this.take('not(')) return this.closed((t) => (s) => !t(s));
    if (this.take('(')) return this.closed((t) => t);
    if (this.take('m>=')) return this.count();
    if (this.take('PSTATE.SP=0')) return this.stackPointer();
    return this.comparison();
  }

  private closed(wrap: (t: Test) => Test): Test {
    const inner = this.alternatives();
    if (!this.take(')')) this.fail('missing )');
    return wrap(inner);
  }

  private stackPointer(): Test {
    this.depends.add('SPSel');
    return (s) => (s.read('SPSel') & 1n) === 0n;
  }

  private count(): Test {
    const name = Object.keys(COUNTS).find((n) => this.take(n));
    const { member } = this;
    if (name === undefined) this.fail('unknown count');
    if (member === undefined) this.fail('m, but the register is not one of a numbered family,');
    const { register, field, of } = COUNTS[name];
    this.depends.add(register);
    const read = fieldReader(register, field);
    return (s) => BigInt(member) >= of(read(s).value);
  }

  private comparison(): Test {
    const match = ATOM.exec(this.rest());
    if (!match) this.fail('no condition');
    const [whole, register, list, single, operator, set, pattern] = match;
    if (!isRegisterName(register)) this.fail(`no register ${register}`);
    this.take(whole);
    this.depends.add(register);
    const operands = (list?.split(',') ?? [single]).map((f) => operand(register, f));
    const patterns = set?.split(',') ?? [pattern];
    return (s) => {
      let value = 0n;
      for (const read of operands) {
        const part = read(s);
        value = (value << BigInt(part.width)) | part.value;
      }
      return patterns.some((p) => matches(value, p)) === (operator !== '!=');
    };
  }
}

/** Fewer than a hundred texts make up all rules, so each is parsed once. */
const parsed = new Map<string, Condition>();

/** Parses a condition. `member` is the register's number in its family, for `m`. Throws SyntaxError naming the text and the place. */
export function parseCondition(text: string, member?: number): Condition {
  const key = text.includes('m>=') ? `${text} ${member}` : text;
  let condition = parsed.get(key);
  if (!condition) {
    condition = new Parser(text, member).parse();
    parsed.set(key, condition);
  }
  return condition;
}

export type Outcome = { readonly kind: 'undefined' } | { readonly kind: 'virtual' } | { readonly kind: 'trap'; readonly to: 1 | 2; readonly ec: number };

/** One check: when the condition holds, the outcome is decided. */
export interface Check {
  readonly condition: Condition;
  readonly outcome: Outcome;
}

/** Parses `'HCR_EL2.TVM=1 -> EL2 0x18'`. Throws SyntaxError. */
export function parseCheck(text: string, member?: number): Check {
  const [condition, outcome, ...more] = text.split(' -> ');
  const trap = /^EL([12]) (0x[0-9a-fA-F]{2})$/.exec(outcome ?? '');
  if (condition === undefined || outcome === undefined || more.length > 0 || !(trap || outcome === 'UNDEFINED' || outcome === 'virtual')) {
    throw new SyntaxError(`access check "${text}": write "condition -> EL2 0x18", "condition -> UNDEFINED" or "condition -> virtual"`);
  }
  const when = parseCondition(condition, member);
  if (trap) return { condition: when, outcome: { kind: 'trap', to: trap[1] === '1' ? 1 : 2, ec: Number(trap[2]) } };
  return { condition: when, outcome: { kind: outcome === 'virtual' ? 'virtual' : 'undefined' } };
}
