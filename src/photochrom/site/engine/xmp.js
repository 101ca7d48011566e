/** XMP packets: properties read, corrected, added and removed; every other letter stays as it is.
 *  As `photochrom.photo.metadata.xmp`, on the packet's own text, since workers have no XML parser.
 *  XMP specification (ISO 16684-1), parts 1 and 3: RDF/XML, of which a property may be an attribute
 *  or an element of rdf:Description. A packet with a document type is taken for damaged. */

import { escaped, parsedXml, unescaped } from "./xml.js";
import { textOfUtf8, utf8 } from "./bytes.js";

const RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#";
/** The usual prefixes; properties are named with them here ("dc:title"). */
export const NAMESPACES = {
  x: "adobe:ns:meta/",
  rdf: RDF,
  dc: "http://purl.org/dc/elements/1.1/",
  xmp: "http://ns.adobe.com/xap/1.0/",
  xmpRights: "http://ns.adobe.com/xap/1.0/rights/",
  xmpMM: "http://ns.adobe.com/xap/1.0/mm/",
  stEvt: "http://ns.adobe.com/xap/1.0/sType/ResourceEvent#",
  xmpNote: "http://ns.adobe.com/xmp/note/",
  tiff: "http://ns.adobe.com/tiff/1.0/",
  exif: "http://ns.adobe.com/exif/1.0/",
  photoshop: "http://ns.adobe.com/photoshop/1.0/",
  Iptc4xmpCore: "http://iptc.org/std/Iptc4xmpCore/1.0/xmlns/",
  Iptc4xmpExt: "http://iptc.org/std/Iptc4xmpExt/2008-02-29/",
  "mwg-rs": "http://www.metadataworkinggroup.com/schemas/regions/",
  MP: "http://ns.microsoft.com/photo/1.2/",
};
const PADDING = /^[\ufeff\0 \r\n\t]+|[\ufeff\0 \r\n\t]+$/g;
const PACKET = /<((?:\w+:)?(?:xmpmeta|xapmeta|RDF))\b[^]*<\/\1\s*>/;
const [HEAD, TAIL] = ['<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>', '<?xpacket end="w"?>'];
const EMPTY = `<x:xmpmeta xmlns:x="${NAMESPACES.x}"><rdf:RDF xmlns:rdf="${RDF}">` +
  '<rdf:Description rdf:about=""/></rdf:RDF></x:xmpmeta>';

/** Whether a packet holds nothing but padding. */
export const isBlank = (xmp) => xmp.every((byte) => [0, 32, 13, 10, 9].includes(byte));

/** One packet, to be changed in place. */
export class Packet {
  #text;
  #rdf;

  constructor(text) { this.#become(text); }

  /** The packet of UTF-8 or UTF-16, padded or not; null for a damaged one. */
  static parse(xmp) {
    if (!xmp || isBlank(xmp)) return new Packet(EMPTY);
    const text = decoded(xmp)?.replace(PADDING, "");
    if (!text || /<!DOCTYPE/i.test(text)) return null;
    const found = PACKET.exec(text);
    try {
      return found && new Packet(found[0]);
    } catch {
      return null;
    }
  }

  #become(text) {
    const root = parsedXml(text);
    const rdf = isNamed(root, RDF, "RDF") ? root : root.children.find((child) => isNamed(child, RDF, "RDF"));
    if (!rdf) throw new Error("The XMP has no RDF.");
    [this.#text, this.#rdf] = [text, rdf];
  }

  get #descriptions() {
    return this.#rdf.children.filter((child) => isNamed(child, RDF, "Description"));
  }

  /** Where a property is: [description, attribute or element]. */
  #places(name) {
    const [namespace, local] = full(name);
    const found = [];
    for (const description of this.#descriptions)
      for (const place of [...description.attributes, ...description.children])
        if (place.namespace === namespace && place.local === local) found.push([description, place]);
    return found;
  }

