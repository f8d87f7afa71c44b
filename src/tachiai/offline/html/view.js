/* The result as people read it: the verdict first, then who, what and when, what to compare, and every check. */

const MOST_PLACES = 6;
const VERDICT_LOOKS = {
  true: ["valid", "green", "check-circle", "chipTrue"],
  false: ["invalid", "red", "error", "chipFalse"],
  unusable: ["unverifiable", "gray", "help", "chipUnusable"],
};
const STATE_LOOKS = { ok: ["green", "check-circle"], failed: ["red", "error"], skipped: ["gray", "circle"] };

/** Everything about one answer. `ex` is the examination it was made of, `name` the file's. */
function showResult(answer, ex, name) {
  return [
    make("div", { class: "page-head" }, make("h2", { id: "result-title", tabindex: "-1", class: "result-title" }, say("result"))),
    showVerdict(answer),
    // What is wrong is wrong whoever made the bundle, and it is what the reader has come for.
    answer.problems.length ? showProblems(answer.problems) : null,
    answer.verdict === "false" ? make("p", { class: "banner" }, icon("warning"), make("span", {}, say("unconfirmed"))) : null,
    // Then whose word this is: with keys of one's own everything below can be made to hold.
    isBlind(answer) ? make("p", { class: "banner", "data-blind": "" }, icon("warning"), make("span", {}, say(BLIND_WORDS))) : null,
    answer.compare.roots.length || answer.compare.log_key ? showCompare(answer.compare) : null,
    showEnvelope(answer, name),
    answer.consents.length ? showPeople(answer) : null,
    ex.manifest ? showDocuments(answer, ex) : null,
    answer.verdict === "unusable" ? null : showUnchecked(answer.unchecked),
    showChecks(answer.checks),
    answer.signatures.length ? showSignatures(answer.signatures) : null,
    make("p", { class: "print-only note" }, say("printed")),
  ].filter(Boolean);
}

const isBlind = ({ verdict, unchecked }) =>
  verdict !== "unusable" && ["trust.roots", "trust.log_key"].some((code) => unchecked.includes(code));

function showVerdict({ verdict, unchecked }) {
  const [look, colour, drawing, word] = VERDICT_LOOKS[verdict];
  const embedded = verdict === "true" && unchecked.includes("trust.embedded");
  return make(
    "div",
    { class: `outcome outcome-${look}`, "data-verdict": verdict },
    chip(`${colour} chip-large`, drawing, say(word)),
    make(
      "div",
      { class: "outcome-words" },
      make("p", { class: "lead strong phrase" }, sentences(say(VERDICT_WORDS[verdict]))),
      embedded ? make("p", { class: "embedded" }, say("embeddedNote")) : null,
    ),
  );
}

/** Each sentence on a line of its own where they have no room together. */
const sentences = (words) => words.split(/(?<=。|\. )/).map((one) => make("span", { class: "sentence" }, one));

/** What does not hold, each code once: one altered line can break a hundred things in the same way. */
function showProblems(problems) {
  const byCode = groupByCode(problems);
  return make(
    "section",
    { class: "stack stack-near reasons" },
    make("h2", {}, say("problems")),
    make(
      "ul",
      { class: "problems" },
      [...byCode].map(([code, all]) => showProblem(code, all)),
    ),
  );
}

function groupByCode(problems) {
  const groups = new Map();
  for (const one of problems) groups.set(one.code, [...(groups.get(one.code) || []), one]);
  return groups;
}

function showProblem(code, all) {
  const places = all
    .slice(0, MOST_PLACES)
    .map(({ subject, detail }) =>
      subject || detail
        ? make(
            "li",
            {},
            subject ? mono(plainly(subject)) : null,
            detail ? make("span", { class: "note", lang: "en" }, plainly(detail)) : null,
          )
        : null,
    );
  const left = all.length - MOST_PLACES;
  return make(
    "li",
    {},
    make("p", {}, make("span", { class: "strong" }, say(PROBLEM_WORDS[code])), " ", make("code", { class: "code" }, code)),
    make("ul", { class: "plain places" }, places, left > 0 ? make("li", {}, say("manyMore", left)) : null),
  );
}

function showEnvelope({ envelope, bundle }, name) {
  const rows = envelope
    ? [
        [say("envelope"), plainly(envelope.name)],
        [say("number"), plainly(envelope.number)],
        [say("organization"), plainly(envelope.organization)],
        [say("operator"), plainly(envelope.operator)],
        [say("concluded"), sayTime(envelope.concluded_at)],
        [say("certificate"), mono(plainly(envelope.certificate))],
      ]
    : [];
  return make(
    "section",
    { class: "stack stack-near" },
    facts(...rows, [say("fileName"), plainly(name)], [say("fileDigest"), fingerprint(bundle.sha256)]),
    envelope ? make("p", { class: "note" }, say("claims")) : null,
  );
}

