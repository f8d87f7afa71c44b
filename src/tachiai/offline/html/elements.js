/* Building the page: elements from text alone. Nothing a bundle says is ever read as markup. */

/** An element with attributes and children; null children are left out, texts become text. */
function make(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) if (value !== null && value !== undefined) made.setAttribute(name, value);
  made.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return made;
}

/** One of the drawings that the page carries. */
function icon(name) {
  const drawn = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  for (const [key, value] of Object.entries({ class: "icon", viewBox: "0 0 24 24", "aria-hidden": "true", focusable: "false" }))
    drawn.setAttribute(key, value);
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `#icon-${name}`);
  drawn.append(use);
  return drawn;
}

const mono = (text) => make("span", { class: "mono" }, text);

/** A fingerprint in groups of eight, which people can follow with a finger; copied out it has no blanks. */
function fingerprint(text) {
  return make(
    "span",
    { class: "mono fingerprint" },
    (text.match(/.{1,8}/g) || []).map((part) => make("span", {}, part)),
  );
}

/** Names and values; a row without a value is left out. */
function facts(...rows) {
  const shown = rows.filter(([, value]) => value !== null && value !== undefined && value !== "");
  return make(
    "dl",
    { class: "summary" },
    shown.map(([name, ...values]) => make("div", {}, make("dt", {}, name), make("dd", {}, values))),
  );
}

function section(heading, ...children) {
  return make("section", { class: "stack stack-near" }, make("h2", {}, heading), ...children);
}

function chip(kind, drawing, words) {
  return make("span", { class: `chip chip-${kind}` }, icon(drawing), words);
}

/** Characters that steer how others are shown, or show nothing, as their numbers: nothing in a bundle deceives by them. */
function plainly(text) {
  return String(text).replace(
    /[\p{Cc}\p{Cf}\p{Co}\p{Cn}\p{Zl}\p{Zp}]/gu,
    (character) => `〔U+${character.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}〕`,
  );
}
