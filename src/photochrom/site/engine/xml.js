/** XML as a tree of places in its text: enough for XMP. XML 1.0; Namespaces in XML 1.0. */

const XML = "http://www.w3.org/XML/1998/namespace";
const XMLNS = "http://www.w3.org/2000/xmlns/";
/** Elements inside each other; more is meant to exhaust the stack. */
const DEEPEST = 100;
const SKIPPED = /[^<]+|<!--[^]*?-->|<!\[CDATA\[[^]*?\]\]>|<\?[^]*?\?>/y;
const CLOSING = /<\/([^\s>]+)\s*>/y;
const OPENING = /<([^\s/>!?=]+)/y;
const ATTRIBUTE = /\s+([^\s=/>]+)\s*=\s*("[^"<]*"|'[^'<]*')/y;
const OPENED = /\s*(\/?)>/y;
const ENTITIES = { lt: "<", gt: ">", amp: "&", quot: '"', apos: "'" };
const NO_XML = /[^\t\n\r\x20-\ud7ff\ud800-\udfff\ue000-\ufffd]/g;

/** The tree of an XML text without a document type; throws where it is damaged.
 *
 *  Of an element: name, namespace, local; start and end of all of it; attributesEnd: where another
 *  attribute fits; inside and closing: where its content begins and ends; empty: whether it closes
 *  itself; scope: namespaces by prefix; attributes; children. Of an attribute: name, namespace,
 *  local, value as it is written; start, with the space before it, and end. */
export function parsedXml(text) {
  const root = { children: [], scope: new Map([["xml", XML]]) };
  const open = [root];
  let place = 0;
  const match = (expression) => {
    expression.lastIndex = place;
    const found = expression.exec(text);
    if (found) place = expression.lastIndex;
    return found;
  };
  const fail = () => { throw new Error("The XML is damaged."); };
  while (place < text.length) {
    const start = place;
    if (match(SKIPPED)) continue;
    const closed = match(CLOSING);
    if (closed) {
      const element = open.pop();
      if (element.name !== closed[1] || !open.length) fail();
      Object.assign(element, { closing: start, end: place });
      continue;
    }
    const opened = match(OPENING);
    if (!opened || open.length > DEEPEST) fail();
    const attributes = [];
    for (let from = place, found = match(ATTRIBUTE); found; from = place, found = match(ATTRIBUTE))
      attributes.push({ name: found[1], value: found[2].slice(1, -1), start: from, end: place });
    const attributesEnd = place;
    const end = match(OPENED);
    if (!end) fail();
    const empty = end[1] === "/";
    const scope = scopeOf(attributes, open.at(-1).scope);
    const element = { ...named(opened[1], scope, scope.get("")), start, end: place, attributesEnd,
      inside: place, closing: place, empty, scope, attributes, children: [] };
    for (const attribute of attributes) Object.assign(attribute, named(attribute.name, scope, ""));
    open.at(-1).children.push(element);
    if (!empty) open.push(element);
  }
  if (open.length !== 1 || root.children.length !== 1) fail();
  return root.children[0];
}

function scopeOf(attributes, outer) {
  const declared = attributes.filter(({ name }) => /^xmlns(:|$)/.test(name));
  if (!declared.length) return outer;
  return new Map([...outer, ...declared.map(({ name, value }) => [name.slice(6), unescaped(value)])]);
}

function named(name, scope, bare) {
  if (name === "xmlns" || name.startsWith("xmlns:")) return { name, namespace: XMLNS, local: name.slice(6) };
  const colon = name.indexOf(":");
  const namespace = colon < 0 ? bare ?? "" : scope.get(name.slice(0, colon));
  if (namespace === undefined) throw new Error("The XML has a prefix without a namespace.");
  return { name, namespace, local: name.slice(colon + 1) };
}

/** A text for XML, without the characters that XML does not have. */
export const escaped = (text) => text.replace(NO_XML, "").replace(/[&<>"\n\r\t]/g, (letter) =>
  letter >= " " ? `&${Object.keys(ENTITIES).find((name) => ENTITIES[name] === letter)};`
    : `&#${letter.charCodeAt(0)};`);

/** The text of what stands in XML. */
export const unescaped = (text) => text.replace(/&(#x[0-9a-f]+|#\d+|\w+);/gi, (whole, name) => {
  if (name[0] !== "#") return ENTITIES[name] ?? whole;
  const code = /^#x/i.test(name) ? parseInt(name.slice(2), 16) : parseInt(name.slice(1), 10);
  return code <= 0x10ffff ? String.fromCodePoint(code) : "";
});
