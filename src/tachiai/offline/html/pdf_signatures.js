/* The signatures in the house's sections: where each lies, what it covers, what it says. Nothing of it is believed here. */

const FIELD = {
  house: "TachiaiHouse",
  slot: /^TachiaiSlot(\d{3})$/,
  value: /^TachiaiValue(\d{3})-\d\d$/,
  archive: /^TachiaiArchive[1-9]\d{0,3}$/,
};
const SIGNATURE_KINDS = [
  ["/ETSI.CAdES.detached", "/Sig"],
  ["/ETSI.RFC3161", "/DocTimeStamp"],
];

const slotField = (slot) => `TachiaiSlot${String(slot).padStart(3, "0")}`;

/** Whose field it is: a slot's number, 0 for nobody's. */
function slotOf(name) {
  const found = FIELD.slot.exec(name) || FIELD.value.exec(name);
  return found ? Number(found[1]) : 0;
}

/** The one signature that a section brings, with its field; null for a section without. */
function findSignature(pdf, section) {
  const dictionaries = [...section.objects.values()].filter((held) => held.value instanceof Map);
  const values = dictionaries.filter((held) => held.value.has("/ByteRange"));
  if (!values.length) return null;
  const [held] = values;
  const fields = dictionaries.filter((one) => one.value.get("/V") === `${held.number} ${held.generation} R`);
  if (values.length > 1 || fields.length !== 1) throw new Malformed("not one signature in one field");
  const [said, field] = [held.value, pdfString(fields[0].value.get("/T"))];
  if (!SIGNATURE_KINDS.some(([form, type]) => said.get("/SubFilter") === form && said.get("/Type") === type))
    throw new Malformed("a signature of another kind");
  const contents = fromLatin1(pdfString(said.get("/Contents")));
  const gap = gapOf(pdf, section, held, contents);
  if (!gap) throw new Refused("pdf.byte_range", "", field);
  const isTimestamp = said.get("/Type") === "/DocTimeStamp";
  return {
    field,
    isTimestamp,
    kind: isTimestamp ? "timestamp" : field === FIELD.house ? "house" : "slot",
    contents,
    gap,
    section,
    name: pdfWords(said.get("/Name")),
    consent: said.has("/XXTachiaiConsent") ? hexOf(fromLatin1(pdfString(said.get("/XXTachiaiConsent")))) : null,
    ...referencesOf(said.get("/Reference")),
  };
}

/** The value fields that were laid in for a slot: name → whether it is a box to tick. */
function blanksOf({ signatures }, slot) {
  const fields = [...signatures[0].section.objects.values()].map(({ value }) => value).filter((value) => value instanceof Map && value.has("/T"));
  const named = fields.map((field) => [pdfString(field.get("/T")), field.get("/FT") === "/Btn"]);
  return new Map(named.filter(([name]) => FIELD.value.test(name) && slotOf(name) === slot));
}

/** What a slot's section puts into value fields, and whether its signature is seen. */
function filledIn(signature) {
  const told = new Map();
  let seen = false;
  for (const { value: field } of signature.section.objects.values()) {
    if (!(field instanceof Map) || !field.has("/T")) continue;
    const [name, value] = [pdfString(field.get("/T")), field.get("/V")];
    if (name === signature.field) seen = field.has("/AP");
    else told.set(name, typeof value === "string" && value.startsWith("/") ? value.slice(1) : pdfWords(value));
  }
  return { told, seen };
}

/** What the range leaves out, if that is exactly the string of /Contents, which stands last, and the rest is the file so far. */
function gapOf(pdf, section, held, contents) {
  const stated = held.value.get("/ByteRange");
  if (!Array.isArray(stated) || stated.length !== 4 || !stated.every((part) => isPdfNumber(part, 11))) return null;
  const [zero, start, end, rest] = stated.map(Number);
  if (zero !== 0 || end + rest !== section.end || !(held.start < start && start < end && end < held.end)) return null;
  const behind = latin1(pdf.subarray(end, held.end));
  const last = latin1(pdf.subarray(start - 10, start)) === "/Contents " && (behind === " >>" || behind === ">>");
  return last && latin1(pdf.subarray(start, end)) === `<${hexOf(contents)}>` ? [start, end] : null;
}

/** The P of DocMDP, and the fields that FieldMDP leaves open (none: everything is locked; null: it says nothing of the kind). */
function referencesOf(list) {
  let [permission, frees] = [null, null];
  for (const entry of Array.isArray(list) ? list : []) {
    const params = entry instanceof Map ? entry.get("/TransformParams") : null;
    if (!(params instanceof Map)) throw new Malformed("a reference without terms");
    const [method, action, names] = [entry.get("/TransformMethod"), params.get("/Action"), params.get("/Fields")];
    if (method === "/DocMDP" && permission === null && ["1", "2", "3"].includes(params.get("/P"))) permission = Number(params.get("/P"));
    else if (method === "/FieldMDP" && frees === null && action === "/All") frees = new Set();
    else if (method === "/FieldMDP" && frees === null && action === "/Exclude" && Array.isArray(names))
      frees = new Set(names.map(pdfString));
    else throw new Malformed("terms of another kind");
  }
  return { permission, frees };
}

/** The bytes that a signature covers. */
const coveredBy = (pdf, signature) => concat(pdf.subarray(0, signature.gap[0]), pdf.subarray(signature.gap[1], signature.section.end));
