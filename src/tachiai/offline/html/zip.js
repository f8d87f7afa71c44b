/* A strict reader of the bundle's ZIP (APPNOTE 6.3), in the narrow form that evidence-bundle.md allows and in no other.
 *
 * Two programs that read one ZIP differently could be shown two contracts. So nothing may stand before, between or behind the
 * entries, each local header must say what the directory says, and no name may come twice. */

const MB = 1000000;
const ZIP_LIMITS = { file: 1000 * MB, entries: 4000, entry: 200 * MB, all: 2000 * MB, text: 20 * MB };
const ZIP_NAME = /^(?=.{1,120}$)[A-Za-z0-9_-][A-Za-z0-9._-]*(?:\/[A-Za-z0-9_-][A-Za-z0-9._-]*){0,3}$/;

const view = (bytes) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** The end record, which must be the last 22 bytes: no comment, one disk, no ZIP64. */
function readZipEnd(bytes) {
  const at = bytes.length - 22;
  if (at < 0) throw new Malformed("too short");
  const end = view(bytes.subarray(at));
  if (end.getUint32(0, true) !== 0x06054b50) throw new Malformed("no end record at the end");
  const [disk, first, here, count] = [4, 6, 8, 10].map((offset) => end.getUint16(offset, true));
  const [size, start] = [end.getUint32(12, true), end.getUint32(16, true)];
  if (disk || first || here !== count || end.getUint16(20, true)) throw new Malformed("end record");
  if (start + size !== at) throw new Malformed("the directory does not end where the end record begins");
  return { at, start, count };
}

function readZipEntry(bytes, at, end) {
  if (at + 46 > end) throw new Malformed("directory");
  const head = view(bytes.subarray(at, at + 46));
  const [flags, method] = [head.getUint16(8, true), head.getUint16(10, true)];
  const [nameSize, extra, comment, disk] = [28, 30, 32, 34].map((offset) => head.getUint16(offset, true));
  const [crc, packed, size, local] = [16, 20, 24, 42].map((offset) => head.getUint32(offset, true));
  if (head.getUint32(0, true) !== 0x02014b50 || flags & ~0x800 || (method !== 0 && method !== 8)) throw new Malformed("directory");
  // Sizes of 32 ones would mean that the true ones stand in a ZIP64 field.
  if (extra || comment || disk || at + 46 + nameSize > end || packed === 0xffffffff || size === 0xffffffff)
    throw new Malformed("directory");
  const nameBytes = bytes.subarray(at + 46, at + 46 + nameSize);
  return { flags, method, crc, packed, size, local, nameBytes, name: latin1(nameBytes), next: at + 46 + nameSize };
}

/** Every entry, in the order of the directory; the data of each begins where that of the one before ended. */
function readZipEntries(bytes) {
  const end = readZipEnd(bytes);
  demand(end.count <= ZIP_LIMITS.entries, "zip.size");
  const entries = [];
  let [at, place] = [end.start, 0];
  for (let count = 0; count < end.count; count++) {
    const entry = readZipEntry(bytes, at, end.at);
    entry.data = startOfZipData(bytes, entry, place, end.start);
    place = entry.data + entry.packed;
    at = entry.next;
    entries.push(entry);
  }
  if (at !== end.at || place !== end.start) throw new Malformed("something between entries and directory");
  return entries;
}

/** Where an entry's bytes begin; its local header must repeat the directory. */
function startOfZipData(bytes, entry, place, limit) {
  const start = place + 30 + entry.nameBytes.length;
  if (entry.local !== place || start + entry.packed > limit) throw new Malformed("an entry elsewhere than it should be");
  const head = view(bytes.subarray(place, place + 30));
  const same =
    head.getUint32(0, true) === 0x04034b50 &&
    head.getUint16(6, true) === entry.flags &&
    head.getUint16(8, true) === entry.method &&
    head.getUint32(14, true) === entry.crc &&
    head.getUint32(18, true) === entry.packed &&
    head.getUint32(22, true) === entry.size &&
    head.getUint16(26, true) === entry.nameBytes.length &&
    head.getUint16(28, true) === 0 &&
    sameBytes(bytes.subarray(place + 30, start), entry.nameBytes);
  if (!same) throw new Malformed("a local header that differs from the directory");
  return start;
}

/** The files by name, of the narrow form alone. Refuses with `zip.…`. */
async function openContainer(bytes) {
  demand(bytes.length <= ZIP_LIMITS.file, "zip.size");
  let entries;
  try {
    entries = readZipEntries(bytes);
  } catch (error) {
    throw isUnreadable(error) ? new Refused("zip.unreadable", error.message) : error;
  }
  demandSizes(entries);
  demandNames(entries);
  const files = new Map();
  for (const entry of entries) files.set(entry.name, await unpack(bytes, entry));
  return files;
}

function demandSizes(entries) {
  for (const { name, size } of entries) {
    demand(size <= ZIP_LIMITS.entry, "zip.size", "", name);
    demand(size <= ZIP_LIMITS.text || !/\.(?:json|jsonl|txt)$/.test(name), "zip.size", "", name);
  }
  demand(entries.reduce((sum, { size }) => sum + size, 0) <= ZIP_LIMITS.all, "zip.size");
}

/** No two names alike, and none that is a folder of another: a disk could keep only one of them. */
function demandNames(entries) {
  for (const { name } of entries) demand(ZIP_NAME.test(name), "zip.name", "", shownName(name));
  const small = new Set();
  for (const { name } of entries) {
    demand(!small.has(name.toLowerCase()), "zip.twin", "", name);
    small.add(name.toLowerCase());
  }
  for (const { name } of entries) {
    const parts = name.toLowerCase().split("/");
    demand(
      parts.slice(1).every((_, at) => !small.has(parts.slice(0, at + 1).join("/"))),
      "zip.twin",
      "",
      name,
    );
  }
}

/** A name of any bytes, as both verifiers tell it: what is not printable, by its number. */
function shownName(name) {
  return name
    .slice(0, 400)
    .replace(/[\u0000-\u001f\u007f-\u00a0\u00ad]/g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

async function inflate(packed, size) {
  const { readable, writable } = new DecompressionStream("deflate-raw");
  const writer = writable.getWriter();
  // What is wrong with the bytes is told where they are read.
  for (const done of [writer.write(packed), writer.close()]) done.catch(() => {});
  const whole = new Uint8Array(size);
  const reader = readable.getReader();
  let at = 0;
  for (let step = await reader.read(); !step.done; step = await reader.read()) {
    // A bomb is stopped at the announced size, not when memory is gone.
    if (at + step.value.length > size) throw new Malformed("longer than announced");
    whole.set(step.value, at);
    at += step.value.length;
  }
  if (at !== size) throw new Malformed("shorter than announced");
  return whole;
}

async function unpack(bytes, entry) {
  const packed = bytes.subarray(entry.data, entry.data + entry.packed);
  const whole =
    entry.method === 0
      ? packed
      : await inflate(packed, entry.size).catch((error) => {
          throw new Refused("zip.content", error.message, entry.name);
        });
  demand(whole.length === entry.size && crc32(whole) === entry.crc, "zip.content", "", entry.name);
  return whole;
}

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, value) => {
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? 0xedb88320 ^ (value >>> 1) : value >>> 1;
  return value;
});

function crc32(bytes) {
  let value = 0xffffffff;
  for (const byte of bytes) value = CRC_TABLE[(value ^ byte) & 0xff] ^ (value >>> 8);
  return (value ^ 0xffffffff) >>> 0;
}
