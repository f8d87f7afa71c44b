/* JSON as the formats allow it: canonical (RFC 8785), without fractions. */

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

function readJson(bytes) {
  try {
    return JSON.parse(textOf(bytes));
  } catch {
    throw new Malformed("not JSON");
  }
}
