/* One bundle, examined check by check in the order of evidence-bundle.md: what the checks share and write to. */

const CHECKS = [
  "container",
  "manifest",
  "pdf",
  "signature",
  "revocation",
  "consent",
  "passkey",
  "entries",
  "agreement",
  "log",
  "delivery",
  "material",
];

/** Nothing that follows could be checked. */
class Stop extends Error {}

class Examination {
  /** `reader` is what the reader brought from elsewhere: `roots` (DER), `logKey`, `checkpoint` (bytes or null), and the time, `at`. */
  constructor(data, reader) {
    Object.assign(this, { data, reader, problems: [], current: "", files: new Map(), manifest: null, pdfs: [], roots: new Map() });
    Object.assign(this, {
      consents: new Map(),
      consentPersonals: new Map(),
      entries: [],
      leaves: [],
      places: new Map(),
      told: new Map(),
      asked: new Map(),
      personals: new Map(),
    });
    Object.assign(this, { logKey: null, checkpoint: null, stampedAt: null, mail: null, erased: false });
    this.states = Object.fromEntries(CHECKS.map((name) => [name, "skipped"]));
  }

  /** Something of the current check is looked at. */
  begin() {
    if (this.states[this.current] === "skipped") this.states[this.current] = "ok";
  }

  tell(refused, subject = "") {
    this.states[this.current] = "failed";
    this.problems.push({ code: refused.code, subject: subject || refused.subject, detail: refused.detail });
  }

  /** Do one check of one subject; its first failure is told. Gives whether it holds.
   *
   * `code` is for bytes that a reader stumbles over, where a check has not said so itself. */
  async try(subject, work, code = "") {
    this.begin();
    try {
      await work();
      return true;
    } catch (error) {
      if (error instanceof Refused) this.tell(error, subject);
      else if (code && isUnreadable(error)) this.tell(new Refused(code, error.message), subject);
      else throw error;
      return false;
    }
  }

  /** The roots of the manifest for one use. */
  rooted(use) {
    const wanted = this.manifest.roots.filter((root) => root.uses.includes(use));
    return wanted.map((root) => this.roots.get(root.sha256)).filter(Boolean);
  }

  demandTrusted(chain) {
    const root = chain.at(-1);
    const given = this.reader.roots.some((held) => sameBytes(held, root.der));
    demand(given || !this.reader.roots.length, "chain.untrusted", root.name);
  }

  /** The files all of whose signatures hold. */
  get holdingPdfs() {
    return this.pdfs.filter((pdf) => pdf.tokens.size === pdf.signatures.length);
  }
}

/** Canonical JSON of this form. Another version is as unreadable as no JSON. */
function readFormed(bytes, form, code) {
  const held = readOr(undefined, () => readCanonical(bytes));
  demand(held !== undefined && form(held), code, "form");
  return held;
}

/** The personal data, when salt and text give the commitment. */
async function openCommitted({ salt, personal }, committed, code) {
  const told = readOr(undefined, () => readCanonical(utf8(personal)));
  demand(FORM.object(told) && (await sha256Hex(concat(fromHex(salt), utf8(personal)))) === committed, code);
  return told;
}

/** In the order of the characters' numbers, as every other program sorts; JavaScript's own is that of their halves. */
function sorted(texts) {
  const key = (text) => Array.from(text, (character) => character.codePointAt(0).toString(16).padStart(6, "0")).join("");
  return [...texts]
    .map((text) => [key(text), text])
    .sort(([one], [other]) => (one < other ? -1 : Number(one > other)))
    .map(([, text]) => text);
}
