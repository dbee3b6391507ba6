/** The little XML that S3 speaks. */
import { ownEntry } from '../own-entry.ts';

type XmlValue = string | number | boolean | XmlElements | readonly XmlElements[];
/** Element names to contents; a list repeats the element; undefined leaves it out. */
export interface XmlElements {
  readonly [name: string]: XmlValue | undefined;
}

const NAMESPACE = 'http://s3.amazonaws.com/doc/2006-03-01/';

export function writeXml(root: string, elements: XmlElements, namespace = true): string {
  const attribute = namespace ? ` xmlns="${NAMESPACE}"` : '';
  return `<?xml version="1.0" encoding="UTF-8"?>\n<${root}${attribute}>${inner(elements)}</${root}>`;
}

function inner(elements: XmlElements): string {
  let text = '';
  for (const [name, value] of Object.entries(elements)) {
    if (value === undefined) continue;
    for (const each of Array.isArray(value) ? (value as readonly XmlElements[]) : [value]) {
      text += `<${name}>${typeof each === 'object' ? inner(each as XmlElements) : escapeXml(String(each))}</${name}>`;
    }
  }
  return text;
}

function escapeXml(text: string): string {
  return text.replaceAll(/[&<>"\r\n\t]/g, (character) => {
    switch (character) {
      case '&':
        return '&amp;';
      case '<':
        return '&lt;';
      case '>':
        return '&gt;';
      case '"':
        return '&quot;';
      default:
        return `&#${String(character.charCodeAt(0))};`;
    }
  });
}

/** An element as it was read: its text, and the elements in it. */
export interface ReadElement {
  readonly name: string;
  readonly text: string;
  readonly children: readonly ReadElement[];
}

interface OpenElement {
  name: string;
  text: string;
  children: ReadElement[];
}

const TOKEN =
  /<\?[^]*?\?>|<!--[^]*?-->|<!\[CDATA\[([^]*?)\]\]>|<(\/?)([A-Za-z_][\w.:-]*)((?:\s+[\w.:-]+\s*=\s*(?:"[^"]*"|'[^']*'))*)\s*(\/?)>|([^<]+)/y;

/** Reads elements and text; attributes are passed over, a document type is refused. @throws Error when malformed */
export function readXml(text: string): ReadElement {
  const top: OpenElement = { name: '', text: '', children: [] };
  const open: OpenElement[] = [top];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < text.length) {
    const match = TOKEN.exec(text);
    if (match === null) throw new Error('malformed XML');
    const [, data, slash, name, , selfClosing, plain] = match;
    const current = open.at(-1) ?? top;
    if (data !== undefined) {
      current.text += data;
    } else if (plain !== undefined) {
      current.text += unescapeXml(plain);
    } else if (name !== undefined && slash === '/') {
      const local = localName(name);
      const closed = open.pop();
      if (closed === undefined || closed === top || closed.name !== local)
        throw new Error(`unexpected </${name}>`);
    } else if (name !== undefined) {
      const element: OpenElement = { name: localName(name), text: '', children: [] };
      current.children.push(element);
      if (selfClosing !== '/') open.push(element);
    }
  }
  const [root] = top.children;
  if (open.length !== 1 || root === undefined) throw new Error('malformed XML');
  return root;
}

/** Text of the first child of that name. */
export function childText(element: ReadElement, name: string): string | undefined {
  return element.children.find((child) => child.name === name)?.text;
}

function localName(name: string): string {
  return name.slice(name.indexOf(':') + 1);
}

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

function unescapeXml(text: string): string {
  return text.replaceAll(
    /&(?:#x([0-9a-fA-F]+)|#([0-9]+)|(\w+));/g,
    (found, hex?: string, decimal?: string, name?: string) => {
      if (hex !== undefined) return String.fromCodePoint(Number.parseInt(hex, 16));
      if (decimal !== undefined) return String.fromCodePoint(Number(decimal));
      return ownEntry(ENTITIES, name ?? '') ?? found;
    },
  );
}
