import { protocolError } from '../error.ts';

/** An element of an XML document; text and comments between elements are dropped. */
export interface XmlElement {
  readonly name: string;
  readonly attributes: ReadonlyMap<string, string>;
  readonly children: readonly XmlElement[];
  /** The character data directly inside, joined and trimmed. */
  readonly text: string;
}

/** Elements nest at most this deep; target descriptions need five. */
const MAX_DEPTH = 32;

const ENTITIES: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };

/**
 * The root element of the XML that targets send. The subset is what gdb's own parser needs for the DTDs it ships: elements, attributes,
 * character data, comments, CDATA, processing instructions, a DOCTYPE that is skipped, and the predefined and numeric entities.
 * Entities declared in a DOCTYPE are not expanded, so a small document cannot become a large one.
 *
 * @throws GdbError `protocol` for anything that is not well-formed.
 */
export function parseXml(text: string): XmlElement {
  return new XmlReader(text).document();
}

interface OpenElement {
  readonly name: string;
  readonly attributes: Map<string, string>;
  readonly children: XmlElement[];
  text: string;
}

class XmlReader {
  private readonly source: string;
  private at = 0;

  constructor(source: string) {
    this.source = source;
  }

  document(): XmlElement {
    const open: OpenElement[] = [];
    let root: XmlElement | undefined;
    while (this.at < this.source.length) {
      const top = open.at(-1);
      const next = this.source.indexOf('<', this.at);
      const data = this.source.slice(this.at, next < 0 ? undefined : next);
      if (top !== undefined) top.text += unescape(data);
      else if (data.replace('\ufeff', '').trim() !== '') throw this.broken('text outside the root element');
      if (next < 0) break;
      this.at = next;
      if (this.skipMarkup(top)) continue;
      if (this.source.startsWith('</', this.at)) {
        const closed = this.close(open);
        const parent = open.at(-1);
        if (parent === undefined) root = closed;
        else parent.children.push(closed);
        continue;
      }
      if (root !== undefined) throw this.broken('a second root element');
      const { element, empty } = this.open();
      if (!empty) {
        if (open.length === MAX_DEPTH) throw this.broken(`elements nested more than ${MAX_DEPTH} deep`);
        open.push(element);
      } else if (top === undefined) root = element;
      else top.children.push(element);
    }
    if (root === undefined || open.length > 0) throw this.broken(root === undefined && open.length === 0 ? 'no element' : `no end of <${open.at(-1)?.name ?? ''}>`);
    return root;
  }

  /** Comments, CDATA (into the element's text), processing instructions and DOCTYPE. */
  private skipMarkup(top: OpenElement | undefined): boolean {
    const rest = (prefix: string): boolean => this.source.startsWith(prefix, this.at);
    if (rest('<!--')) this.skipPast('-->', 4);
    else if (rest('<![CDATA[')) {
      const from = this.at + 9;
      this.skipPast(']]>', 9);
      if (top !== undefined) top.text += this.source.slice(from, this.at - 3);
    } else if (rest('<?')) this.skipPast('?>', 2);
    else if (rest('<!DOCTYPE')) this.skipDoctype();
    else return false;
    return true;
  }

  private skipPast(end: string, from: number): void {
    const found = this.source.indexOf(end, this.at + from);
    if (found < 0) throw this.broken(`no ${end}`);
    this.at = found + end.length;
  }

  /** To the `>` outside quotes and outside the internal subset's brackets. */
  private skipDoctype(): void {
    let quote = '';
    let depth = 0;
    for (; this.at < this.source.length; this.at++) {
      const c = this.source[this.at];
      if (quote !== '') {
        if (c === quote) quote = '';
      } else if (c === '"' || c === "'") quote = c;
      else if (c === '[') depth++;
      else if (c === ']') depth--;
      else if (c === '>' && depth === 0) {
        this.at++;
        return;
      }
    }
    throw this.broken('no end of DOCTYPE');
  }

  private open(): { element: OpenElement; empty: boolean } {
    const tag = /<([A-Za-z_][\w:.-]*)((?:\s+[A-Za-z_][\w:.-]*\s*=\s*(?:"[^"<]*"|'[^'<]*'))*)\s*(\/?)>/y;
    tag.lastIndex = this.at;
    const match = tag.exec(this.source);
    if (match === null) throw this.broken('a malformed tag');
    this.at = tag.lastIndex;
    const attributes = new Map<string, string>();
    for (const [, name, double, single] of match[2].matchAll(/([\w:.-]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/g)) {
      if (attributes.has(name)) throw this.broken(`attribute ${name} twice`);
      attributes.set(name, unescape((double) ?? single));
    }
    return { element: { name: match[1], attributes, children: [], text: '' }, empty: match[3] === '/' };
  }

  private close(open: OpenElement[]): XmlElement {
    const tag = /<\/([A-Za-z_][\w:.-]*)\s*>/y;
    tag.lastIndex = this.at;
    const match = tag.exec(this.source);
    const element = open.pop();
    if (match === null || element?.name !== match[1]) throw this.broken('an end tag without its start tag');
    this.at = tag.lastIndex;
    return { ...element, text: element.text.trim() };
  }

  private broken(what: string): Error {
    return protocolError(this.source.slice(Math.max(0, this.at - 20), this.at + 40), `XML with ${what} at character ${this.at}`);
  }
}

function unescape(text: string): string {
  return text.replace(/&(#x[0-9a-fA-F]{1,6}|#\d{1,7}|\w+);/g, (whole, name: string) => {
    if (!name.startsWith('#')) return ENTITIES[name] ?? whole;
    const code = name[1] === 'x' ? parseInt(name.slice(2), 16) : parseInt(name.slice(1), 10);
    return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
  });
}
