// Turns the field lists of the facts into layouts: names that are identifiers, split and adjacent pieces joined, tags for the
// conditions under which a layout holds. Used by generate.mjs.

/** Condition texts of the facts and the tag each gets in code; `when` keeps the text. */
const TAGS = [
  [/^HCR_EL2\.E2H=0/, 'e2h0'], [/^HCR_EL2\.E2H=1/, 'e2h1'],
  [/^saved from AArch64/, 'aarch64'], [/^saved from AArch32/, 'aarch32'],
  [/^F=0/, 'translated'], [/^F=1/, 'aborted'],
  [/^BT=0b000x \(/, 'address'], [/^BT=0b000x with/, 'addressLva'], [/^BT=0b001x/, 'context'], [/^BT=0b100x/, 'vmid'],
  [/^BT=0b101x/, 'vmidContext'], [/^BT=0b110x/, 'context2'], [/^BT=0b111x/, 'bothContexts'],
  [/^DISR_EL1\.IDS=0/, 'architected'], [/^DISR_EL1\.IDS=1/, 'implementationDefined'],
  [/^FEAT_AA32$/, 'aa32'], [/^FEAT_CCIDX/, 'ccidx'], [/^FEAT_LVA/, 'lva'], [/^FEAT_PMUv3p5/, 'pmuv3p5'],
  [/^FEAT_AA32EL1 is not/, 'noAa32'], [/^EL3$/, 'el3'], [/^EL3 is not/, 'noEl3'],
  [/^TTBCR\.EAE=0/, 'shortDescriptor'], [/^TTBCR\.EAE=1/, 'longDescriptor'],
  [/^EL1 is using AArch64/, 'aarch64'], [/LPAE=0/, 'aarch32Short'], [/LPAE=1/, 'aarch32Long'], [/^EL1 is using AArch32/, 'aarch32'],
  [/^OSLSR_EL1\.OSLK=1/, 'osLocked'],
];

function tagOf(register, when, siblings) {
  if (when === undefined || when === null) return siblings === 1 ? 'only' : 'base';
  if (register === 'ID_MMFR4_EL1' && when === 'FEAT_RAS') return 'otherwise';
  if (when === 'otherwise') return ['CPTR_EL2', 'CNTHCTL_EL2'].includes(register) ? 'e2h0' : 'otherwise';
  const hit = TAGS.find(([pattern]) => pattern.test(when));
  if (!hit) throw new Error(`${register}: no tag for the layout "${when}"; add a row to TAGS`);
  return hit[1];
}

/** `FIPA[51:48]` → base FIPA with the position its pieces are ordered by; `Ttype<n>` → Ttype; `E[63]` → E63. */
function identifier(register, name) {
  if (register === 'PMSEVFR_EL1') return { id: name.replace(/\[(\d+)\]/, '$1') };
  if (name === 'M[4]') return { id: 'M4' };
  const piece = /^(\w+)\[(\d+):(\d+)\]$/.exec(name);
  if (piece) return { id: piece[1], order: Number(piece[2]) };
  return { id: name.replace(/<\w>$/, '') };
}

const needsText = (feature) => (Array.isArray(feature) ? feature.join('|') : feature);

function join(ranges) {
  const out = [];
  for (const [hi, lo] of ranges) {
    const last = out[out.length - 1];
    if (last && last[1] === hi + 1) last[1] = lo;
    else out.push([hi, lo]);
  }
  return out;
}

/** The layouts of one register: [{ tag, when, fields, needs, absent, res0, res1, raz, unknown }]. */
export function layoutsOf(row) {
  const groups = new Map();
  for (const field of row.fields) {
    const list = groups.get(field.layout) ?? [];
    list.push(field.kind === 'array' ? { ...field, name: field.name, kind: 'field', hi: 7, lo: 0 } : field);
    groups.set(field.layout, list);
  }
  return [...groups].map(([when, list]) => {
    const layout = { tag: tagOf(row.name, when, groups.size), when, fields: {}, needs: {}, absent: {}, res0: [], res1: [], raz: [], unknown: [], docs: {} };
    const pieces = new Map();
    for (const field of [...list].sort((a, b) => b.hi - a.hi)) {
      const range = [field.hi, field.lo];
      if (field.kind === 'RES0') layout.res0.push(range);
      else if (field.kind === 'RES1') layout.res1.push(range);
      else if (field.kind === 'UNKNOWN') layout.unknown.push(range);
      else if (field.kind.startsWith('RAZ')) layout.raz.push(range);
      else {
        const { id, order } = identifier(row.name, field.name);
        const list = pieces.get(id) ?? [];
        list.push({ range, order: order ?? field.hi, field });
        pieces.set(id, list);
      }
    }
    for (const [id, list] of pieces) {
      list.sort((a, b) => b.order - a.order);
      const ranges = join(list.map((p) => p.range));
      layout.fields[id] = ranges.length > 1 ? ranges : ranges[0][0] === ranges[0][1] ? ranges[0][0] : ranges[0];
      for (const { range, field } of list) {
        const key = list.length > 1 ? `${id}[${range[0]}:${range[1]}]` : id;
        if (field.feature) layout.needs[key] = needsText(field.feature);
        if (field.else && field.else !== 'RES0') layout.absent[key] = field.else;
        const values = field.values ?? undefined;
        if (field.brief || values || field.codes?.length) {
          layout.docs[id] = {
            ...(layout.docs[id] ?? {}),
            ...(field.brief ? { brief: field.brief } : {}),
            ...(values ? { values: Object.fromEntries(Object.entries(values).map(([k, v]) => [Number(k), v])) } : {}),
            ...(!values && field.codes?.length ? { codes: field.codes.map(Number).filter((n) => !Number.isNaN(n)) } : {}),
          };
        }
      }
    }
    return layout;
  });
}

const KEY = /^[A-Za-z_]\w*$/;
const quoteKey = (k) => (KEY.test(k) || /^\d+$/.test(k) ? k : `'${k}'`);

/** JavaScript source of a plain value, in the project's style: single quotes, spaces inside braces. */
export function source(value) {
  if (typeof value === 'string') return value.includes("'") ? JSON.stringify(value) : `'${value.replaceAll('\\', '\\\\')}'`;
  if (typeof value === 'bigint') return `0x${value.toString(16)}n`;
  if (Array.isArray(value)) return `[${value.map(source).join(', ')}]`;
  if (value && typeof value === 'object') {
    const entries = Object.entries(value).filter(([, v]) => v !== undefined);
    return entries.length ? `{ ${entries.map(([k, v]) => `${quoteKey(k)}: ${source(v)}`).join(', ')} }` : '{}';
  }
  return String(value);
}

/** Breaks one long source line after commas so that no line passes `width`. */
export function wrap(text, indent, width = 138) {
  const lines = [];
  let rest = text;
  let first = true;
  while ((first ? '' : indent).length + rest.length > width) {
    const room = width - (first ? 0 : indent.length);
    let at = -1;
    let quoted = '';
    for (let i = 0; i < room; i++) {
      const c = rest[i];
      if (quoted) { if (c === quoted) quoted = ''; } else if (c === "'" || c === '"') quoted = c;
      else if (c === ',' && rest[i + 1] === ' ' && !(/\[\d+$/.test(rest.slice(0, i)) && /^, \d+\]/.test(rest.slice(i)))) at = i + 1;
    }
    if (at < 0) break;
    lines.push((first ? '' : indent) + rest.slice(0, at));
    rest = rest.slice(at + 1);
    first = false;
  }
  lines.push((first ? '' : indent) + rest);
  return lines.join('\n');
}
