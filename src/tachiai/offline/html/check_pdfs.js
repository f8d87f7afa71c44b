/* Check 3, `pdf`: each document and the certificate, their sections and what these may be. */

async function checkPdfs(ex) {
  for (const one of ex.manifest.documents) {
    const slots = ex.manifest.signers.filter((signer) => signs(signer, one.document)).map(({ slot }) => slot);
    await checkPdf(ex, { path: one.path, stated: one, isDocument: true, base: one.upload_size, slots });
  }
  const paper = ex.manifest.certificate;
  await checkPdf(ex, { path: paper.path, stated: paper, isDocument: false, base: paper.paper_size, slots: [] });
}

async function checkPdf(ex, asked) {
  const bytes = ex.files.get(asked.path);
  if (!bytes) return;
  ex.begin();
  try {
    ex.pdfs.push(await readPdf({ ...asked, bytes, tokens: new Map(), signers: new Map() }));
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    ex.tell(error, asked.path + (error.subject && `#${error.subject}`));
  }
}

/** Everything that can be said of a file before any signature is looked into. Refuses with `pdf.…`. */
async function readPdf(pdf) {
  const { bytes, stated, base } = pdf;
  const whole = bytes.length >= base && (!pdf.isDocument || (await sha256Hex(bytes.subarray(0, base))) === stated.upload_sha256);
  demand(whole, "pdf.upload");
  const [sections, found] = await orRefuse("pdf.unreadable", () => readRevisions(bytes, base));
  pdf.signatures = found.filter(Boolean);
  demand(pdf.signatures.length, "pdf.not_signed");
  demand(found.at(-1)?.isTimestamp, "pdf.not_whole_file");
  judgeSigners(pdf);
  judgeLocks(pdf);
  pdf.stores = await orRefuse("pdf.changed", () => judgeChanges(bytes, sections, found));
  const house = sections[0].end;
  if (pdf.isDocument)
    demand(house === stated.frozen_size && (await sha256Hex(bytes.subarray(0, house))) === stated.frozen_sha256, "pdf.frozen");
  return pdf;
}

/** What `work` gives; what it cannot read is refused with `code`. */
async function orRefuse(code, work) {
  try {
    return await work();
  } catch (error) {
    throw isUnreadable(error) ? new Refused(code, error.message) : error;
  }
}

function readRevisions(bytes, base) {
  const sections = readSections(bytes, base);
  return [sections, sections.map((section) => findSignature(bytes, section))];
}

/** The house first, then the slots in any order, then document timestamps. */
function judgeSigners({ signatures, slots }) {
  const wanted = [FIELD.house, ...slots.map(slotField)];
  const signed = signatures.filter((one) => !one.isTimestamp).map(({ field }) => field);
  for (const name of wanted) demand(signed.includes(name), "pdf.signer_missing", "", name);
  signatures.forEach((one, place) => {
    const known = one.isTimestamp
      ? FIELD.archive.test(one.field)
      : wanted.includes(one.field) && (one.field === FIELD.house) === (place === 0);
    const again = signatures.slice(0, place).some(({ field }) => field === one.field);
    const early = one.isTimestamp && signatures.slice(place).some(({ isTimestamp }) => !isTimestamp);
    demand(known && !again && !early, "pdf.signer_unexpected", "", one.field);
  });
}

/** DocMDP by the house alone, and every lock leaves open exactly the other slots' fields. */
function judgeLocks({ signatures, slots, bytes, base, isDocument }) {
  const [house] = signatures;
  const every = house.frees ? [...house.frees] : ["?"];
  const named = every.filter((name) => FIELD.slot.test(name));
  const known =
    named.length === slots.length &&
    slots.every((slot) => named.includes(slotField(slot))) &&
    every.every((name) => slots.includes(slotOf(name)));
  demand(known, "pdf.lock", "", house.field);
  // A file that others had signed gets no certification, which must be the first signature.
  const bearsOthers = indexOfBytes(bytes.subarray(0, base), utf8("/ByteRange")) >= 0;
  const permissions = [isDocument ? 2 : 1, ...(bearsOthers ? [null] : [])];
  for (const one of signatures) {
    const free = every.filter((name) => !slotOf(one.field) || slotOf(name) !== slotOf(one.field));
    const locks = one.frees && one.frees.size === free.length && free.every((name) => one.frees.has(name));
    const plain = one.permission === null && one.frees === null && one.consent === null;
    demand(one.isTimestamp ? plain : locks && (one === house ? permissions : [null]).includes(one.permission), "pdf.lock", "", one.field);
  }
}
