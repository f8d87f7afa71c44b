/* The form of JSON objects: exactly these members, each of its type. */

const matching = (pattern) => (value) => typeof value === "string" && pattern.test(value);

const FORM = {
  text: (value) => typeof value === "string",
  size: (value) => Number.isSafeInteger(value) && value >= 0,
  number: (value) => Number.isSafeInteger(value) && value >= 1,
  one: (value) => value === 1,
  flag: (value) => typeof value === "boolean",
  digest: matching(/^[0-9a-f]{64}$/),
  uuid: matching(/^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/),
  time: matching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/),
  base64Url: matching(/^[A-Za-z0-9_-]*$/),
  object: (value) => value !== null && typeof value === "object" && !Array.isArray(value),
  orNull: (form) => (value) => value === null || form(value),
  list: (form) => (value) => Array.isArray(value) && value.every(form),
  /** Exactly these members. */
  of: (members) => (value) =>
    FORM.object(value) &&
    Object.keys(value).length === Object.keys(members).length &&
    Object.entries(members).every(([name, form]) => Object.hasOwn(value, name) && form(value[name])),
};

/** A time of the formats, `2026-11-23T08:05:00.000000Z`, in microseconds since 1970; null for another spelling. */
function microsecondsOf(text) {
  const parts = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\.(\d{6})Z$/.exec(text);
  if (!parts || parts[1] < "0001") return null;
  const at = Date.parse(parts[1] + "Z");
  if (Number.isNaN(at) || new Date(at).toISOString().slice(0, 19) !== parts[1]) return null;
  return at * 1000 + Number(parts[2]);
}

/** The same the other way round. */
function timeText(microseconds) {
  const seconds = Math.floor(microseconds / 1e6);
  return new Date(seconds * 1000).toISOString().slice(0, 19) + "." + String(microseconds - seconds * 1e6).padStart(6, "0") + "Z";
}
