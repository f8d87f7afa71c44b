/* Check 10, `log`: that the entries stand in a signed and timestamped tree, and what the reader knows of that tree. */

const PROOFS_FORM = FORM.of({
  v: FORM.one,
  size: FORM.number,
  leaves: FORM.list(FORM.of({ seq: FORM.number, index: FORM.size, path: FORM.list(FORM.digest) })),
  earlier: FORM.list(FORM.of({ number: FORM.number, size: FORM.size, path: FORM.list(FORM.digest) })),
});

async function checkLog(ex) {
  const bytes = ex.files.get("ledger/log-key.txt");
  if (!bytes || !(await ex.try("ledger/log-key.txt", () => judgeLogKey(ex, bytes)))) return;
  await ex.try("ledger/log-key.txt", () => demand(!ex.reader.logKey || ex.reader.logKey === logKeyLine(ex), "log.key_other"));
  const found = await checkNote(ex, "ledger/checkpoint");
  if (!found) return;
  const earlier = await checkProofs(ex, found);
  [ex.checkpoint, ex.stampedAt] = [found.checkpoint, found.at];
  const known = [found, ...earlier];
  await ex.try("ledger/checkpoint.txt", () => demandDated(ex, found.at));
  await ex.try("ledger/entries.jsonl", () => demandConcluded(ex, known));
  if (ex.reader.checkpoint)
    await ex.try("mail", () =>
      compareMail(
        ex,
        known.map(({ checkpoint }) => checkpoint),
      ),
    );
}

const logKeyLine = (ex) => latin1(ex.files.get("ledger/log-key.txt")).replace(/\n+$/, "");

async function judgeLogKey(ex, bytes) {
  ex.logKey = await orRefuse("log.key", () => readLogKey(textOf(bytes.subarray(0, -1))));
  demand(bytes.at(-1) === 0x0a, "log.key");
}

/** A checkpoint of the bundle with its token's time, if both hold; null otherwise. */
async function checkNote(ex, path) {
  const [note, token] = [ex.files.get(`${path}.txt`), ex.files.get(`${path}.tst`)];
  if (!note || !token) return null;
  let found = null;
  const holds = await ex.try(
    `${path}.txt`,
    async () => {
      const checkpoint = await orRefuse("checkpoint.unreadable", () => readCheckpoint(note));
      demand(await isSignedByLog(ex.logKey, checkpoint), "checkpoint.signature");
      const stamped = await checkToken(token, digesting(note), ex.rooted("timestamp")).catch((error) => {
        throw error instanceof Refused ? new Refused("checkpoint.token", `${error.code} ${error.detail}`) : error;
      });
      ex.demandTrusted(stamped.chain);
      found = { checkpoint, at: stamped.at };
    },
    "checkpoint.token",
  );
  return holds ? found : null;
}

/** Gives the earlier checkpoints that hold. */
async function checkProofs(ex, found) {
  const bytes = ex.files.get("ledger/proofs.json");
  let proofs = null;
  const read =
    bytes &&
    (await ex.try("ledger/proofs.json", () => {
      const held = readFormed(bytes, PROOFS_FORM, "proof.unreadable");
      demand(held.size === found.checkpoint.size, "proof.unreadable", "another size than the checkpoint's");
      demand(
        held.earlier.every(({ number }, at) => number === at + 1),
        "proof.unreadable",
        "earlier checkpoints not in order",
      );
      proofs = held;
    }));
  if (!read) return [];
  await checkInclusions(ex, proofs.leaves, found.checkpoint);
  return checkEarlier(ex, proofs.earlier, found);
}

async function checkInclusions(ex, leaves, checkpoint) {
  if (ex.states.entries !== "ok") return;
  const told = new Map(ex.leaves.map((_, at) => [at + 1, []]));
  for (const held of leaves) told.set(held.seq, [...(told.get(held.seq) || []), held]);
  for (const number of [...told.keys()].sort((one, other) => one - other)) {
    await ex.try(`entry:${number}`, async () => {
      const [held, twice] = told.get(number);
      demand(held && !twice && number <= ex.leaves.length, "proof.missing");
      demand(
        await isIncluded(ex.leaves[number - 1], held.index, checkpoint.size, held.path.map(fromHex), checkpoint.root),
        "proof.inclusion",
      );
      ex.places.set(number, held.index);
    });
  }
}

