/* The page itself: the form, the run, the language. */

const MOST_READ = ZIP_LIMITS.file + 1;
const find = (id) => document.getElementById(id);
let shown = null;

/** The answer as tachiai_verify.py prints it. */
const asJson = (answer) => JSON.stringify(answer, null, 2);

function setLanguage(chosen) {
  language = chosen;
  document.documentElement.lang = chosen;
  document.title = `${say("title")} - Tachiai`;
  for (const held of document.querySelectorAll("[data-word]")) held.textContent = say(held.dataset.word);
  for (const button of document.querySelectorAll("[data-language]")) {
    if (button.dataset.language === chosen) button.setAttribute("aria-current", "true");
    else button.removeAttribute("aria-current");
  }
  showChosen();
  showErrors([]);
  if (shown) find("result").replaceChildren(...showResult(...shown));
}

function showChosen() {
  const file = find("bundle").files[0];
  find("chosen").textContent = file ? `${say("chosen")}${file.name}` : "";
}

/** What the reader brought, or the fields that cannot be read. */
async function readReader() {
  const wrong = [];
  const reader = { roots: [], logKey: find("log-key").value.trim(), checkpoint: null };
  const pasted = find("checkpoint").value.trim();
  if (pasted) {
    reader.checkpoint = readOr(null, () => noteIn(pasted));
    if (!reader.checkpoint) wrong.push(["checkpoint", "badCheckpoint"]);
  }
  if (reader.logKey && !(await readLogKey(reader.logKey).catch(() => null))) wrong.push(["log-key", "badLogKey"]);
  if (find("roots").value.trim()) {
    reader.roots = readOr([], () => readPem(find("roots").value));
    if (!reader.roots.length) wrong.push(["roots", "badRoots"]);
  }
  return { reader, wrong };
}

/** The certificates of a PEM text. */
function readPem(text) {
  const found = [...text.matchAll(/-----BEGIN CERTIFICATE-----([^-]+)-----END CERTIFICATE-----/g)];
  return found.map(([, body]) => certificate(fromBase64(body.replace(/\s/g, ""))).der);
}

/** An error at its field and in the summary above, which takes the focus. */
function showErrors(wrong) {
  for (const id of ["bundle", "checkpoint", "log-key", "roots"]) {
    const own = wrong.find(([field]) => field === id);
    find(`${id}-error`).textContent = own ? say(own[1]) : "";
    if (own) find(id).setAttribute("aria-invalid", "true");
    else find(id).removeAttribute("aria-invalid");
  }
  const summary = find("errors");
  summary.hidden = !wrong.length;
  find("error-list").replaceChildren(...wrong.map(([id, words]) => make("li", {}, make("a", { href: `#${id}` }, say(words)))));
  if (!wrong.length) return;
  if (wrong.some(([id]) => id !== "bundle")) find("more").open = true;
  summary.focus();
}

function hideResult() {
  shown = null;
  for (const id of ["result", "take"]) find(id).hidden = true;
}

async function run(event) {
  event.preventDefault();
  if (find("run").getAttribute("aria-disabled") === "true") return;
  // No old verdict may stand beside a new file.
  hideResult();
  const file = find("bundle").files[0];
  const { reader, wrong } = await readReader();
  if (!file) wrong.unshift(["bundle", "needFile"]);
  showErrors(wrong);
  if (wrong.length) return;
  find("run").setAttribute("aria-disabled", "true");
  try {
    const data = await readFile(file);
    if (data) await showRun(data, reader, file.name);
  } catch (error) {
    // A mistake of ours must never look like a verdict.
    console.error(error);
    find("progress").textContent = say("broken");
  }
  find("run").removeAttribute("aria-disabled");
}

async function readFile(file) {
  try {
    return new Uint8Array(await file.slice(0, MOST_READ).arrayBuffer());
  } catch {
    showErrors([["bundle", "unreadableFile"]]);
    return null;
  }
}

async function showRun(data, reader, name) {
  const painted = () =>
    new Promise((go) => {
      setTimeout(go);
    });
  const ex = await examine(data, reader, async (check) => {
    find("progress").textContent = `${say("running")} ${say(CHECK_WORDS[check])}`;
    await painted();
  });
  shown = [await answerOf(ex), ex, name];
  find("progress").textContent = "";
  find("result").replaceChildren(...showResult(...shown));
  for (const id of ["result", "take"]) find(id).hidden = false;
  find("json-box").hidden = true;
  find("copied").textContent = "";
  find("result-title").focus();
}

async function copyJson() {
  const text = asJson(shown[0]);
  try {
    await navigator.clipboard.writeText(text);
    find("copied").textContent = say("copied");
  } catch {
    find("json-box").hidden = false;
    find("json").value = text;
    find("json").select();
    find("copied").textContent = say("copyBelow");
  }
}

function startAgain() {
  hideResult();
  find("form").reset();
  showChosen();
  find("bundle").focus();
}

/** The whole zone takes a dropped file, and the rest of the page none, so that a miss does not open it. */
function takeDrops() {
  const zone = find("drop");
  const over = (event) => {
    event.preventDefault();
    zone.classList.toggle("is-over", zone.contains(event.target));
  };
  document.addEventListener("dragover", over);
  document.addEventListener("dragleave", () => zone.classList.remove("is-over"));
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    zone.classList.remove("is-over");
    if (!zone.contains(event.target) || !event.dataTransfer.files.length) return;
    find("bundle").files = event.dataTransfer.files;
    showChosen();
    find("run").focus();
  });
}

function begin() {
  find("form").addEventListener("submit", run);
  find("bundle").addEventListener("change", showChosen);
  find("copy").addEventListener("click", copyJson);
  find("print").addEventListener("click", () => window.print());
  find("again").addEventListener("click", startAgain);
  for (const button of document.querySelectorAll("[data-language]"))
    button.addEventListener("click", () => setLanguage(button.dataset.language));
  takeDrops();
  setLanguage(/^ja/i.test(navigator.language) ? "ja" : "en");
  if (!globalThis.crypto?.subtle || typeof DecompressionStream === "undefined") find("progress").textContent = say("noCrypto");
  // For tests and for whoever would rather call it from the console.
  window.tachiai = { verifyBundle };
}

if (typeof document !== "undefined") begin();
