/* Bytes: hexadecimal, base64, text, and the one error every reader raises. */

/** One thing that does not hold; `code` is one of the format page's. `subject` is set by whoever knows it. */
class Refused extends Error {
  constructor(code, detail = "", subject = "") {
    super(detail ? `${code}: ${detail}` : code);
    Object.assign(this, { code, detail, subject });
  }
}

/** Refuse unless something holds. */
function demand(holds, code, detail = "", subject = "") {
  if (!holds) throw new Refused(code, detail, subject);
}

/** A fault of form in something small; whoever asked knows which code it deserves. */
class Malformed extends Error {}

const utf8 = (text) => new TextEncoder().encode(text);

/** Text of UTF-8 bytes; a byte order mark is kept, because a digest is over it as well. */
function textOf(bytes) {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new Malformed("not UTF-8");
  }
}

/** Each byte as the character of its number. (A TextDecoder would not do: its "iso-8859-1" is Windows-1252.) */
function latin1(bytes) {
  const parts = [];
  for (let at = 0; at < bytes.length; at += 8192) parts.push(String.fromCharCode(...bytes.subarray(at, at + 8192)));
  return parts.join("");
}

const fromLatin1 = (text) => Uint8Array.from(text, (character) => character.charCodeAt(0));

const hexOf = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");

function fromHex(text) {
  if (text.length % 2 || /[^0-9a-fA-F]/.test(text)) throw new Malformed("not hexadecimal");
  const bytes = new Uint8Array(text.length / 2);
  for (let at = 0; at < bytes.length; at++) bytes[at] = parseInt(text.substr(2 * at, 2), 16);
  return bytes;
}

/** Bytes of standard base64 in its one spelling. */
function fromBase64(text) {
  if (text.length % 4 || !/^[A-Za-z0-9+/]*={0,2}$/.test(text)) throw new Malformed("not base64");
  const bytes = fromLatin1(atob(text));
  if (toBase64(bytes) !== text) throw new Malformed("base64 in another form");
  return bytes;
}

function toBase64(bytes) {
  let binary = "";
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary);
}

/** Bytes of base64url without padding (RFC 4648, 5), as WebAuthn writes them. */
function fromBase64Url(text) {
  if (typeof text !== "string" || /[^A-Za-z0-9_-]/.test(text)) throw new Malformed("not base64url");
  const plain = text.replace(/-/g, "+").replace(/_/g, "/");
  return fromBase64(plain + "=".repeat((4 - (plain.length % 4)) % 4));
}

const toBase64Url = (bytes) => toBase64(bytes).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

function concat(...parts) {
  const whole = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

function sameBytes(one, other) {
  return one.length === other.length && one.every((byte, at) => byte === other[at]);
}

/** Where `wanted` begins in `bytes`, from `from` on, or -1. */
function indexOfBytes(bytes, wanted, from = 0) {
  for (let at = bytes.indexOf(wanted[0], from); at !== -1; at = bytes.indexOf(wanted[0], at + 1)) {
    if (at + wanted.length > bytes.length) return -1;
    if (sameBytes(bytes.subarray(at, at + wanted.length), wanted)) return at;
  }
  return -1;
}

async function digestOf(bytes, name = "SHA-256") {
  return new Uint8Array(await crypto.subtle.digest(name, bytes));
}

/** A digest asked for by name more than once, made once. */
function digesting(bytes) {
  const made = new Map();
  return (name) => {
    if (!made.has(name)) made.set(name, digestOf(typeof bytes === "function" ? bytes() : bytes, name));
    return made.get(name);
  };
}

const sha256Hex = async (bytes) => hexOf(await digestOf(bytes));