function showPeople({ consents, signatures }) {
  const cards = consents.map((consent) => {
    const person = consent.personal || {};
    const names = [["organization"], ["title", "name"]]
      .map((keys) =>
        keys
          .map((key) => person[key])
          .filter((text) => typeof text === "string" && text)
          .join("　"),
      )
      .filter(Boolean);
    const field = slotField(consent.slot);
    const times = [...new Set(signatures.filter((one) => one.field === field && one.time).map(({ time }) => sayTime(time)))];
    return make(
      "li",
      { class: "panel" },
      make("h3", {}, say("person", consent.slot)),
      names.length
        ? make(
            "p",
            { class: "person-name" },
            names.map((text) => make("span", { class: "line" }, plainly(text))),
          )
        : make("p", { class: "support" }, say("erasedPerson")),
      facts(
        [say("mail"), typeof person.mail === "string" ? plainly(person.mail) : null],
        [say("consented"), sayTime(consent.at)],
        [say("level"), Object.hasOwn(LEVEL_WORDS, consent.level) ? say(LEVEL_WORDS[consent.level]) : plainly(consent.level)],
        [say("sealedAt"), ...(times.length ? times.map((time) => make("span", { class: "line" }, time)) : [say("none")])],
        [say("digest"), fingerprint(consent.digest)],
      ),
    );
  });
  return section(say("people"), make("ol", { class: "plain cards" }, cards));
}

function showDocuments({ signatures }, { manifest }) {
  const cards = [...manifest.documents, { ...manifest.certificate, name: say("paper") }].map((one) => {
    const last = signatures.filter(({ path, kind }) => path === one.path && kind === "timestamp").at(-1);
    return make(
      "li",
      { class: "panel" },
      make("h3", {}, plainly(one.name)),
      make("p", { class: "note" }, mono(one.path), " · ", say("bytes", one.size.toLocaleString("en"))),
      facts(
        [say("lastStamp"), sayTime(last && last.time)],
        [say("frozen"), one.frozen_sha256 ? fingerprint(one.frozen_sha256) : null],
        [say("whole"), fingerprint(one.sha256)],
      ),
    );
  });
  return section(say("documents"), make("ol", { class: "plain cards" }, cards));
}

function showCompare(compare) {
  const roots = compare.roots.map((root) =>
    make(
      "li",
      { class: "panel" },
      make("p", { class: "strong" }, plainly(root.subject) || say("none")),
      facts([say("root"), fingerprint(root.sha256)], [say("uses"), root.uses.map((use) => say(use)).join(language === "ja" ? "・" : ", ")]),
      make(
        "p",
        { class: "cluster" },
        root.embedded ? chip("yellow", "warning", say("embedded")) : null,
        root.accredited ? chip("outline", "info", say("accredited")) : null,
        root.given ? chip("green", "check", say("given")) : null,
      ),
    ),
  );
  return section(
    say("compare"),
    make("p", { class: "measure" }, say("compareLead")),
    make("ul", { class: "plain cards" }, roots, showLog(compare)),
  );
}

function showLog({ log_key: key, log_key_given: given, checkpoint, mail }) {
  if (!key) return null;
  const mailWords = { same: "mailSame", earlier: "mailEarlier" }[mail];
  return make(
    "li",
    { class: "panel" },
    facts(
      [say("logKeyShown"), mono(plainly(key))],
      checkpoint
        ? [
            say("checkpointShown"),
            make("span", { class: "line" }, mono(plainly(checkpoint.origin))),
            make("span", { class: "line" }, say("checkpointFacts", checkpoint.size, sayTime(checkpoint.stamped_at))),
            make("span", { class: "line" }, mono(checkpoint.root)),
          ]
        : ["", null],
    ),
    given ? make("p", {}, chip("green", "check", say("logKeyGiven"))) : null,
    mailWords ? make("p", { class: "strong" }, say(mailWords)) : null,
  );
}

function showUnchecked(codes) {
  return section(
    say("unchecked"),
    make(
      "ul",
      { class: "unchecked" },
      codes.map((code) => make("li", {}, say(UNCHECKED_WORDS[code]), " ", make("code", { class: "code" }, code))),
    ),
  );
}

function showChecks(checks) {
  const rows = checks.map(({ check, state }) =>
    make(
      "li",
      { "data-state": state },
      make("span", { class: "check-name" }, capital(say(CHECK_WORDS[check])), make("code", { class: "code" }, check)),
      chip(STATE_LOOKS[state][0], STATE_LOOKS[state][1], say(STATE_WORDS[state])),
    ),
  );
  return section(say("checks"), make("ol", { class: "checks" }, rows));
}

const capital = (words) => words[0].toUpperCase() + words.slice(1);

function showSignatures(signatures) {
  const columns = ["column_file", "column_field", "column_time", "column_name", "column_signer"].map((key) => say(key));
  const cells = (one) => [
    mono(one.path),
    say(`kind_${one.kind}`, slotOf(one.field)),
    sayTime(one.time),
    plainly(one.name) || say("none"),
    one.signer || one.authority ? fingerprint(one.signer || one.authority) : say("none"),
  ];
  const rows = signatures.map((one) =>
    make(
      "tr",
      {},
      cells(one).map((cell, at) => make("td", { "data-label": columns[at] }, make("span", {}, cell))),
    ),
  );
  const table = make(
    "table",
    { class: "table table-cards" },
    make(
      "thead",
      {},
      make(
        "tr",
        {},
        columns.map((words) => make("th", { scope: "col" }, words)),
      ),
    ),
    make("tbody", {}, rows),
  );
  return make(
    "section",
    {},
    make("details", { class: "fold" }, make("summary", {}, say("details")), make("div", { class: "table-wrap" }, table)),
  );
}