async function checkEarlier(ex, told, found) {
  const expected = new Set(told.flatMap(({ number }) => [`ledger/earlier/${number}.txt`, `ledger/earlier/${number}.tst`]));
  for (const path of sorted([...ex.files.keys()].filter((one) => one.startsWith("ledger/earlier/") && !expected.has(one)))) {
    await ex.try(path, () => demand(false, "proof.unreadable", "a checkpoint without a proof"));
  }
  const kept = [];
  for (const held of told) await checkOneEarlier(ex, held, found, kept);
  return kept;
}

/** Puts the checkpoint to those `kept` if it holds and the tree begins with it. */
async function checkOneEarlier(ex, held, found, kept) {
  const subject = `ledger/earlier/${held.number}`;
  const isThere = ex.files.has(`${subject}.txt`) && ex.files.has(`${subject}.tst`);
  if (!isThere) return void (await ex.try(`${subject}.txt`, () => demand(false, "proof.unreadable", "a proof without its checkpoint")));
  const one = await checkNote(ex, subject);
  if (!one) return;
  const [old, now] = [one.checkpoint, found.checkpoint];
  await ex.try(`${subject}.txt`, async () => {
    demand(
      old.size === held.size && (await isConsistent(old.size, old.root, now.size, now.root, held.path.map(fromHex))),
      "checkpoint.consistency",
    );
    demand(one.at <= found.at + ORDER_TOLERANCE, "checkpoint.token", "stamped later than the one that follows");
    kept.push(one);
  });
}

/** Nothing in the tree says that it happened after the tree was stamped, but for what two clocks may differ. */
function demandDated(ex, stampedAt) {
  for (const { seq, at } of ex.states.entries === "ok" ? ex.entries : []) {
    const moment = microsecondsOf(at);
    demand(moment !== null && moment - stampedAt <= SKEW, "checkpoint.token", `stamped before entry ${seq}`);
  }
}

/** What was done until the last document was closed stood in the tree of `one`; else it was told anew, in a tree that grew on. */
function demandEntered(ex, one) {
  const closed = ex.entries.findLastIndex(({ event }) => event === "document.closed") + 1;
  for (let number = 1; number <= closed; number++)
    demand((ex.places.get(number) ?? 0) < one.size, "proof.later", `entry ${number}`);
}

/** The checkpoint that the conclusion was made under, and the mails carried, is among those that are here, and is that old. */
function demandConcluded(ex, known) {
  const concluded = ex.states.entries === "ok" ? ex.entries.filter(({ event }) => event === "envelope.concluded") : [];
  for (const {
    at,
    data: { checkpoint: named },
  } of concluded) {
    if (!FORM.object(named) || named.origin !== known[0].checkpoint.origin) continue;
    const same = known.find(({ checkpoint: { size, root } }) => size === named.size && hexOf(root) === named.root);
    demand(same, "checkpoint.concluded");
    const moment = microsecondsOf(at);
    demand(moment !== null && same.at - moment <= SKEW, "checkpoint.concluded", "stamped after the conclusion");
    demandEntered(ex, same.checkpoint);
  }
}

/** What the reader's own checkpoint says of the bundle's: `same`, `earlier` or `unrelated`. Who asked gets no "true" for the last. */
async function compareMail(ex, known) {
  const mailed = await orRefuse("checkpoint.mail", () => readCheckpoint(ex.reader.checkpoint));
  demand(await isSignedByLog(ex.logKey, mailed), "checkpoint.mail", "by another key");
  const place = known.findIndex(({ size }) => size === mailed.size);
  if (place >= 0) {
    demand(sameBytes(known[place].root, mailed.root), "checkpoint.mail", "another tree of the same size");
    demandEntered(ex, known[place]);
  }
  ex.mail = place < 0 ? "unrelated" : place ? "earlier" : "same";
  demand(place >= 0, "checkpoint.unrelated");
}
