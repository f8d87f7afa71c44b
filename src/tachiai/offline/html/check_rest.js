/* Checks 11 and 12, `delivery` and `material`: what became of the mails, and the loose files that the PDFs rest on. */

const DELIVERIES_FORM = FORM.of({
  v: FORM.one,
  mails: FORM.list(
    FORM.of({
      seq: FORM.number,
      mail: FORM.uuid,
      kind: FORM.text,
      result: matching(/^(?:accepted|refused)$/),
      at: FORM.time,
      to: FORM.orNull(FORM.text),
      reply: FORM.orNull(FORM.text),
      message_id: FORM.orNull(FORM.text),
    }),
  ),
});

async function checkDeliveries(ex) {
  const bytes = ex.files.get("mail/deliveries.json");
  if (!bytes || ex.states.entries !== "ok") return;
  let told = [];
  if (
    !(await ex.try("mail/deliveries.json", () => {
      told = readFormed(bytes, DELIVERIES_FORM, "delivery.unreadable").mails;
    }))
  )
    return;
  const about = new Map(
    ex.entries.filter(({ event }) => event === "mail.accepted" || event === "mail.refused").map((entry) => [entry.seq, entry]),
  );
  const numbers = told.map(({ seq }) => seq);
  for (const held of told) {
    const entry = numbers.filter((seq) => seq === held.seq).length === 1 ? about.get(held.seq) : undefined;
    await ex.try(`entry:${held.seq}`, () => demand(entry && isSameMail(held, entry, ex.personals.get(held.seq) || {}), "delivery.unknown"));
  }
  for (const seq of [...about.keys()].filter((one) => !numbers.includes(one)).sort((one, other) => one - other)) {
    await ex.try(`entry:${seq}`, () => demand(false, "delivery.missing"));
  }
}

function isSameMail(held, entry, personal) {
  const same =
    entry.event === `mail.${held.result}` && entry.at === held.at && entry.data.mail === held.mail && entry.data.kind === held.kind;
  return same && ["to", "reply", "message_id"].every((name) => held[name] === (personal[name] ?? null));
}

async function checkMaterial(ex) {
  const known = new Set();
  for (const pdf of ex.pdfs) for (const token of pdf.tokens.values()) known.add(await sha256Hex(token.raw));
  const whole = ex.holdingPdfs.length === ex.pdfs.length && ex.pdfs.length === ex.manifest.documents.length + 1;
  for (const path of sorted(ex.files.keys())) {
    const [folder, name] = [path.slice(0, path.indexOf("/")), path.slice(path.indexOf("/") + 1)];
    if (["certificates", "revocation", "tokens"].includes(folder))
      await ex.try(path, () => judgeMaterial(path, name.split(".")[0], ex.files.get(path)));
    if (folder === "tokens" && whole) await ex.try(path, () => demand(known.has(name.slice(0, -4)), "material.unknown"));
  }
  const wanted = [
    ...ex.manifest.roots.map(({ sha256 }) => `certificates/${sha256}.der`),
    ...sorted(known).map((one) => `tokens/${one}.tst`),
  ];
  for (const path of wanted) await ex.try(path, () => demand(ex.files.has(path), "material.missing"));
}

async function judgeMaterial(path, digest, bytes) {
  demand(digest === (await sha256Hex(bytes)), "material.name");
  await orRefuse("material.unreadable", () => {
    if (path.endsWith(".der")) certificate(bytes);
    else if (path.endsWith(".tst")) readSigned(bytes);
    else if (path.endsWith(".ocsp")) basicResponse(bytes);
    else exactly(3, sequence(readDer(bytes)));
  });
}
