/* Signed notes and checkpoints (C2SP signed-note, tlog-checkpoint), with Ed25519 keys. */

// Blanks as Python counts them: the two verifiers have to agree about a name.
const LOG_NAME = "[^\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000+]+";
const LOG_KEY = new RegExp(`^(${LOG_NAME})\\+([0-9a-f]{8})\\+([A-Za-z0-9+/]+=*)$`);

/** A verifier key `name+hash+base64(0x01 ‖ key)`; its hash must be that of name and key. Throws Malformed. */
async function readLogKey(text) {
  const parts = LOG_KEY.exec(text);
  if (!parts) throw new Malformed("no verifier key");
  const held = fromBase64(parts[3]);
  const identifier = (await digestOf(concat(utf8(parts[1] + "\n"), held))).subarray(0, 4);
  if (held.length !== 33 || held[0] !== 1 || hexOf(identifier) !== parts[2]) throw new Malformed("another kind of key, or another's name");
  return { name: parts[1], identifier, key: held.subarray(1) };
}

/** A checkpoint: origin, size and root, the text that is signed, and its signature lines. Throws Malformed. */
function readCheckpoint(bytes) {
  const whole = textOf(bytes);
  const mark = whole.indexOf("\n\n");
  const [text, rest] = [whole.slice(0, mark), whole.slice(mark + 2)];
  const lines = text.split("\n");
  if (mark < 0 || lines.length < 3 || !lines[0] || !/^(?:0|[1-9]\d{0,15})$/.test(lines[1]) || !rest.endsWith("\n"))
    throw new Malformed("no checkpoint");
  const signed = rest
    .slice(0, -1)
    .split("\n")
    .map((line) => /^\u2014 ([^ +]+) ([A-Za-z0-9+/]+=*)$/.exec(line));
  const root = fromBase64(lines[2]);
  if (root.length !== 32 || signed.some((line) => !line)) throw new Malformed("no checkpoint");
  return {
    origin: lines[0],
    size: Number(lines[1]),
    root,
    text: utf8(text + "\n"),
    lines: signed.map((line) => [line[1], fromBase64(line[2])]),
  };
}

/** Whether one of a checkpoint's lines is by this key, whose name is the origin. */
async function isSignedByLog(key, checkpoint) {
  if (checkpoint.origin !== key.name) return false;
  for (const [name, bytes] of checkpoint.lines) {
    const own = name === key.name && bytes.length === 68 && sameBytes(bytes.subarray(0, 4), key.identifier);
    if (own && (await verifyEd25519(key.key, bytes.subarray(4), checkpoint.text))) return true;
  }
  return false;
}

const NOTE = /^[^\s+]+\/log\/e\d+\n\d+\n[A-Za-z0-9+/=]{44}\n(?:[^\n]+\n)*\n(?:\u2014 [^\n]+\n)+/m;

/** The bytes of the checkpoint in a text: a whole mail, or the five lines as they were copied. Throws Malformed. */
function noteIn(text) {
  const lines = text
    .replace(/\r\n?/g, "\n")
    .split("\n")
    .map((line) => line.trimEnd());
  const found = NOTE.exec([...lines, ""].join("\n"));
  const note = utf8(found ? found[0] : "");
  readCheckpoint(note);
  return note;
}
