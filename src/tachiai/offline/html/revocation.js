/* What responders (RFC 6960) and revocation lists (RFC 5280, 5) say about certificates, and whether that proves a use. */

const SKEW = 5 * 60 * 1e6;
const MOST_ANSWERS = 2000;
const BASIC_OCSP = "1.3.6.1.5.5.7.48.1.1";
const NAMING_DIGESTS = { ...DIGESTS, "1.3.14.3.2.26": "SHA-1" };
// After these the tokens that an authority gave before stay good; after any other, or none, all are lost (RFC 3161, 4).
const HARMLESS_REASONS = [0, 3, 4, 5];

/** Every answer about `held` by or for `issuer`: `{ since, until, revoked, reason, delegate }`. What proves nothing is passed over. */
async function answersAbout(held, issuer, ocsps, crls) {
  const found = [];
  for (const [read, stored] of [
    [readOcspAnswer, ocsps],
    [readCrlAnswer, crls],
  ]) {
    for (const der of stored) {
      const answer = await read(der, held, issuer).catch((error) => {
        if (isUnreadable(error)) return null;
        throw error;
      });
      if (answer) found.push(answer);
    }
  }
  return found;
}

function isInForce(answer, at, issuer) {
  if (answer.delegate && !(stands(answer.delegate, 0, at) && stands(issuer, 1, at))) return false;
  return answer.since <= at + SKEW && answer.until >= at;
}

/** The members of a BasicOCSPResponse in a successful answer (RFC 6960, 4.2.1). */
function basicResponse(der) {
  const members = sequence(readDer(der));
  const status = tagged(members[0], 0x0a).body;
  if (status.length !== 1 || status[0] !== 0) throw new Malformed("no successful answer");
  const [kind, octets] = exactly(2, childrenOf(onlyChild(tagged(members[1], 0xa0))));
  if (oidOf(kind) !== BASIC_OCSP) throw new Malformed("another kind of answer");
  return sequence(readDer(tagged(octets, 0x04).body));
}

async function readOcspAnswer(der, held, issuer) {
  const basic = basicResponse(der);
  const [produced, singles] = childrenOf(basic[0]).filter((node) => node.tag === 0x18 || node.tag === 0x30);
  const single = await findSingle(childrenOf(singles), held, issuer);
  if (!single) return null;
  const [, status, from] = single;
  const since = timeOf(from);
  const until = taggedChild(single.slice(3), 0xa0);
  if (!until || ![0x80, 0xa1].includes(status.tag)) return null;
  const delegate = await delegateOf(basic, issuer, since);
  const isRevoked = status.tag === 0xa1;
  const [revoked, reason] = isRevoked ? childrenOf(status) : [];
  return {
    since: Math.min(timeOf(produced), since),
    until: timeOf(onlyChild(until)),
    delegate,
    revoked: isRevoked ? timeOf(revoked) : null,
    reason: reason ? lastByteOf(onlyChild(reason)) : null,
  };
}

async function findSingle(singles, held, issuer) {
  for (const node of singles) {
    const one = childrenOf(node);
    if (await isAbout(one[0], held, issuer)) return one;
  }
  return null;
}

async function isAbout(identifier, held, issuer) {
  const [algorithm, name, key, serial] = exactly(4, childrenOf(identifier));
  // In a CertID the digest only names the issuer; RFC 5019 still prescribes SHA-1 there.
  const digest = NAMING_DIGESTS[algorithmOf(algorithm)];
  if (!digest || !sameBytes(serial.raw, held.serial.raw)) return false;
  return sameBytes(name.body, await digestOf(issuer.subject, digest)) && sameBytes(key.body, await digestOf(issuer.keyBits, digest));
}

/** Null when the issuer itself answered, otherwise the delegate it certified for that. Throws for anybody else. */
async function delegateOf(basic, issuer, at) {
  const carried = taggedChild(basic.slice(3), 0xa0);
  const others = carried ? childrenOf(onlyChild(carried)).map((node) => certificate(node.raw)) : [];
  for (const candidate of [issuer, ...others]) {
    const signs = await holdsUnder(candidate, basic[1], bitsOf(basic[2]), basic[0].raw);
    if (signs && candidate === issuer) return null;
    const certified = signs && candidate.purposes.includes(PURPOSE.ocsp) && (await candidate.isIssuedBy(issuer));
    if (certified && stands(candidate, 0, at) && stands(issuer, 1, at)) return candidate;
  }
  throw new Malformed("nobody who may answer");
}

