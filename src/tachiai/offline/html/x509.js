/* Certificates (RFC 5280), and the path from one to a root. */

const UNDERSTOOD = new Set(["2.5.29.19", "2.5.29.15", "2.5.29.37", "2.5.29.32", "2.5.29.17"]);
const NAME_PARTS = { "2.5.4.3": "CN", "2.5.4.6": "C", "2.5.4.7": "L", "2.5.4.8": "ST", "2.5.4.10": "O", "2.5.4.11": "OU", "2.5.4.5": "SN" };
const NAME_CODINGS = { 0x1e: "utf-16be", 0x14: "latin1", 0x1c: "utf-32be" };
const PURPOSE = { stamping: "1.3.6.1.5.5.7.3.8", ocsp: "1.3.6.1.5.5.7.3.9" };
const [LONGEST_CHAIN, MOST_TRIED] = [8, 64];

/** The parts of a certificate that are asked about here (RFC 5280, 4.1). */
class Certificate {
  constructor(der) {
    const [tbs, algorithm, signature] = exactly(3, sequence(readDer(der)));
    const members = sequence(tbs);
    const first = members[0].tag === 0xa0 ? 1 : 0;
    const [serial, , issuer, validity, subject, spki] = members.slice(first);
    const [from, until] = exactly(2, sequence(validity)).map(timeOf);
    Object.assign(this, {
      der,
      serial,
      issuer: issuer.raw,
      subject: subject.raw,
      from,
      until,
      spki: spki.raw,
      algorithm,
      signed: tbs.raw,
      signature: bitsOf(signature),
    });
    this.keyBits = bitsOf(exactly(2, childrenOf(spki))[1]);
    this.extensions = readExtensions(taggedChild(members.slice(first + 6), 0xa3));
    this.issuers = new Map();
    this.purposes = this.value("2.5.29.37") ? sequence(this.value("2.5.29.37")).map(oidOf) : [];
    [this.isAuthority, this.below] = this.authority();
    this.name = certificateName(this.subject);
    this.keyUsage(0);
  }

  value(kind) {
    return kind in this.extensions ? readDer(this.extensions[kind].octets) : null;
  }

  /** Whether key usage allows what `bit` stands for; null without that extension. */
  keyUsage(bit) {
    const held = this.value("2.5.29.15");
    return held && Boolean(tagged(held, 0x03).body[1 + (bit >> 3)] & (0x80 >> (bit & 7)));
  }

  /** Whether it is a CA, and how many may stand below it. */
  authority() {
    const held = this.value("2.5.29.19");
    const parts = held ? sequence(held) : [];
    return [parts.length > 0 && isTrue(parts[0]), parts.length > 1 ? Number(integerOf(parts[1])) : Infinity];
  }

  get stampsAlone() {
    const held = this.extensions["2.5.29.37"];
    const mayStamp = this.keyUsage(0) !== false || this.keyUsage(1);
    return Boolean(held && held.critical && this.purposes.length === 1 && this.purposes[0] === PURPOSE.stamping && mayStamp);
  }

  /** Whether `issuer` signed it; asked once for each pair. */
  isIssuedBy(issuer) {
    if (!this.issuers.has(issuer)) this.issuers.set(issuer, this.#isSignedBy(issuer));
    return this.issuers.get(issuer);
  }

  async #isSignedBy(issuer) {
    if (!sameBytes(this.issuer, issuer.subject)) return false;
    return holdsUnder(issuer, this.algorithm, this.signature, this.signed);
  }
}

/** Whether a certificate's key made this signature; what cannot be used or read did not. */
async function holdsUnder(certificate, algorithm, signature, message) {
  try {
    const holds = await checkFor(certificate.spki, algorithm);
    return await holds(signature, message);
  } catch (error) {
    if (isUnreadable(error)) return false;
    throw error;
  }
}

function readExtensions(held) {
  const found = Object.create(null);
  for (const extension of held ? sequence(onlyChild(held)) : []) {
    const parts = childrenOf(extension);
    const kind = oidOf(parts[0]);
    if (kind in found) throw new Malformed("an extension twice");
    found[kind] = { critical: isTrue(parts[1]), octets: tagged(parts.at(-1), 0x04).body };
  }
  return found;
}

/** A name for reading, most particular part first: `CN=…, O=…, C=JP`. */
function certificateName(raw) {
  return childrenOf(readDer(raw))
    .reverse()
    .flatMap(childrenOf)
    .map((part) => {
      const [kind, value] = exactly(2, childrenOf(part));
      return `${NAME_PARTS[oidOf(kind)] || oidOf(kind)}=${decodeName(value)}`;
    })
    .join(", ");
}

function decodeName(value) {
  const coding = NAME_CODINGS[value.tag];
  if (coding === "latin1") return latin1(value.body);
  if (coding === "utf-32be")
    return Array.from({ length: value.body.length >> 2 }, (_, at) => String.fromCodePoint(view(value.body).getUint32(4 * at))).join("");
  return new TextDecoder(coding || "utf-8", { ignoreBOM: true }).decode(value.body);
}

const knownCertificates = new Map();

/** The certificate in these bytes, read once. Throws Malformed, whatever is wrong with it. */
function certificate(der) {
  const key = latin1(der);
  if (!knownCertificates.has(key))
    knownCertificates.set(
      key,
      readOr(null, () => new Certificate(der)),
    );
  const found = knownCertificates.get(key);
  if (!found) throw new Malformed("a certificate that cannot be read");
  return found;
}

/** The path from `leaf` to one of `roots`, every link valid at `at`; null where there is none. */
async function buildChain(leaf, pool, roots, at) {
  const candidates = [...new Set([...roots, ...pool])];
  let tries = 0;
  const extend = async (path) => {
    const last = path.at(-1);
    if (!stands(last, path.length - 1, at)) return null;
    if (roots.includes(last)) return path;
    for (const candidate of candidates) {
      if (path.includes(candidate) || path.length >= LONGEST_CHAIN || !sameBytes(last.issuer, candidate.subject) || tries++ >= MOST_TRIED)
        continue;
      const found = (await last.isIssuedBy(candidate)) ? await extend([...path, candidate]) : null;
      if (found) return found;
    }
    return null;
  };
  return extend([leaf]);
}

/** Whether a certificate may stand at this depth of a path at this time. */
function stands(held, depth, at) {
  if (at < held.from || at > held.until) return false;
  if (Object.entries(held.extensions).some(([kind, { critical }]) => critical && !UNDERSTOOD.has(kind))) return false;
  const key = readOr(null, () => readPublicKey(held.spki));
  if (!key || (key.kind === "rsa" && key.size < 2048)) return false;
  return depth === 0 || (held.isAuthority && depth - 1 <= held.below && held.keyUsage(5) !== false);
}
