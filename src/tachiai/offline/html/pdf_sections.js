/* What the house appended to a PDF, in exactly its own section format (seal-revisions.md) and in no other.
 *
 * Everything behind the upload has to be a row of sections: objects back to back, one cross-reference section that lists each of
 * them and nothing else, a trailer that continues the one before, `startxref`, `%%EOF`. A reader this narrow leaves nothing that
 * two programs could read differently. Of the upload one number is read: its /Size, below which no object is new.
 *
 * `tail` is the text from byte `from` on; places in what is given out are places in the file. */

const PDF_OBJECT = /([1-9]\d{0,9}) (\d{1,5}) obj\n/y;
const PDF_BLANKS = [0, 9, 10, 12, 13, 32];
const PDF_END = /startxref\n(\d{1,12})\n%%EOF\n/y;

/** Every section from byte `from` of `pdf` on, to the last byte. */
function readSections(pdf, from) {
  const tail = latin1(pdf.subarray(from));
  const found = [];
  for (let start = from; start < pdf.length; start = found.at(-1).end) {
    // The house ends a last line that the upload left open.
    const opens = !found.length && tail[0] === "\n" && pdf[from - 1] !== 0x0a && pdf[from - 1] !== 0x0d;
    const section = readSection(tail, start - from + (opens ? 1 : 0), from);
    if (found.length) demandContinued(found.at(-1), section);
    else demandSize(section, sizeBefore(pdf, section, from));
    found.push(section);
  }
  return found;
}

/** A section's /Size must not be below what was there before, nor its own numbers. */
function demandSize(section, before) {
  const size = Math.max(before, ...[...section.objects.keys()].map((number) => number + 1));
  if (section.size < size) throw new Malformed("a section that does not continue what was there");
}

function demandContinued(before, section) {
  const chained = section.trailer.get("/Prev") === String(before.startxref);
  const rooted = samePdf(section.trailer.get("/Root"), before.trailer.get("/Root"));
  if (!chained || !rooted) throw new Malformed("a section that does not continue the one before");
  demandSize(section, before.size);
}

/** The /Size of the upload: the first that stands where the house's /Prev leads. */
function sizeBefore(pdf, section, from) {
  const stated = section.trailer.get("/Prev");
  if (!isPdfNumber(stated, 12)) throw new Malformed("a section without the one before");
  const upload = pdf.subarray(0, from);
  const word = utf8("/Size");
  for (let at = indexOfBytes(upload, word, Number(stated)); at >= 0; at = indexOfBytes(upload, word, at + 1)) {
    let digits = at + word.length;
    while (digits < from && PDF_BLANKS.includes(upload[digits])) digits++;
    const found = digits > at + word.length && /^\d{1,10}/.exec(latin1(upload.subarray(digits, digits + 10)));
    if (found) return Number(found[0]);
  }
  throw new Malformed("an upload that does not state its size");
}

function readSection(tail, start, from) {
  const objects = new Map();
  let [at, last] = [start, start];
  for (let head = matchAt(PDF_OBJECT, tail, at); head; head = matchAt(PDF_OBJECT, tail, at)) {
    const [held, after] = readPdfObject(tail, head, from);
    if (objects.has(held.number)) throw new Malformed("the same object twice");
    objects.set(held.number, held);
    [last, at] = [at, after];
  }
  const classic = tail.startsWith("xref\n", at);
  const [trailer, end] = classic ? readXrefTable(tail, at, objects) : [readXrefStream(tail, objects, from), at];
  const closing = matchAt(PDF_END, tail, end);
  const startxref = from + (classic ? at : last);
  if (!closing || Number(closing[1]) !== startxref || !isPdfNumber(trailer.get("/Size")))
    throw new Malformed("a section without its proper end");
  return { end: from + end + closing[0].length, objects, trailer, size: Number(trailer.get("/Size")), startxref };
}

/** One object, and where the next may begin. `value` is a stream's dictionary; `stream` is where its content stands. */
function readPdfObject(tail, head, from) {
  const start = head.index + head[0].length;
  const [value, end] = wholePdfValue(tail, start);
  const stream = tail.startsWith("\nstream\n", end) ? streamPlace(tail, value, end + 8) : null;
  const after = stream ? stream[1] + 10 : end;
  if (!tail.startsWith("\nendobj\n", after)) throw new Malformed("an object without an end");
  const held = {
    number: Number(head[1]),
    generation: Number(head[2]),
    offset: from + head.index,
    start: from + start,
    end: from + end,
    value,
  };
  return [{ ...held, stream: stream && stream.map((place) => from + place) }, after + 8];
}

function streamPlace(tail, value, start) {
  const length = value instanceof Map ? value.get("/Length") : undefined;
  if (!isPdfNumber(length) || !tail.startsWith("\nendstream", start + Number(length)))
    throw new Malformed("a stream that is not as long as it says");
  return [start, start + Number(length)];
}

/** Objects in unbroken runs of numbers, as cross-reference sections list them. */
function runsOf(objects) {
  const runs = [];
  for (const held of [...objects.values()].sort((one, other) => one.number - other.number)) {
    if (!runs.length || runs.at(-1).at(-1).number !== held.number - 1) runs.push([]);
    runs.at(-1).push(held);
  }
  return runs;
}

/** The classic table at `at` has to list exactly `objects`. Gives its trailer, and where that ends. */
function readXrefTable(tail, at, objects) {
  const pad = (number, width) => String(number).padStart(width, "0");
  const row = (held) => `${pad(held.offset, 10)} ${pad(held.generation, 5)} n \n`;
  const listed = `xref\n${runsOf(objects)
    .map((run) => `${run[0].number} ${run.length}\n${run.map(row).join("")}`)
    .join("")}trailer\n`;
  if (!tail.startsWith(listed, at)) throw new Malformed("a table that does not list its objects");
  const [trailer, end] = wholePdfValue(tail, at + listed.length);
  if (!(trailer instanceof Map) || tail[end] !== "\n") throw new Malformed("no trailer");
  return [trailer, end + 1];
}

/** The last object has to be the stream that lists all of them. It is taken out of `objects`. */
function readXrefStream(tail, objects, from) {
  const held = [...objects.values()].at(-1);
  if (!held || !held.stream || held.value.get("/Type") !== "/XRef" || held.value.has("/Filter"))
    throw new Malformed("a section without its cross-reference stream");
  const runs = runsOf(objects);
  const index = runs.flatMap((run) => [String(run[0].number), String(run.length)]);
  const bytes = (number, width) =>
    Array.from({ length: width }, (_, place) => String.fromCharCode(Math.floor(number / 256 ** (width - 1 - place)) % 256)).join("");
  const rows = runs
    .flat()
    .map((one) => "\x01" + bytes(one.offset, 5) + bytes(one.generation, 2))
    .join("");
  const written = tail.slice(held.stream[0] - from, held.stream[1] - from);
  if (!samePdf(held.value.get("/W"), ["1", "5", "2"]) || !samePdf(held.value.get("/Index"), index) || written !== rows)
    throw new Malformed("a cross-reference stream that does not list its objects");
  objects.delete(held.number);
  return held.value;
}
