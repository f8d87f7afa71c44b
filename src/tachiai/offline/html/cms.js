/* CMS SignedData (RFC 5652) with one signer, as CAdES and RFC 3161 use it: read, and then checked. */

const CMS = {
  signedData: "1.2.840.113549.1.7.2",
  data: "1.2.840.113549.1.7.1",
  tstInfo: "1.2.840.113549.1.9.16.1.4",
  contentType: "1.2.840.113549.1.9.3",
  messageDigest: "1.2.840.113549.1.9.4",
  signingCertificate: "1.2.840.113549.1.9.16.2.12",
  signingCertificateV2: "1.2.840.113549.1.9.16.2.47",
  timestamp: "1.2.840.113549.1.9.16.2.14",
};

/** A SignedData taken apart and not yet believed. Throws Malformed, whatever is wrong with it. */
function readSigned(bytes) {
  const signed = readOr(null, () => readSignedParts(bytes));
  if (!signed) throw new Malformed("no SignedData with one signer");
  return signed;
}

function readSignedParts(bytes) {
  const outer = readDer(bytes, { padded: true });
  const [kind, wrapped] = exactly(2, sequence(outer));
  if (oidOf(kind) !== CMS.signedData) throw new Malformed("not SignedData");
  const members = sequence(onlyChild(tagged(wrapped, 0xa0)));
  if (members.length < 4) throw new Malformed("SignedData without its members");
  const inner = sequence(members[2]);
  const carried = taggedChild(members.slice(3), 0xa0);
  return {
    raw: outer.raw,
    contentType: oidOf(inner[0]),
    content: inner.length > 1 ? tagged(onlyChild(tagged(inner[1], 0xa0)), 0x04).body : null,
    certificates: (carried ? childrenOf(carried) : []).filter((node) => node.tag === 0x30).map((node) => certificate(node.raw)),
    ...readSigner(sequence(onlyChild(tagged(members.at(-1), 0x31)))),
  };
}

function readSigner(info) {
  const unsigned = info[6] && info[6].tag === 0xa1 ? readAttributes(info[6]) : new Map();
  // What is signed is the set with its own tag, not the one it is written with (RFC 5652, 5.4).
  return {
    named: info[1],
    digestOid: algorithmOf(info[2]),
    attributesRaw: concat(Uint8Array.of(0x31), tagged(info[3], 0xa0).raw.subarray(1)),
    attributes: readAttributes(info[3]),
    algorithm: info[4],
    signature: tagged(info[5], 0x04).body,
    unsigned,
  };
}

function readAttributes(holder) {
  const found = new Map();
  for (const entry of childrenOf(holder)) {
    const [kind, values] = exactly(2, sequence(entry));
    found.set(oidOf(kind), [...(found.get(oidOf(kind)) || []), ...childrenOf(tagged(values, 0x31))]);
  }
  return found;
}

/** The one value of a signed attribute; null when it is not there exactly once. */
function single(signed, kind) {
  const values = signed.attributes.get(kind) || [];
  return values.length === 1 ? values[0] : null;
}

/** The certificate that the signer is identified by, or null. */
function signerOf(signed) {
  return (
    signed.certificates.find((held) => {
      if (signed.named.tag === 0x30) {
        const parts = childrenOf(signed.named);
        return parts.length === 2 && sameBytes(parts[0].raw, held.issuer) && sameBytes(parts[1].raw, held.serial.raw);
      }
      const key = held.value("2.5.29.14");
      return signed.named.tag === 0x80 && key !== null && sameBytes(key.body, signed.named.body);
    }) || null
  );
}

/** The signer's certificate, when the signature holds over content whose digest `digestBy` gives by name.
 *
 * Refuses `<prefix>.algorithm`, `.digest`, `.certificate` or `.wrong`. */
async function checkSigned(signed, digestBy, prefix) {
  const digest = DIGESTS[signed.digestOid];
  demand(digest, `${prefix}.algorithm`, signed.digestOid);
  const signer = signerOf(signed);
  demand(signer, `${prefix}.certificate`, "the signer's certificate is not included");
  const holds = await checkFor(signer.spki, signed.algorithm, digest).catch((error) => {
    throw isUnreadable(error) ? new Refused(`${prefix}.algorithm`, error.message) : error;
  });
  const stated = single(signed, CMS.messageDigest);
  demand(stated && stated.tag === 0x04 && sameBytes(stated.body, await digestBy(digest)), `${prefix}.digest`);
  const kind = single(signed, CMS.contentType);
  demand(kind && kind.tag === 0x06 && oidOf(kind) === signed.contentType, `${prefix}.digest`, "content-type");
  demand(await namesCertificate(signed, signer.der), `${prefix}.certificate`);
  demand(await holds(signed.signature, signed.attributesRaw), `${prefix}.wrong`);
  return signer;
}

/** Whether the signing-certificate attribute (RFC 5035, RFC 2634) names this very certificate first. */
async function namesCertificate(signed, der) {
  const [newer, older] = [single(signed, CMS.signingCertificateV2), single(signed, CMS.signingCertificate)];
  const named = readOr(null, () => {
    const first = childrenOf(childrenOf(childrenOf(newer || older)[0])[0]);
    // SHA-1 is what RFC 2634 defines; it only repeats which certificate is meant.
    if (!newer) return ["SHA-1", tagged(first[0], 0x04).body];
    const states = first[0].tag === 0x30;
    return [states ? DIGESTS[algorithmOf(first[0])] : "SHA-256", tagged(first[states ? 1 : 0], 0x04).body];
  });
  return Boolean(named && named[0]) && sameBytes(named[1], await digestOf(der, named[0]));
}
