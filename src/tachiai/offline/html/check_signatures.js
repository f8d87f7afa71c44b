/* Checks 4 and 5, `signature` and `revocation`: each signature with its timestamp, and the proof that its certificates stood. */

const ORDER_TOLERANCE = 60 * 1e6;

async function checkSignatures(ex) {
  for (const pdf of ex.pdfs) {
    const times = [];
    for (const signature of pdf.signatures) {
      if (signature.isTimestamp) await checkDocumentTimestamp(ex, pdf, signature, times);
      else await checkSignature(ex, pdf, signature, times);
    }
  }
}

async function checkDocumentTimestamp(ex, pdf, signature, times) {
  const subject = `${pdf.path}#${signature.field}`;
  const stamped = await tokenOf(
    ex,
    signature.contents,
    digesting(() => coveredBy(pdf.bytes, signature)),
    subject,
  );
  if (!stamped) return;
  const inOrder = await ex.try(subject, () =>
    demand(
      times.every((one) => one <= stamped.at + ORDER_TOLERANCE),
      "token.order",
    ),
  );
  if (inOrder) pdf.tokens.set(signature.field, stamped);
  times.push(stamped.at);
}

async function checkSignature(ex, pdf, signature, times) {
  const subject = `${pdf.path}#${signature.field}`;
  let [signed, signer, chain] = [null, null, null];
  const holds = await ex.try(
    subject,
    async () => {
      signed = readOr(null, () => readSigned(signature.contents));
      demand(signed, "signature.unreadable");
      signer = await checkSigned(
        signed,
        digesting(() => coveredBy(pdf.bytes, signature)),
        "signature",
      );
    },
    "signature.unreadable",
  );
  if (!holds) return;
  const held = signed.unsigned.get(CMS.timestamp) || [];
  if (held.length !== 1) return void ex.tell(new Refused("token.missing"), `${subject}/token`);
  const stamped = await tokenOf(ex, held[0].raw, digesting(signed.signature), `${subject}/token`);
  if (!stamped) return;
  times.push(stamped.at);
  const rooted = await ex.try(subject, async () => {
    chain = await buildChain(signer, signed.certificates, ex.rooted("seal"), stamped.at);
    demand(chain, "chain.broken", `no path from ${signer.name}`);
    ex.demandTrusted(chain);
  });
  if (!rooted) return;
  pdf.tokens.set(signature.field, stamped);
  pdf.signers.set(signature.field, chain);
}

/** The token, if it holds and leads to a root; null otherwise. */
async function tokenOf(ex, bytes, digestBy, subject) {
  let found = null;
  const holds = await ex.try(
    subject,
    async () => {
      found = await checkToken(bytes, digestBy, ex.rooted("timestamp"));
      ex.demandTrusted(found.chain);
    },
    "token.unreadable",
  );
  return holds ? found : null;
}

async function checkRevocation(ex) {
  for (const pdf of ex.holdingPdfs) {
    const stamps = pdf.signatures.filter(({ isTimestamp }) => isTimestamp);
    const stores = stamps.map(({ field }, place) => {
      const { certs, ocsps, crls } = pdf.stores[place];
      return { at: pdf.tokens.get(field).at, certs: new Set(certs.map(latin1)), ocsps, crls };
    });
    // A timestamp is proven by a later one; the last has its proof beneath it.
    let since = 0;
    for (const { field, isTimestamp } of pdf.signatures) {
      const token = pdf.tokens.get(field);
      since = isTimestamp ? Math.min(since + 1, stamps.length - 1) : 0;
      const chains = isTimestamp ? [token.chain] : [pdf.signers.get(field), token.chain];
      const uses = chains.map((chain) => ({ chain, at: token.at, since }));
      await ex.try(`${pdf.path}#${field}`, async () => {
        for (const use of uses) await checkUse(use, stores);
      });
    }
  }
}
