/* JSON as the formats allow it: canonical (RFC 8785), without fractions. */

const DEEPEST_JSON = 100;

function canonicalText(value) {
  if (value === null || typeof value === "boolean") return String(value);
  if (typeof value === "number") {
    if (!Number.isSafeInteger(value)) throw new Malformed("number");
    return String(value);
  }
  if (typeof value === "string") return canonicalString(value);
  if (Array.isArray(value)) return `[${value.map(canonicalText).join(",")}]`;
  return `{${Object.keys(value)
    .sort()
    .map((key) => `${canonicalString(key)}:${canonicalText(value[key])}`)
    .join(",")}}`;
}

function canonicalString(text) {
  if (/[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/.test(text)) throw new Malformed("half a character");
  return JSON.stringify(text);
}

/** What canonical JSON says. Anything else that means the same, a key twice included, is refused: its bytes differ. */
function readCanonical(bytes) {
  const value = readJson(bytes);
  if (!sameBytes(utf8(canonicalText(value)), bytes)) throw new Malformed("not canonical");
  return value;
}

/** What any JSON says, canonical or not. */
function readJson(bytes) {
  const value = readOr(undefined, () => JSON.parse(textOf(bytes)));
  if (value === undefined) throw new Malformed("not JSON");
  if (!isShallow(value)) throw new Malformed("nested too deeply");
  return value;
}

/** Whether at most `left` objects and lists stand inside one another: how many a program can read differs from one to the next. */
function isShallow(value, left = DEEPEST_JSON) {
  if (value === null || typeof value !== "object") return true;
  return left > 0 && Object.values(value).every((item) => isShallow(item, left - 1));
}
