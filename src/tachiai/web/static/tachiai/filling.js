// A signer's inputs: kept as they are typed, and a board to draw on. Without this the buttons keep them, and typing a name is enough.
const form = document.querySelector("form[data-fill]");
const news = document.getElementById("inputs-news");

for (const way of form.querySelectorAll("[data-draw]")) {
  way.hidden = false;
  const board = way.querySelector("[data-board]");
  const held = way.querySelector("[data-strokes]");
  const radio = way.querySelector("input[type=radio]");
  let strokes = [];
  let line = null;
  const point = (event) => {
    const box = board.getBoundingClientRect();
    const place = (at, from, size, most) => Math.max(0, Math.min(most, Math.round(((at - from) / size) * most)));
    return place(event.clientX, box.left, box.width, 1000) + "," + place(event.clientY, box.top, box.height, 300);
  };
  board.addEventListener("pointerdown", (event) => {
    event.preventDefault();
    board.setPointerCapture(event.pointerId);
    radio.checked = true;
    line = document.createElementNS(board.namespaceURI, "polyline");
    strokes.push([point(event)]);
    line.setAttribute("points", strokes.at(-1).join(" "));
    board.append(line);
  });
  board.addEventListener("pointermove", (event) => {
    if (!line) return;
    const next = point(event);
    if (strokes.at(-1).at(-1) === next) return;
    strokes.at(-1).push(next);
    line.setAttribute("points", strokes.at(-1).join(" "));
  });
  const lift = () => {
    if (!line) return;
    line = null;
    held.value = strokes.map((stroke) => stroke.join(" ")).join(";");
    held.dispatchEvent(new Event("change", { bubbles: true }));
  };
  board.addEventListener("pointerup", lift);
  board.addEventListener("pointercancel", lift);
  way.querySelector("[data-clear]").addEventListener("click", () => {
    strokes = [];
    held.value = "";
    board.replaceChildren();
  });
}

// What the server says after keeping is taken from its own page: how much is left, and what could not be kept.
// Only what was touched is kept: what the house proposes stays a proposal until a button is pressed.
let saving = Promise.resolve();
let waiting = 0;
const touched = new Set();
const keep = async () => {
  const told = new FormData(form);
  for (const control of form.elements) {
    const panel = control.closest(".input-panel");
    if (panel && !touched.has(panel)) told.delete(control.name);
  }
  told.set("act", "save");
  const answer = await fetch(form.action, { method: "POST", body: told }).catch(() => null);
  if (!answer || !(answer.ok || answer.status === 422)) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  if (!fresh.getElementById("inputs")) return location.reload();
  for (const place of [".sticky-bar > div", "ul.todo", ".viewer-page > svg"]) {
    const now = document.querySelector(place);
    const then = fresh.querySelector(place);
    if (now && then && !now.contains(document.activeElement)) now.replaceChildren(...then.childNodes);
  }
  news.replaceChildren(...fresh.getElementById("inputs-news").childNodes);
  for (const panel of touched) {
    const now = panel.querySelector(".field-error");
    const then = fresh.getElementById(panel.id)?.querySelector(".field-error");
    if (now && !then) now.remove();
    if (now && then) now.textContent = then.textContent;
    if (!now && then) (panel.querySelector(".field") || panel).append(then);
    for (const control of panel.querySelectorAll("[aria-invalid]")) if (!then) control.removeAttribute("aria-invalid");
  }
};
form.addEventListener("change", (event) => {
  const panel = event.target.closest(".input-panel");
  if (!panel) return;
  touched.add(panel);
  clearTimeout(waiting);
  waiting = setTimeout(() => { saving = saving.then(keep); }, 300);
});
