/* Checks 8 and 9, `entries` and `agreement`: the envelope's stream of the ledger, and whether it tells the same story as the files. */

const ENTRY_FORM = FORM.of({
  v: FORM.one,
  stream: FORM.text,
  seq: FORM.number,
  previous: FORM.digest,
  at: FORM.time,
  event: FORM.text,
  by: FORM.object,
  data: FORM.object,
  personal: FORM.orNull(FORM.digest),
});
const PERSONAL_FORM = FORM.of({ v: FORM.one, entries: FORM.list(FORM.of({ seq: FORM.number, salt: FORM.digest, personal: FORM.text })) });

async function checkEntries(ex) {
  const bytes = ex.files.get("ledger/entries.jsonl");
  if (!bytes) return;
  ex.begin();
  const lines = linesOf(bytes);
  const ended = lines.pop().length === 0 && lines.length > 0;
  let previous = "0".repeat(64);
  for (const [at, line] of lines.entries()) {
    // What hangs on a chain that is broken here says nothing any more.
    if (!(await ex.try(`entry:${at + 1}`, () => judgeEntry(ex, line, at + 1, previous)))) return;
    ex.leaves.push(await leafHash(line));
    previous = hexOf(ex.leaves.at(-1));
  }
  const whole = await ex.try(`entry:${lines.length + 1}`, () => demand(ended, "entry.unreadable", "the last line has no end"));
  if (whole) await checkPersonals(ex);
}

/** The parts between line feeds. */
function linesOf(bytes) {
  const lines = [];
  let at = 0;
  for (let end = bytes.indexOf(0x0a); end >= 0; end = bytes.indexOf(0x0a, at)) {
    lines.push(bytes.subarray(at, end));
    at = end + 1;
  }
  return [...lines, bytes.subarray(at)];
}

function judgeEntry(ex, line, number, previous) {
  const entry = readFormed(line, ENTRY_FORM, "entry.unreadable");
  demand(entry.stream === `envelope:${ex.manifest.envelope.id}`, "entry.stream");
  demand(entry.seq === number, "entry.gap");
  demand(entry.previous === previous, "entry.chain");
  ex.entries.push(entry);
}

async function checkPersonals(ex) {
  const bytes = ex.files.get("ledger/personal.json");
  await ex.try("ledger/personal.json", () => {
    const held = bytes ? readFormed(bytes, PERSONAL_FORM, "entry.personal").entries : [];
    demand(
      held.every(({ seq }, at) => at === 0 || held[at - 1].seq < seq),
      "entry.personal",
      "not in order",
    );
    ex.told = new Map(held.map((one) => [one.seq, one]));
  });
  for (const [seq, held] of ex.told) {
    const entry = ex.entries[seq - 1];
    await ex.try(`entry:${seq}`, async () => {
      demand(entry && entry.personal !== null, "entry.personal", "for an entry that has none");
      ex.personals.set(seq, await openCommitted(held, entry.personal, "entry.personal"));
    });
  }
  if (ex.entries.some(({ seq, personal }) => personal && !ex.told.has(seq))) ex.erased = true;
}

async function checkAgreement(ex) {
  if (ex.states.entries !== "ok") return;
  await ex.try("", () => judgeSent(ex));
  for (const { path, document, frozen_sha256: sha256 } of ex.manifest.documents) {
    await ex.try(path, () => demand(isToldOnce(ex, "document.frozen", { document, sha256 }), "entry.frozen"));
  }
  for (const { slot, recipient } of ex.manifest.signers) await ex.try(`slot:${slot}`, () => judgeConsented(ex, slot, recipient));
  for (const pdf of ex.pdfs) {
    if (pdf.isDocument) await checkRecorded(ex, pdf);
    else await ex.try(pdf.path, () => judgeConcluded(ex, pdf));
  }
}

/** How many entries of this event say all of `data`. */
function timesTold(ex, event, data) {
  return ex.entries.filter((entry) => entry.event === event && Object.entries(data).every(([key, value]) => entry.data[key] === value))
    .length;
}

/** Whether one entry says so, and no other entry of this event anything else of the same thing: the first member of `data`. */
function isToldOnce(ex, event, data) {
  const [[key, value]] = Object.entries(data);
  return timesTold(ex, event, data) === 1 && timesTold(ex, event, { [key]: value }) === 1;
}

