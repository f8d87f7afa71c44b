/* Public keys and the signatures they verify, by WebCrypto. */

const DIGESTS = { "2.16.840.1.101.3.4.2.1": "SHA-256", "2.16.840.1.101.3.4.2.2": "SHA-384", "2.16.840.1.101.3.4.2.3": "SHA-512" };
const RSA_KINDS = { "1.2.840.113549.1.1.11": "SHA-256", "1.2.840.113549.1.1.12": "SHA-384", "1.2.840.113549.1.1.13": "SHA-512" };
const ECDSA_KINDS = { "1.2.840.10045.4.3.2": "SHA-256", "1.2.840.10045.4.3.3": "SHA-384", "1.2.840.10045.4.3.4": "SHA-512" };
const CURVES = { "1.2.840.10045.3.1.7": ["P-256", 32], "1.3.132.0.34": ["P-384", 48] };
const ALGORITHM = {
  rsa: "1.2.840.113549.1.1.1",
  pss: "1.2.840.113549.1.1.10",
  mask: "1.2.840.113549.1.1.8",
  ec: "1.2.840.10045.2.1",
  ed25519: "1.3.101.112",
};

const LONGEST_SALT = 512n;

/** An algorithm or a key that is not accepted. */
class Unaccepted extends Malformed {}

/** A SubjectPublicKeyInfo taken apart: its kind and its size in bits. */
function readPublicKey(spki) {
  const [algorithm, bits] = exactly(2, sequence(readDer(spki)));
  const kind = algorithmOf(algorithm);
  if (kind === ALGORITHM.rsa || kind === ALGORITHM.pss) {
    const [modulus] = sequence(readDer(bitsOf(bits)));
    return { kind: "rsa", size: integerOf(modulus).toString(2).length, bits: bits.raw };
  }
  if (kind === ALGORITHM.ec) {
    const [curve, width] = CURVES[oidOf(childrenOf(algorithm)[1])] || [null, 0];
    return { kind: "ec", curve, width, point: bitsOf(bits) };
  }
  if (kind === ALGORITHM.ed25519) return { kind: "ed25519", point: bitsOf(bits) };
  throw new Unaccepted("a key that cannot be used");
}

/** An RSA key under the plain algorithm, because browsers refuse to import one that says it is for PSS. */
function plainRsa(key) {
  return writeDer(0x30, concat(writeDer(0x30, fromHex("06092a864886f70d0101010500")), key.bits));
}

/** How signatures of this key by this AlgorithmIdentifier are checked: `(signature, message) => holds`.
 *
 * `digest` is the one that CMS names beside it. Throws Unaccepted. */
async function checkFor(spki, algorithm, digest = null) {
  const members = sequence(algorithm);
  const kind = oidOf(members[0]);
  const key = readOr(null, () => readPublicKey(spki));
  if (!key) throw new Unaccepted("a key that cannot be used");
  if (key.kind === "rsa") return checkForRsa(key, kind, members, digest);
  if (key.kind === "ec" && key.curve && kind in ECDSA_KINDS) {
    if (digest && digest !== ECDSA_KINDS[kind]) throw new Unaccepted("digest and algorithm disagree");
    return checkForEcdsa(key, ECDSA_KINDS[kind]);
  }
  if (key.kind === "ed25519" && kind === ALGORITHM.ed25519) return (signature, message) => verifyEd25519(key.point, signature, message);
  throw new Unaccepted(`algorithm ${kind}`);
}

async function checkForRsa(key, kind, members, digest) {
  if (key.size < 2048) throw new Unaccepted("an RSA key below 2048 bits");
  const isPss = kind === ALGORITHM.pss;
  const [hash, saltLength] = isPss ? pssOf(members[1]) : [RSA_KINDS[kind] || (kind === ALGORITHM.rsa ? digest : null), 0];
  if (!hash || (digest && digest !== hash)) throw new Unaccepted(`algorithm ${kind}`);
  const name = isPss ? "RSA-PSS" : "RSASSA-PKCS1-v1_5";
  const imported = await importKey("spki", plainRsa(key), { name, hash });
  return (signature, message) => crypto.subtle.verify({ name, saltLength }, imported, signature, message);
}

/** Digest and salt of RSASSA-PSS (RFC 4055, 3.1). The defaults are SHA-1 and not accepted. */
function pssOf(parameters) {
  const found = new Map(sequence(parameters).map((part) => [part.tag, onlyChild(part)]));
  if (![0xa0, 0xa1, 0xa2].every((tag) => found.has(tag))) throw new Unaccepted("RSASSA-PSS with its defaults");
  const hash = DIGESTS[algorithmOf(found.get(0xa0))];
  const mask = childrenOf(found.get(0xa1));
  if (!hash || mask.length !== 2 || oidOf(mask[0]) !== ALGORITHM.mask || DIGESTS[algorithmOf(mask[1])] !== hash)
    throw new Unaccepted("RSASSA-PSS with two digests");
  const salt = integerOf(found.get(0xa2));
  if (salt < 0n || salt > LONGEST_SALT) throw new Unaccepted("RSASSA-PSS with a salt of no length");
  return [hash, Number(salt)];
}

async function checkForEcdsa(key, hash) {
  const imported = await importKey("raw", key.point, { name: "ECDSA", namedCurve: key.curve });
  return async (signature, message) => {
    const raw = readOr(null, () => rawEcdsa(signature, key.width));
    return raw !== null && crypto.subtle.verify({ name: "ECDSA", hash }, imported, raw, message);
  };
}

/** ECDSA's two numbers (RFC 3279, 2.2.3) as WebCrypto wants them: side by side, each as wide as the curve. */
function rawEcdsa(signature, width) {
  const parts = exactly(2, sequence(readDer(signature))).map(integerOf);
  if (parts.some((part) => part <= 0n || part >= 1n << BigInt(8 * width))) throw new Malformed("ECDSA signature");
  return concat(...parts.map((part) => fromHex(part.toString(16).padStart(2 * width, "0"))));
}

async function importKey(form, bytes, algorithm) {
  try {
    return await crypto.subtle.importKey(form, bytes, algorithm, false, ["verify"]);
  } catch {
    throw new Unaccepted("a key that cannot be used");
  }
}
