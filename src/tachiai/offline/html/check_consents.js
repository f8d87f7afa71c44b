/* Checks 6 and 7, `consent` and `passkey`: what each signer agreed to, and the passkey that vouches for it. */

const CONSENT_FORM = FORM.of({
  v: FORM.one,
  consent: FORM.uuid,
  envelope: FORM.uuid,
  recipient: FORM.uuid,
  slot: FORM.number,
  at: FORM.time,
  documents: FORM.list(FORM.of({ document: FORM.uuid, sha256: FORM.digest, size: FORM.size, pages: FORM.size })),
  values: FORM.object,
  text: FORM.of({ id: FORM.text, language: FORM.text, sha256: FORM.digest }),
  authentication: FORM.object,
  personal: FORM.digest,
});
const SALTED_FORM = FORM.of({ v: FORM.one, salt: FORM.digest, personal: FORM.text });

async function checkConsents(ex) {
  for (const signer of ex.manifest.signers) {
    const bytes = ex.files.get(`consents/${signer.slot}.json`);
    if (bytes) await ex.try(`slot:${signer.slot}`, () => judgeConsent(ex, signer, bytes));
  }
}

async function judgeConsent(ex, signer, bytes) {
  const { slot, recipient } = signer;
  const consent = readFormed(bytes, CONSENT_FORM, "consent.unreadable");
  const digest = await sha256Hex(bytes);
  ex.consents.set(slot, { consent, digest, bytes });
  demand(consent.envelope === ex.manifest.envelope.id && consent.recipient === recipient && consent.slot === slot, "consent.envelope");
  const theirs = ex.manifest.documents.filter(({ document }) => signs(signer, document));
  demand(coversDocuments(consent, theirs), "consent.documents");
  const own = ex.pdfs.flatMap(({ signatures }) => signatures).filter(({ field }) => slotOf(field) === slot);
  demand(
    own.every((signature) => signature.consent === digest),
    "consent.not_in_signature",
  );
  for (const pdf of ex.pdfs)
    for (const signature of pdf.signatures) if (slotOf(signature.field) === slot) judgeFilling(ex, pdf, signature, consent);
  const held = ex.files.get(`consents/${slot}.personal.json`);
  if (!held) ex.erased = true;
  else
    ex.consentPersonals.set(
      slot,
      await openCommitted(readFormed(held, SALTED_FORM, "consent.personal"), consent.personal, "consent.personal"),
    );
}

/** What a seal filled into its blanks is what was consented to, and it is seen where that was consented to, and nowhere else. */
function judgeFilling(ex, pdf, signature, { slot, values }) {
  const wanted = new Map();
  for (const [name, isCheck] of blanksOf(pdf, slot))
    if (Object.hasOwn(values, name) && !(isCheck && values[name] === "Off")) wanted.set(name, values[name]);
  const { told, seen } = filledIn(signature);
  const { document } = ex.manifest.documents.find(({ path }) => path === pdf.path);
  const same = told.size === wanted.size && [...told].every(([name, value]) => wanted.get(name) === value);
  demand(same && seen === Object.hasOwn(values, `${signature.field}:${document}`), "consent.values", pdf.path);
}

/** Whether a consent names exactly the manifest's documents, in order, as they were frozen. */
function coversDocuments(consent, documents) {
  return (
    consent.documents.length === documents.length &&
    documents.every(
      (one, at) =>
        consent.documents[at].document === one.document &&
        consent.documents[at].sha256 === one.frozen_sha256 &&
        consent.documents[at].size === one.frozen_size,
    )
  );
}

const levelOf = ({ authentication }) => (typeof authentication.level === "string" ? authentication.level : "");

async function checkPasskeys(ex) {
  for (const slot of [...ex.consents.keys()].sort((one, other) => one - other)) {
    const { consent, bytes } = ex.consents.get(slot);
    const held = ex.files.get(`consents/${slot}.passkey.json`);
    const wanted = levelOf(consent).endsWith("-passkey");
    if (!held && !wanted) continue;
    await ex.try(`slot:${slot}`, async () => {
      demand(held, "passkey.missing");
      demand(wanted, "passkey.unexpected");
      await judgePasskey(held, bytes, consent.authentication);
    });
  }
}
