/* Checks 1 and 2, `container` and `manifest`: what is there, and whether it is what the bundle says it holds. */

const MANIFEST_KIND = "tachiai-evidence-bundle";
const SIGNER = { slot: FORM.number, order: FORM.number, recipient: FORM.uuid };
const MANIFEST_FORM = FORM.of({
  v: FORM.one,
  kind: FORM.text,
  made_at: FORM.time,
  house: FORM.of({ operator: FORM.text, organization: FORM.text, url: FORM.text }),
  envelope: FORM.of({ id: FORM.uuid, number: FORM.text, name: FORM.text, concluded_at: FORM.time }),
  documents: FORM.list(
    FORM.of({
      document: FORM.uuid,
      name: FORM.text,
      path: matching(/^documents\/\d\d\.pdf$/),
      upload_sha256: FORM.digest,
      upload_size: FORM.number,
      frozen_sha256: FORM.digest,
      frozen_size: FORM.number,
      sha256: FORM.digest,
      size: FORM.number,
    }),
  ),
  certificate: FORM.of({
    path: matching(/^certificate\.pdf$/),
    number: FORM.text,
    paper_size: FORM.number,
    sha256: FORM.digest,
    size: FORM.number,
  }),
  signers: FORM.list((one) => FORM.of(SIGNER)(one) || FORM.of({ ...SIGNER, documents: FORM.list(FORM.uuid) })(one)),
  roots: FORM.list(FORM.of({ sha256: FORM.digest, uses: FORM.list(matching(/^(?:seal|timestamp)$/)), embedded: FORM.flag, accredited: FORM.flag })),
  files: FORM.list(FORM.of({ path: FORM.text, sha256: FORM.digest, size: FORM.size })),
});
const ROOT_USES = ["seal", "timestamp", "seal,timestamp"];
const ALWAYS_THERE = [
  "certificate.pdf",
  "ledger/checkpoint.tst",
  "ledger/checkpoint.txt",
  "ledger/entries.jsonl",
  "ledger/log-key.txt",
  "ledger/personal.json",
  "ledger/proofs.json",
  "mail/deliveries.json",
];
const KNOWN_PATHS = [
  /^ledger\/earlier\/[1-9]\d{0,3}\.(?:txt|tst)$/,
  /^consents\/[1-9]\d{0,2}(?:\.personal|\.passkey)?\.json$/,
  /^certificates\/[0-9a-f]{64}\.der$/,
  /^revocation\/[0-9a-f]{64}\.(?:ocsp|crl)$/,
  /^tokens\/[0-9a-f]{64}\.tst$/,
  /^README\.(?:ja|en)\.txt$/,
  /^verify\/tachiai_verify\.(?:py|html)$/,
];

async function checkContainer(ex) {
  ex.begin();
  try {
    ex.files = await openContainer(ex.data);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    ex.tell(error);
    throw new Stop();
  }
}

async function checkManifest(ex) {
  const read = await ex.try("manifest.json", () => {
    demand(ex.files.has("manifest.json"), "manifest.missing");
    ex.manifest = readManifest(ex.files.get("manifest.json"));
  });
  if (!read) throw new Stop();
  await checkListed(ex);
  for (const { sha256 } of ex.manifest.roots) {
    const held = ex.files.get(`certificates/${sha256}.der`);
    const root = held && readOr(null, () => certificate(held));
    // A root that is missing, unreadable or another than its name says is told of as material, and trusted by nobody.
    if (root && (await sha256Hex(held)) === sha256) ex.roots.set(sha256, root);
  }
}

function readManifest(bytes) {
  const held = readOr(undefined, () => readCanonical(bytes));
  demand(held !== undefined, "manifest.unreadable");
  demand(FORM.object(held) && held.kind === MANIFEST_KIND && held.v === 1, "manifest.version");
  demand(MANIFEST_FORM(held) && isOrdered(held), "manifest.form");
  return held;
}

/** Whether a signer signs this document: all of them, unless some are named. */
const signs = ({ documents = null }, document) => documents === null || documents.includes(document);

/** Documents of the bundle, in its order, and at least one. */
function areTheirs(some, documents) {
  const named = documents.map(({ document }) => document).filter((document) => some.includes(document));
  return some.length > 0 && canonicalText(some) === canonicalText(named);
}

function isOrdered({ files, documents, signers, roots }) {
  const inOrder = (list) => JSON.stringify(sorted(new Set(list))) === JSON.stringify(list);
  const paths = files.map(({ path }) => path);
  return (
    documents.length > 0 &&
    signers.length > 0 &&
    inOrder(paths) &&
    !paths.includes("manifest.json") &&
    inOrder(roots.map(({ sha256 }) => sha256)) &&
    documents.every(({ path }, at) => path === `documents/${String(at + 1).padStart(2, "0")}.pdf`) &&
    signers.every(({ slot }, at) => slot === at + 1) &&
    signers.every((one) => one.documents === undefined || areTheirs(one.documents, documents)) &&
    roots.every(({ uses }) => ROOT_USES.includes(String(uses)))
  );
}

async function checkListed(ex) {
  const { files, documents, signers } = ex.manifest;
  const listed = new Set(files.map(({ path }) => path));
  for (const one of files) await checkOneListed(ex, one);
  const needed = [...ALWAYS_THERE, ...documents.map(({ path }) => path), ...signers.map(({ slot }) => `consents/${slot}.json`)];
  for (const path of sorted(needed)) if (!listed.has(path)) ex.tell(new Refused("file.missing"), path);
  for (const path of sorted(ex.files.keys()))
    if (path !== "manifest.json" && !(listed.has(path) && hasPlace(ex.manifest, path))) ex.tell(new Refused("file.unlisted"), path);
}

/** Whether a file of this name belongs here: what looks like a document or a consent has to be one that is checked. */
function hasPlace({ documents, signers }, path) {
  if (path.startsWith("documents/")) return documents.some((one) => one.path === path);
  const known = ALWAYS_THERE.includes(path) || KNOWN_PATHS.some((pattern) => pattern.test(path));
  return known && (!path.startsWith("consents/") || parseInt(path.slice(9), 10) <= signers.length);
}

async function checkOneListed(ex, { path, sha256, size }) {
  const bytes = ex.files.get(path);
  if (!bytes) ex.tell(new Refused("file.missing"), path);
  else if (bytes.length !== size || (await sha256Hex(bytes)) !== sha256) ex.tell(new Refused("file.digest"), path);
}