async function readCrlAnswer(der, held, issuer) {
  const [tbs, algorithm, signature] = exactly(3, sequence(readDer(der)));
  const all = childrenOf(tbs);
  const members = all[0].tag === 0x02 ? all.slice(1) : all;
  if (!sameBytes(members[1].raw, issuer.subject) || issuer.keyUsage(6) === false || !isWholeList(members, held)) return null;
  if (!(await holdsUnder(issuer, algorithm, bitsOf(signature), tbs.raw))) return null;
  const [since, until] = members.filter((node) => node.tag === 0x17 || node.tag === 0x18).map(timeOf);
  if (until === undefined) return null;
  const listed = members.slice(3).find((node) => node.tag === 0x30);
  const entry = (listed ? childrenOf(listed) : []).map(childrenOf).find(([serial]) => sameBytes(serial.raw, held.serial.raw));
  return { since, until, delegate: null, revoked: entry ? timeOf(entry[1]) : null, reason: entry ? listedReason(entry[2]) : null };
}

/** No critical extension but one that says of which certificates the list speaks, if `held` is one of these. */
function isWholeList(members, held) {
  const extensions = taggedChild(members, 0xa0);
  return (extensions ? childrenOf(onlyChild(extensions)) : [])
    .map(childrenOf)
    .every((parts) => parts[1].tag !== 0x01 || (oidOf(parts[0]) === "2.5.29.28" && coversCertificate(readDer(parts.at(-1).body), held)));
}

function listedReason(extensions) {
  const found = (extensions ? childrenOf(extensions) : []).map(childrenOf).find((parts) => oidOf(parts[0]) === "2.5.29.21");
  return found ? lastByteOf(tagged(readDer(found.at(-1).body), 0x0a)) : null;
}

function lastByteOf({ body }) {
  if (!body.length) throw new Malformed("a number of no bytes");
  return body.at(-1);
}

/** Whether a list that is one of several is the one that `held` would stand on (RFC 5280, 5.2.5). */
function coversCertificate(part, held) {
  const found = new Map(childrenOf(part).map((node) => [node.tag, node]));
  if ([...found.keys()].some((tag) => ![0xa0, 0x81, 0x82].includes(tag))) return false;
  if ((found.has(0x81) && held.isAuthority) || (found.has(0x82) && !held.isAuthority)) return false;
  if (!found.has(0xa0)) return true;
  const named = onlyChild(found.get(0xa0));
  const points = held.value("2.5.29.31");
  const asked = (points ? childrenOf(points) : [])
    .flatMap(childrenOf)
    .filter((node) => node.tag === 0xa0)
    .map(onlyChild);
  const wanted = asked
    .filter((full) => full.tag === 0xa0)
    .flatMap(childrenOf)
    .map((name) => hexOf(name.raw));
  return named.tag === 0xa0 && childrenOf(named).some((name) => wanted.includes(hexOf(name.raw)));
}

/** Refuse unless one of the document timestamps from `use.since` on proves the use of a chain. */
async function checkUse(use, stores) {
  let trouble = new Refused("revocation.missing", "no document timestamp");
  for (const store of stores.slice(use.since)) {
    trouble = await troubleOf(use, store);
    if (!trouble) return;
  }
  throw trouble;
}

async function troubleOf(use, store) {
  const missing = (detail) => new Refused("revocation.missing", detail);
  if (use.chain.some((held) => !store.certs.has(latin1(held.der)))) return missing("a certificate is not in the DSS");
  if (use.chain.slice(0, -1).some((held) => store.at > held.until)) return missing("the timestamp came too late");
  if (store.ocsps.length + store.crls.length > MOST_ANSWERS) return missing("too many answers");
  for (const [place, held] of use.chain.slice(0, -1).entries()) {
    const issuer = use.chain[place + 1];
    const answers = (await answersAbout(held, issuer, store.ocsps, store.crls)).filter((one) => isInForce(one, store.at, issuer));
    if (!answers.length) return missing(held.name);
    if (answers.some((one) => isHarmful(one, use.at, held))) return new Refused("revocation.revoked", held.name);
  }
  return null;
}

function isHarmful(answer, usedAt, held) {
  if (answer.revoked === null) return false;
  return !(answer.revoked > usedAt && (HARMLESS_REASONS.includes(answer.reason) || !held.purposes.includes(PURPOSE.stamping)));
}