function judgeSent(ex) {
  const { documents, signers } = ex.manifest;
  const sent = ex.entries.filter(({ event }) => event === "envelope.sent").map(({ data }) => data);
  const uploads = documents.map((one) => one.upload_sha256);
  const same = (told, wanted) => told !== undefined && canonicalText(told) === canonicalText(wanted);
  demand(sent.length === 1 && same(sent[0].documents, uploads), "entry.sent");
  const { slots } = sent[0];
  demand(Array.isArray(slots) && slots.every(isPlace), "entry.sent");
  const standing = placesInTheEnd(ex, slots);
  for (const { proof = "totp", gate = "otp" } of standing) {
    demand(["totp", "passkey"].includes(proof), "entry.sent", "a proof that is not known here");
    demand(["otp", "none"].includes(gate), "entry.sent", "a gate that is not known here");
  }
  const filled = new Set(standing.map(({ slot }) => slot));
  demand(filled.size === signers.length && signers.every(({ slot }) => filled.has(slot)), "entry.sent");
  for (const signer of signers) {
    const group = standing.filter(({ slot }) => slot === signer.slot);
    const own = group.find(({ recipient }) => recipient === signer.recipient);
    demand(own && own.order === signer.order, "entry.sent");
    demand(sameMember(own, signer, "documents"), "entry.sent");
    demand(group.length === 1 || group.every((one) => one.any_one === true), "entry.sent", "one slot for several");
    ex.asked.set(signer.slot, own);
  }
}

const SIGNER_PLACE = ["slot", "order", "recipient", "any_one", "gate", "proof", "deadline", "documents", "may_reassign", "wants_copy"];

/** Whether an entry names somebody who is to sign, and nothing about them that is not known here. */
function isPlace(value) {
  if (!FORM.object(value) || !Object.keys(value).every((name) => SIGNER_PLACE.includes(name))) return false;
  const { slot, order, recipient } = value;
  return FORM.of(SIGNER)({ slot, order, recipient });
}

const sameMember = (one, other, name) => canonicalText(one[name] ?? null) === canonicalText(other[name] ?? null);

/** Who was to sign where in the end: who was sent to, but for those in whose place somebody else was named. */
function placesInTheEnd(ex, slots) {
  const standing = new Map(slots.map((one) => [one.recipient, one]));
  demand(standing.size === slots.length, "entry.sent");
  for (const { event, data } of ex.entries) {
    if (event !== "recipient.reassigned") continue;
    const { recipient: old, place } = data;
    demand(FORM.text(old) && FORM.object(place), "entry.sent", "somebody reassigned to nobody");
    if (!standing.has(old) && !Object.hasOwn(place, "slot")) continue; // somebody who was not to sign
    demand(standing.has(old) && isPlace(place) && !standing.has(place.recipient), "entry.sent", "reassigned from nobody");
    const same = ["slot", "order", "any_one", "proof", "documents"].every((name) => sameMember(standing.get(old), place, name));
    demand(same, "entry.sent", "reassigned on other terms");
    standing.delete(old);
    standing.set(place.recipient, place);
  }
  return [...standing.values()];
}

function judgeConsented(ex, slot, recipient) {
  const held = ex.consents.get(slot);
  if (!held) return;
  const place = ex.asked.get(slot) ?? {};
  const level = levelOf(held.consent);
  demand(isToldOnce(ex, "recipient.consented", { recipient, consent: held.consent.consent, digest: held.digest }), "entry.consent");
  const enough = level.endsWith(place.proof ? `-${place.proof}` : "") && (level !== "mail-only" || place.gate !== undefined);
  demand(enough, "entry.consent", "less than the sender asked for");
}

const upTo = (pdf, signature) => sha256Hex(pdf.bytes.subarray(0, signature.section.end));

async function checkRecorded(ex, pdf) {
  let closed = false;
  for (const signature of pdf.signatures.slice(1)) {
    const said = { document: pdf.stated.document, sha256: await upTo(pdf, signature) };
    let [code, events] = ["entry.closed", closed ? ["document.topped_up", "document.renewed"] : ["document.closed"]];
    if (!signature.isTimestamp) {
      const slot = slotOf(signature.field);
      said.recipient = ex.manifest.signers[slot - 1].recipient;
      if (ex.consents.has(slot)) said.consent = ex.consents.get(slot).consent.consent;
      [code, events] = ["entry.sealed", ["document.sealed", "document.resealed"]];
    }
    closed ||= signature.isTimestamp;
    await ex.try(`${pdf.path}#${signature.field}`, () =>
      demand(
        events.some((event) => timesTold(ex, event, said)),
        code,
      ),
    );
  }
}

async function judgeConcluded(ex, pdf) {
  const stamps = pdf.signatures.filter(({ isTimestamp }) => isTimestamp);
  const [first, ...others] = await Promise.all(stamps.map((one) => upTo(pdf, one)));
  const told = ex.entries.filter(({ event }) => event === "envelope.concluded").map(({ data }) => data);
  demand(told.length === 1 && told[0].certificate === ex.manifest.certificate.number && told[0].sha256 === first, "entry.concluded");
  const later = ["certificate.topped_up", "certificate.renewed"];
  demand(
    others.every((sha256) => later.some((event) => timesTold(ex, event, { sha256 }))),
    "entry.concluded",
  );
}
