/* PDF values (ISO 32000-2, 7.3) as the house writes them: a dictionary becomes a Map, an array an Array, everything else a text
 * that says by its beginning what it is: `/Name`, `(` and a string's content, `7 0 R`, or a number or keyword as it stands.
 * Text here is one character a byte. */

const [PDF_DEPTH, PDF_LONGEST] = [32, 4000000];
const PDF_TOKEN = new RegExp(
  "[\\0\\t\\n\\f\\r ]*(?:(/[^\\0\\t\\n\\f\\r ()<>\\[\\]{}/%]*)|(\\d{1,10}[\\0\\t\\n\\f\\r ]+\\d{1,5}[\\0\\t\\n\\f\\r ]+R)(?![^\\0\\t\\n\\f\\r ()<>\\[\\]{}/%])|(<<|>>|\\[|\\])|<([0-9A-Fa-f\\0\\t\\n\\f\\r ]*)>|(\\()|([^\\0\\t\\n\\f\\r ()<>\\[\\]{}/%]+))",
  "y",
);
const PDF_ESCAPES = { n: "\n", r: "\r", t: "\t", b: "\b", f: "\f", "\n": "", "\r": "", "\r\n": "" };

function matchAt(pattern, text, at) {
  pattern.lastIndex = at;
  return pattern.exec(text);
}

/** A whole value of an object or a trailer, and where it ends. */
function wholePdfValue(text, start) {
  const [value, end] = pdfValueAt(text.slice(start, start + PDF_LONGEST), 0);
  return [value, start + end];
}

/** The value that begins at `at`, and where it ends. */
function pdfValueAt(text, at, depth = 0) {
  const found = matchAt(PDF_TOKEN, text, at);
  if (!found || depth > PDF_DEPTH) throw new Malformed("no value");
  const [whole, name, reference, bracket, digits, literal, word] = found;
  const end = at + whole.length;
  if (bracket === "<<" || bracket === "[") return pdfMembers(text, end, depth, bracket === "<<");
  if (bracket !== undefined) throw new Malformed("a bracket that nothing opens");
  if (digits !== undefined) {
    const packed = digits.replace(/[\0\t\n\f\r ]/g, "");
    return ["(" + latin1(fromHex(packed.length % 2 ? packed + "0" : packed)), end];
  }
  if (reference !== undefined) return [spelledReference(reference), end];
  return literal === undefined ? [name ?? word, end] : pdfLiteral(text, end);
}

/** A reference in its one spelling, however many blanks and zeros it was written with. */
function spelledReference(text) {
  const [number, generation] = text.match(/\d+/g).map(Number);
  return `${number} ${generation} R`;
}

/** Whether a value is a whole number of at most `most` digits. (A pattern alone would take a list of one, too.) */
const isPdfNumber = (value, most = 10) => typeof value === "string" && /^\d+$/.test(value) && value.length <= most;

function pdfMembers(text, start, depth, isDictionary) {
  const held = [];
  let at = start;
  for (;;) {
    const found = matchAt(PDF_TOKEN, text, at);
    if (found && found[3] === (isDictionary ? ">>" : "]")) return [isDictionary ? pairedPdf(held) : held, at + found[0].length];
    const [value, next] = pdfValueAt(text, at, depth + 1);
    held.push(value);
    at = next;
  }
}

function pairedPdf(held) {
  const keys = held.filter((_, at) => at % 2 === 0);
  const plain = keys.every((key) => typeof key === "string" && key[0] === "/");
  if (held.length % 2 || !plain || new Set(keys).size !== keys.length) throw new Malformed("a torn dictionary");
  return new Map(keys.map((key, at) => [key, held[2 * at + 1]]));
}

/** A string in round brackets; `start` is behind the first. */
function pdfLiteral(text, start) {
  let depth = 1;
  for (let end = start; end < text.length; end++) {
    if (text[end] === "\\") end++;
    else if (text[end] === "(") depth++;
    else if (text[end] === ")" && --depth === 0) return ["(" + unescapePdf(text.slice(start, end)), end + 1];
  }
  throw new Malformed("a string that nothing closes");
}

function unescapePdf(inner) {
  return inner.replace(/\\([0-7]{1,3}|\r\n|[^])|\r\n?/g, (_, what) => {
    if (what === undefined) return "\n";
    if (/^[0-7]/.test(what)) return String.fromCharCode(parseInt(what, 8) & 0xff);
    return Object.hasOwn(PDF_ESCAPES, what) ? PDF_ESCAPES[what] : what;
  });
}

function pdfString(value) {
  if (typeof value !== "string" || value[0] !== "(") throw new Malformed("not a string");
  return value.slice(1);
}

/** The words of a text string (ISO 32000-2, 7.9.2.2); none where there is no value. */
function pdfWords(value) {
  const held = value === undefined ? "" : pdfString(value);
  return held.startsWith("\xfe\xff") ? new TextDecoder("utf-16be", { ignoreBOM: true }).decode(fromLatin1(held.slice(2))) : held;
}

/** The number of the object that a reference means, or 0; objects of the house have one generation each. */
function pdfReference(value) {
  const found = typeof value === "string" ? /^(\d{1,10}) \d{1,5} R$/.exec(value) : null;
  return found ? Number(found[1]) : 0;
}

function samePdf(one, other) {
  if (one instanceof Map)
    return (
      other instanceof Map && one.size === other.size && [...one].every(([key, value]) => other.has(key) && samePdf(value, other.get(key)))
    );
  if (Array.isArray(one)) return Array.isArray(other) && one.length === other.length && one.every((value, at) => samePdf(value, other[at]));
  return one === other;
}

/** The keys whose values differ. */
function pdfDifferences(before, after) {
  return [...new Set([...before.keys(), ...after.keys()])].filter((key) => !samePdf(before.get(key), after.get(key)));
}
