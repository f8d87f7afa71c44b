/* The examination from beginning to end, and the answer of evidence-bundle.md. */

const STEPS = {
  container: checkContainer,
  manifest: checkManifest,
  pdf: checkPdfs,
  signature: checkSignatures,
  revocation: checkRevocation,
  consent: checkConsents,
  passkey: checkPasskeys,
  entries: checkEntries,
  agreement: checkAgreement,
  log: checkLog,
  delivery: checkDeliveries,
  material: checkMaterial,
};
const UNUSABLE = ["manifest.missing", "manifest.unreadable", "manifest.version"];

/** Examine a bundle. `told` hears of each check that begins. Never throws for anything that is in the bundle. */
async function examine(data, reader = {}, told = () => {}) {
  knownCertificates.clear();
  const ex = new Examination(data, { roots: [], logKey: "", checkpoint: null, at: Date.now() * 1000, ...reader });
  try {
    for (const name of CHECKS) {
      ex.current = name;
      await told(name);
      await STEPS[name](ex);
    }
  } catch (error) {
    if (!(error instanceof Stop)) throw error;
  }
  return ex;
}

/** The answer about a bundle. */
const verifyBundle = async (data, reader) => answerOf(await examine(data, reader));

async function answerOf(ex) {
  const isUnusable = ex.states.container === "failed" || ex.problems.some(({ code }) => UNUSABLE.includes(code));
  return {
    v: 1,
    verdict: isUnusable ? "unusable" : ex.problems.length ? "false" : "true",
    bundle: { sha256: await sha256Hex(ex.data), size: ex.data.length },
    envelope: ex.manifest && envelopeTold(ex.manifest),
    checks: CHECKS.map((check) => ({ check, state: ex.states[check] })),
    problems: ex.problems,
    signatures: await signaturesTold(ex),
    consents: consentsTold(ex),
    compare: await compareTold(ex),
    unchecked: uncheckedTold(ex),
  };
}

function envelopeTold({ envelope, house, certificate: { number } }) {
  const { id, number: own, name, concluded_at: at } = envelope;
  return { id, number: own, name, concluded_at: at, organization: house.organization, operator: house.operator, certificate: number };
}

async function signaturesTold(ex) {
  const told = [];
  for (const pdf of ex.pdfs) {
    for (const { field, kind, name } of pdf.signatures) {
      const [token, chain] = [pdf.tokens.get(field), pdf.signers.get(field)];
      told.push({
        path: pdf.path,
        field,
        kind,
        name,
        time: token ? timeText(token.at) : null,
        signer: chain ? await sha256Hex(chain[0].der) : null,
        authority: token ? await sha256Hex(token.chain[0].der) : null,
      });
    }
  }
  return told;
}

function consentsTold(ex) {
  return [...ex.consents]
    .sort(([one], [other]) => one - other)
    .map(([slot, { consent, digest }]) => ({
      slot,
      at: consent.at,
      level: levelOf(consent),
      digest,
      personal: ex.consentPersonals.get(slot) ?? null,
      passkey: ex.files.has(`consents/${slot}.passkey.json`),
    }));
}

async function compareTold(ex) {
  const given = await Promise.all(ex.reader.roots.map(sha256Hex));
  return {
    roots: (ex.manifest ? ex.manifest.roots : []).map(({ sha256, uses, embedded, accredited }) => ({
      sha256,
      subject: ex.roots.has(sha256) ? ex.roots.get(sha256).name : "",
      uses,
      embedded,
      accredited,
      given: given.includes(sha256),
    })),
    log_key: ex.logKey ? logKeyLine(ex) : null,
    log_key_given: Boolean(ex.reader.logKey),
    checkpoint: ex.checkpoint && {
      origin: ex.checkpoint.origin,
      size: ex.checkpoint.size,
      root: toBase64(ex.checkpoint.root),
      stamped_at: timeText(ex.stampedAt),
    },
    mail: ex.mail,
  };
}

function uncheckedTold(ex) {
  const last = ex.pdfs.map((pdf) => pdf.tokens.get(pdf.signatures.at(-1).field)).filter(Boolean);
  const told = {
    "trust.roots": !ex.reader.roots.length,
    "trust.log_key": !ex.reader.logKey,
    "trust.mail": ex.mail === null,
    "trust.embedded": Boolean(ex.manifest && ex.manifest.roots.some(({ embedded }) => embedded)),
    "trust.accreditation": true,
    "trust.content": true,
    "time.expired": last.some((token) => token.chain[0].until < ex.reader.at),
    "personal.erased": ex.erased,
    "revocation.checkpoint": true,
  };
  return Object.keys(told).filter((code) => told[code]);
}
