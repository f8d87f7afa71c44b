/* RFC 3161 timestamp tokens. */

/** A token taken apart: its time in microseconds, what it stamps, and its SignedData. Throws Malformed. */
function readToken(bytes) {
  const signed = readSigned(bytes);
  if (signed.contentType !== CMS.tstInfo || !signed.content) throw new Malformed("not a timestamp");
  const info = sequence(readDer(signed.content));
  if (info.length < 5 || integerOf(info[0]) !== 1n) throw new Malformed("not a TSTInfo of version 1");
  const [algorithm, stamped] = exactly(2, sequence(info[2]));
  const extensions = taggedChild(info.slice(5), 0xa1);
  if ((extensions ? childrenOf(extensions) : []).some((one) => isTrue(childrenOf(one)[1]))) throw new Malformed("a critical extension");
  return { signed, digest: DIGESTS[algorithmOf(algorithm)], stamped: tagged(stamped, 0x04).body, at: timeOf(tagged(info[4], 0x18)) };
}

/** The token, when it stamps what `digestBy` gives by name and leads to a root: `{ at, chain, raw }`.
 *
 * Refuses `token.unreadable`, `.algorithm`, `.wrong`, `.certificate`, `.imprint` or `.chain`. */
async function checkToken(bytes, digestBy, roots) {
  const token = readOr(null, () => readToken(bytes));
  demand(token, "token.unreadable");
  const { signed } = token;
  const signer = await checkSigned(signed, (name) => digestOf(signed.content, name), "token").catch((error) => {
    throw error instanceof Refused ? new Refused(error.code === "token.algorithm" ? error.code : "token.wrong", error.detail) : error;
  });
  demand(signer.stampsAlone, "token.certificate");
  demand(token.digest && sameBytes(token.stamped, await digestBy(token.digest)), "token.imprint");
  const chain = await buildChain(signer, signed.certificates, roots, token.at);
  demand(chain, "token.chain", `no path from ${signer.name}`);
  return { at: token.at, chain, raw: signed.raw };
}
