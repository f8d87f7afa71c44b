/* Whether each section behind the house's rewrites only what its kind may (seal-revisions.md, the first table). */

/** Gives the validation data that each timestamp covers: `certs`, `ocsps`, `crls`, lists of bytes. Throws Malformed. */
function judgeChanges(pdf, sections, signatures) {
  const latest = new Map();
  const stores = [];
  sections.forEach((section, place) => {
    const signature = signatures[place];
    const root = pdfReference(section.trailer.get("/Root"));
    if (place === 0 && !(signature && signature.field === FIELD.house)) throw new Malformed("the house's section is not the first");
    const rewritten = place ? [...section.objects.values()].filter((held) => held.number < sections[place - 1].size) : [];
    for (const held of rewritten) judgeRewritten(latest, held, signature, root);
    for (const [number, held] of section.objects) latest.set(number, held);
    if (signature && signature.isTimestamp) stores.push(storeOf(pdf, latest, root));
  });
  return stores;
}

function judgeRewritten(latest, held, signature, root) {
  if (!signature) judgeStore(latest, held, root);
  else if (signature.isTimestamp) judgeStamp(latest, held, root);
  else judgeField(latest, held, signature.field);
}

function demandOnly(before, after, keys) {
  const fine = before instanceof Map && after instanceof Map && pdfDifferences(before, after).every((key) => keys.includes(key));
  if (!fine) throw new Malformed("a section that changes something else");
}

function judgeField(latest, held, field) {
  const before = latest.get(held.number)?.value;
  if (!(before instanceof Map) || !before.has("/FT")) throw new Malformed("a section of a signer that rewrites something else than fields");
  const name = pdfString(before.get("/T"));
  if (name !== field && !(FIELD.value.test(name) && slotOf(name) === slotOf(field)))
    throw new Malformed("a section of a signer that rewrites another field");
  demandOnly(before, held.value, ["/V", "/AP", "/AS"]);
}

function judgeStore(latest, held, root) {
  if (held.number !== root) throw new Malformed("validation data that changes something else");
  demandOnly((latest.get(root) || held).value, held.value, ["/DSS"]);
}

/** A timestamp adds its field to the list, wherever that stands: in an object of its own, in the form, or in the catalogue's form. */
function judgeStamp(latest, held, root) {
  const member = (number, key) => {
    const value = latest.get(number)?.value;
    return value instanceof Map ? value.get(key) : undefined;
  };
  const formAt = pdfReference(member(root, "/AcroForm"));
  const listAt = pdfReference(member(formAt, "/Fields"));
  if (!latest.has(held.number)) throw new Malformed("a timestamp that rewrites what no section has written");
  const [before, after] = [latest.get(held.number).value, held.value];
  if (held.number === root) {
    demandOnly(before, after, ["/AcroForm"]);
    demandGrownForm(before.get("/AcroForm"), after.get("/AcroForm"));
  } else if (held.number === formAt) demandGrownForm(before, after);
  else if (held.number === listAt) demandGrownList(before, after);
  else throw new Malformed("a timestamp that changes something else");
}

/** Of a form only flags and fields change, and of these none is lost. One that stands elsewhere stays where it stands. */
function demandGrownForm(before, after) {
  if (samePdf(before, after)) return;
  demandOnly(before, after, ["/Fields", "/SigFlags"]);
  demandGrownList(before.get("/Fields"), after.get("/Fields"));
}

function demandGrownList(before, after) {
  const grown = Array.isArray(before) && Array.isArray(after) && samePdf(after.slice(0, before.length), before);
  if (!grown && !samePdf(before, after)) throw new Malformed("a list of fields that lost something");
}

/** The validation data as the catalogue has it now; what came with the upload is not looked for. */
function storeOf(pdf, latest, root) {
  const catalogue = latest.get(root)?.value;
  const held = catalogue instanceof Map ? latest.get(pdfReference(catalogue.get("/DSS")))?.value : undefined;
  const read = (kind) => {
    const stated = held instanceof Map ? held.get(kind) : undefined;
    const listed = latest.get(pdfReference(stated))?.value ?? stated;
    const streams = (Array.isArray(listed) ? listed : []).map((one) => latest.get(pdfReference(one))?.stream);
    return streams.filter(Boolean).map(([start, end]) => pdf.subarray(start, end));
  };
  return { certs: read("/Certs"), ocsps: read("/OCSPs"), crls: read("/CRLs") };
}
