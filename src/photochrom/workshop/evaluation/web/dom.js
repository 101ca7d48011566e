const SVG = "http://www.w3.org/2000/svg";

/** An HTML element. Attributes that are functions become listeners; children that are strings
 *  become text and never markup, so names and keys need no escaping. */
export function element(tag, attributes = {}, ...children) {
  return filled(document.createElement(tag), attributes, children);
}

/** The same for SVG. */
export function shape(tag, attributes = {}, ...children) {
  return filled(document.createElementNS(SVG, tag), attributes, children);
}

function filled(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") node.addEventListener(name, value);
    else if (value !== null && value !== undefined && value !== false)
      node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.flat(Infinity).filter((child) => child !== null));
  return node;
}

/** A labelled list to choose from; options are {value, label}, `changed` gets the value. */
export function choice(label, options, value, changed) {
  const select = element(
    "select",
    { change: (event) => changed(event.target.value) },
    options.map((option) =>
      element("option", { value: option.value, selected: option.value === value }, option.label)),
  );
  return element("label", { class: "choice" }, element("span", {}, label), select);
}

/** A box that scrolls sideways, by keyboard as well. */
export function scrollable(label, ...children) {
  return element("div", { class: "scroll", role: "region", "aria-label": label, tabindex: 0 },
    ...children);
}
