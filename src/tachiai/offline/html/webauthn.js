/* The passkey's assertion (W3C WebAuthn 3, 7.2) over one consent, and the COSE key (RFC 9053) it is checked with. */

const PASSKEY_FORM = FORM.of({
  v: FORM.one,
  rp_id: FORM.text,
  credential: FORM.base64Url,
  public_key_cose: FORM.base64Url,
  authenticator_data: FORM.base64Url,
  client_data_json: FORM.base64Url,
  signature: FORM.base64Url,
  origin: FORM.text,
  enrolled_at: FORM.text,
  aaguid: FORM.text,
});
const CHALLENGE = utf8("tachiai-consent-challenge-v1\0");
const MOST_COSE = 16;

/** Major type and value of an integer, a byte string or a map's head (RFC 8949), and where the next begins. */
function cborAt(bytes, at) {
  const [major, more] = [bytes[at] >> 5, bytes[at] & 0x1f];
  const width = { 24: 1, 25: 2, 26: 4 }[more] || 0;
  const start = at + 1 + width;
  if (at >= bytes.length || more > 26 || start > bytes.length || ![0, 1, 2, 5].includes(major)) throw new Malformed("CBOR of another kind");
  const size = width ? bytes.subarray(at + 1, start).reduce((sum, byte) => sum * 256 + byte, 0) : more;
  if (major !== 2) return [major, major === 1 ? -1 - size : size, start];
  if (start + size > bytes.length) throw new Malformed("torn CBOR");
  return [2, bytes.subarray(start, start + size), start + size];
}

/** A COSE key: a CBOR map of small integers to integers and byte strings. */
function readCose(bytes) {
  const [head, count, start] = cborAt(bytes, 0);
  if (head !== 5 || count > MOST_COSE) throw new Malformed("no map");
  const found = new Map();
  let at = start;
  for (let left = count; left > 0; left--) {
    const [keyKind, key, behind] = cborAt(bytes, at);
    const [valueKind, value, next] = cborAt(bytes, behind);
    if (keyKind > 1 || valueKind > 2 || found.has(key)) throw new Malformed("another kind of map");
    found.set(key, value);
    at = next;
  }
  if (at !== bytes.length) throw new Malformed("bytes behind the map");
  return found;
}

/** How signatures of a COSE key are checked: ES256, RS256 or EdDSA. Throws Malformed. */
async function checkForCose(bytes) {
  const key = readCose(bytes);
  const isKind = (...wanted) => [1, 3, -1].every((label, at) => key.get(label) === wanted[at]);
  if (isKind(2, -7, 1))
    return checkForEcdsa(
      { curve: "P-256", width: 32, point: concat(Uint8Array.of(4), coseBytes(key, -2, 32), coseBytes(key, -3, 32)) },
      "SHA-256",
    );
  if (key.get(1) === 3 && key.get(3) === -257) return checkForCoseRsa(coseBytes(key, -1), coseBytes(key, -2));
  if (isKind(1, -8, 6)) {
    const point = coseBytes(key, -2, 32);
    return (signature, message) => verifyEd25519(point, signature, message);
  }
  throw new Malformed("another kind of key");
}

function coseBytes(key, label, size = null) {
  const bytes = key.get(label);
  if (!(bytes instanceof Uint8Array) || (size !== null && bytes.length !== size)) throw new Malformed("a COSE key without its parts");
  return bytes;
}

async function checkForCoseRsa(modulus, exponent) {
  const bare = (bytes) => bytes.subarray(bytes.findIndex((byte) => byte !== 0));
  if (BigInt("0x" + hexOf(bare(modulus))) >> 2047n === 0n) throw new Malformed("an RSA key below 2048 bits");
  const algorithm = { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" };
  const imported = await importKey("jwk", { kty: "RSA", n: toBase64Url(bare(modulus)), e: toBase64Url(bare(exponent)) }, algorithm);
  return (signature, message) => crypto.subtle.verify(algorithm.name, imported, signature, message);
}

/** Refuse unless whoever holds the passkey confirmed this very consent. */
async function judgePasskey(bytes, consent, authentication) {
  const { told, client, clientData, authenticator, signature, credential, holds } = await readPasskey(bytes);
  demand(authentication.credential === (await sha256Hex(credential)), "passkey.credential");
  const host = /^https?:\/\/([A-Za-z0-9.-]+)(?::\d{1,5})?$/.exec(told.origin);
  const near = host && told.rp_id && `.${host[1].toLowerCase()}`.endsWith(`.${told.rp_id}`);
  // A page inside another's page could have shown anything around it (WebAuthn 3, 5.8.1).
  const alone = !Object.hasOwn(client, "crossOrigin") || client.crossOrigin === false;
  const same = client.type === "webauthn.get" && client.origin === told.origin && alone;
  demand(same && near && sameBytes(authenticator.subarray(0, 32), await digestOf(utf8(told.rp_id))), "passkey.origin");
  demand(client.challenge === toBase64Url(await digestOf(concat(CHALLENGE, consent))), "passkey.challenge");
  // The user was present and verified (WebAuthn 3, 6.1).
  demand((authenticator[32] & 0x05) === 0x05, "passkey.presence");
  demand(await holds(signature, concat(authenticator, await digestOf(clientData))), "passkey.signature");
}

async function readPasskey(bytes) {
  try {
    const told = readCanonical(bytes);
    demand(PASSKEY_FORM(told), "passkey.unreadable", "form");
    const [authenticator, clientData, signature, credential, key] = [
      "authenticator_data",
      "client_data_json",
      "signature",
      "credential",
      "public_key_cose",
    ].map((name) => fromBase64Url(told[name]));
    const [holds, client] = [await checkForCose(key), readJson(clientData)];
    demand(authenticator.length >= 37 && FORM.object(client), "passkey.unreadable");
    return { told, client, clientData, authenticator, signature, credential, holds };
  } catch (error) {
    throw isUnreadable(error) ? new Refused("passkey.unreadable", error.message) : error;
  }
}
