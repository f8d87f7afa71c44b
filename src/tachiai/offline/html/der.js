/* DER (X.690): one value has one encoding, and any other is refused. */

/** Whatever the bytes are, a reader's trouble with them is one of these; anything else is a mistake of ours. */
function isUnreadable(error) {
  return error instanceof Malformed || error instanceof TypeError || error instanceof RangeError || error instanceof SyntaxError;
}

/** What `work` gives, or `other` where it stumbles over bytes. */
function readOr(other, work) {
  try {
    return work();
  } catch (error) {
    if (isUnreadable(error)) return other;
    throw error;
  }
}

/** One value: its tag byte, its whole encoding (`raw`) and its content (`body`), both views of the same bytes. */
function derAt(bytes, at) {
  if (at + 2 > bytes.length || (bytes[at] & 0x1f) === 0x1f) throw new Malformed("torn, or an unusual tag");
  const [size, start] = derSize(bytes, at + 1);
  if (start + size > bytes.length) throw new Malformed("torn off");
  return { tag: bytes[at], raw: bytes.subarray(at, start + size), body: bytes.subarray(start, start + size), next: start + size };
}

function derSize(bytes, at) {
  const first = bytes[at];
  if (first < 0x80) return [first, at + 1];
  const count = first & 0x7f;
  if (!count || count > 4 || at + 1 + count > bytes.length) throw new Malformed("a length in another form");
  let size = 0;
  for (const byte of bytes.subarray(at + 1, at + 1 + count)) size = size * 256 + byte;
  if (size < 0x80 || bytes[at + 1] === 0) throw new Malformed("a length in another form");
  return [size, at + 1 + count];
}

/** The one value that these bytes are; `padded`: zeros may follow, as in the gap of a PDF's signature. */
function readDer(bytes, { padded = false } = {}) {
  const value = derAt(bytes, 0);
  const rest = bytes.subarray(value.next);
  if (rest.length && (!padded || rest.some((byte) => byte !== 0))) throw new Malformed("bytes behind the value");
  return value;
}

function childrenOf(value) {
  if (!(value.tag & 0x20)) throw new Malformed("a primitive value has no members");
  const children = [];
  for (let at = 0; at < value.body.length; at = children.at(-1).next) children.push(derAt(value.body, at));
  return children;
}

/** The same list, if it has this many members. */
function exactly(count, nodes) {
  if (nodes.length !== count) throw new Malformed(`${nodes.length} members instead of ${count}`);
  return nodes;
}

const onlyChild = (value) => exactly(1, childrenOf(value))[0];
const taggedChild = (nodes, tag) => nodes.find((node) => node.tag === tag);

/** The same value if it bears this tag. */
function tagged(value, tag) {
  if (value.tag !== tag) throw new Malformed(`tag ${value.tag} instead of ${tag}`);
  return value;
}

const sequence = (value) => childrenOf(tagged(value, 0x30));

function oidOf(value) {
  const bytes = tagged(value, 0x06).body;
  if (!bytes.length || bytes.at(-1) & 0x80 || bytes.length > 128) throw new Malformed("a torn identifier");
  const arcs = [];
  let arc = 0n;
  for (const byte of bytes) {
    if (arc === 0n && byte === 0x80) throw new Malformed("an identifier that is not the shortest");
    arc = (arc << 7n) | BigInt(byte & 0x7f);
    if (byte & 0x80) continue;
    arcs.push(arc);
    arc = 0n;
  }
  const first = arcs[0] < 40n ? 0n : arcs[0] < 80n ? 1n : 2n;
  return [first, arcs[0] - 40n * first, ...arcs.slice(1)].join(".");
}

/** The identifier that an AlgorithmIdentifier begins with. */
const algorithmOf = (value) => oidOf(childrenOf(value)[0]);

function integerOf(value) {
  const bytes = tagged(value, 0x02).body;
  if (!bytes.length || (bytes.length > 1 && ((bytes[0] === 0 && bytes[1] < 0x80) || (bytes[0] === 0xff && bytes[1] >= 0x80))))
    throw new Malformed("an integer in another form");
  const number = BigInt("0x" + hexOf(bytes));
  return bytes[0] & 0x80 ? number - (1n << BigInt(8 * bytes.length)) : number;
}

/** The octets of a bit string that fills them. */
function bitsOf(value) {
  const bytes = tagged(value, 0x03).body;
  if (bytes[0] !== 0) throw new Malformed("bits that do not fill octets");
  return bytes.subarray(1);
}

const isTrue = (value) => value.tag === 0x01 && !(value.body.length === 1 && value.body[0] === 0);

/** UTCTime or GeneralizedTime in UTC, in microseconds since 1970: what the ledger writes, too. */
function timeOf(value) {
  let text = latin1(value.body);
  if (value.tag === 0x17 && /^\d{12}Z$/.test(text)) text = (text >= "50" ? "19" : "20") + text;
  else if (value.tag !== 0x18 || !/^\d{14}(?:\.\d{1,9})?Z$/.test(text)) throw new Malformed("a time in another form");
  const [, year, month, day, hour, minute, second] = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)/.exec(text);
  const spelled = `${year}-${month}-${day}T${hour}:${minute}:${second}.${(text.slice(15, -1) + "000000").slice(0, 6)}Z`;
  const at = microsecondsOf(spelled);
  if (at === null) throw new Malformed("a time that no calendar holds");
  return at;
}

/** A value put together anew, for the places where what a browser wants is not what is written. */
function writeDer(tag, body) {
  const size = body.length;
  if (size < 0x80) return concat(Uint8Array.of(tag, size), body);
  const digits = [];
  for (let rest = size; rest; rest = Math.floor(rest / 256)) digits.unshift(rest % 256);
  return concat(Uint8Array.of(tag, 0x80 | digits.length, ...digits), body);
}