  has(name) { return this.#places(name).length > 0; }

  /** A property as text: of an array its first item; null where it is missing or empty. */
  text(name) {
    for (const [, place] of this.#places(name)) {
      if (!place.children) return unescaped(place.value) || null;
      const whole = this.#inside(place);
      if (whole) {
        const item = descendants(place).find((element) => isNamed(element, RDF, "li"));
        return item ? this.#inside(item) : whole;
      }
    }
    return null;
  }

  #inside(element) {
    return unescaped(this.#text.slice(element.inside, element.closing).replace(/<!--[^]*?-->|<[^>]*>/g, "")).trim();
  }

  /** Remove a property, wherever it is. */
  remove(name) {
    for (let found = this.#places(name); found.length; found = this.#places(name)) this.#cut(found[0][1]);
  }

  #cut({ start, end }) { this.#become(this.#text.slice(0, start) + this.#text.slice(end)); }

  /** Give a property that is there another value, a text or an array of texts. */
  correct(name, value) {
    if (!this.has(name)) return;
    this.remove(name);
    this.add(name, value);
  }

  /** Add a property that is not there. array: RDF's kind, "Seq", "Bag" or "Alt"; of an "Alt" the one
   *  item is the text for all languages. */
  add(name, value, array = "Seq") {
    const rdf = this.#prefix(name, "rdf");
    const own = `${this.#prefix(name)}:${full(name)[1]}`;
    if (typeof value === "string") {
      this.#insertAttribute(`${own}="${escaped(value)}"`);
      return;
    }
    const language = array === "Alt" ? ' xml:lang="x-default"' : "";
    const items = value.map((text) => `<${rdf}:li${language}>${escaped(text)}</${rdf}:li>`).join("");
    this.#insertElement(`<${own}><${rdf}:${array}>${items}</${rdf}:${array}></${own}>`);
  }

  /** Append a structure to an ordered array, which is made where it is missing. */
  append(name, fields) {
    if (!this.#places(name).some(([, place]) => place.children)) {
      this.remove(name);
      this.add(name, []);
    }
    const rdf = this.#prefix(name, "rdf");
    const texts = Object.entries(fields).map(([field, text]) => {
      const own = `${this.#prefix(field)}:${full(field)[1]}`;
      return `<${own}>${escaped(text)}</${own}>`;
    });
    const [, element] = this.#places(name).find(([, place]) => place.children);
    const item = `<${rdf}:li ${rdf}:parseType="Resource">${texts.join("")}</${rdf}:li>`;
    const list = element.children.find((child) => isNamed(child, RDF, "Seq"));
    if (list) this.#fill(list, item);
    else this.#fill(element, `<${rdf}:Seq>${item}</${rdf}:Seq>`);
  }

  /** The first description, which is made where there is none. */
  #home() {
    if (!this.#descriptions.length) {
      const rdf = this.#rdf.name.split(":").slice(0, -1).join(":");
      const own = rdf ? `${rdf}:` : "";
      const about = rdf ? `${rdf}:about=""` : "";
      this.#fill(this.#rdf, `<${own}Description ${about}/>`);
    }
    return this.#descriptions[0];
  }

  /** The prefix of a property's namespace where properties are added; declared where it is not. */
  #prefix(name, wanted = name.split(":")[0]) {
    const { scope } = this.#home();
    const namespace = NAMESPACES[wanted];
    for (const [prefix, meant] of scope) if (prefix && meant === namespace) return prefix;
    let free = wanted;
    for (let n = 1; scope.has(free); n += 1) free = `${wanted}${n}`;
    this.#insertAttribute(`xmlns:${free}="${namespace}"`);
    return free;
  }

  #insertAttribute(attribute) {
    const place = this.#home().attributesEnd;
    this.#become(`${this.#text.slice(0, place)} ${attribute}${this.#text.slice(place)}`);
  }

  #insertElement(element) { this.#fill(this.#home(), element); }

  /** Put text behind the last child of an element. */
  #fill(element, text) {
    const [before, after] = element.empty
      ? [`${this.#text.slice(0, element.attributesEnd)}>`, `</${element.name}>${this.#text.slice(element.end)}`]
      : [this.#text.slice(0, element.closing), this.#text.slice(element.closing)];
    this.#become(before + text + after);
  }

  /** Add all properties of another packet. */
  join(other) {
    for (const description of other.#descriptions) {
      const text = other.#text.slice(description.start, description.end);
      this.#fill(this.#rdf, withScope(text, description));
    }
  }

  /** Move properties, the longest first, into another packet until this one is short enough.
   *  longest: bytes. Returns the other one; null where even the empty packet is longer. */
  split(longest) {
    const moved = [];
    while (this.toBytes().length > longest) {
      const places = this.#descriptions.flatMap((description) =>
        [...description.attributes, ...description.children]
          .filter((place) => ![RDF, XMLNS].includes(place.namespace))
          .map((place) => [description, place]));
      if (!places.length) return null;
      const size = ([, place]) => place.end - place.start;
      const [description, place] = places.reduce((one, other) => (size(other) > size(one) ? other : one));
      const text = this.#text.slice(place.start, place.end);
      const [attribute, element] = place.children ? ["", text] : [text, ""];
      moved.push(withScope(`<D ${attribute}>${element}</D>`, description).replace(/^<D|D>$/g,
        (tag) => tag.replace("D", description.name)));
      this.#cut(place);
    }
    const other = new Packet(EMPTY);
    for (const text of moved) other.#fill(other.#rdf, text);
    return other;
  }

  /** The packet in UTF-8, in its wrapper or bare. */
  toBytes(wrapped = true) { return utf8(wrapped ? HEAD + this.#text + TAIL : this.#text); }
}

const XMLNS = "http://www.w3.org/2000/xmlns/";

/** The text of an element, with all namespaces that were declared around it. */
function withScope(text, { scope, attributes }) {
  const own = new Set(text.startsWith("<D ") ? [] : attributes.filter((one) => one.namespace === XMLNS)
    .map((one) => one.name));
  const missing = [...scope].map(([prefix, meant]) => [prefix ? `xmlns:${prefix}` : "xmlns", meant])
    .filter(([name]) => name !== "xmlns:xml" && !own.has(name));
  const declared = missing.map(([name, meant]) => ` ${name}="${escaped(meant)}"`).join("");
  return text.replace(/^<[^\s/>]+/, (tag) => tag + declared);
}

const isNamed = (element, namespace, local) =>
  element.namespace === namespace && element.local === local;

const descendants = (element) => element.children.flatMap((child) => [child, ...descendants(child)]);

/** Namespace and local name of "prefix:name". */
function full(name) {
  const [prefix, local] = name.split(":");
  return [NAMESPACES[prefix], local];
}

/** The text of a packet in UTF-8 or UTF-16. */
function decoded(xmp) {
  const code = { "254,255": "utf-16be", "255,254": "utf-16le", "0,60": "utf-16be", "60,0": "utf-16le" }[
    `${xmp[0]},${xmp[1]}`];
  return code ? new TextDecoder(code).decode(xmp) : textOfUtf8(xmp);
}
