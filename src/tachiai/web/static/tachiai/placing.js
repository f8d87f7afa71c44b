// Placing by pointer and by keys: whatever happens here is written into the list of numbers, which is what the form sends.
const editor = document.querySelector("[data-placing]");
const form = document.getElementById("placing");
const news = document.getElementById("placing-news");
const sheet = editor.querySelector(".viewer-page");
const across = Number(editor.dataset.sheetWidth) / 10;
const down = Number(editor.dataset.sheetHeight) / 10;
for (const hint of editor.querySelectorAll("[data-only-with-scripts]")) hint.hidden = false;

const tidy = (mm) => String(Math.round(mm * 10) / 10);
const millimetres = (event) => {
  const box = sheet.getBoundingClientRect();
  return [((event.clientX - box.left) / box.width) * across, ((event.clientY - box.top) / box.height) * down];
};
const press = (value) => form.querySelector(`button[value="${value}"]`)?.click();

// One field: its box on the page and its row of numbers.
const fieldOf = (link) => {
  const key = link.getAttribute("href").slice("#field-".length);
  const input = (name) => document.getElementById(`${name}-${key}`);
  return { key, link, input, value: (name) => Number(input(name).value) || 0 };
};
const show = (field) => {
  const scale = field.link.ownerSVGElement.viewBox.baseVal.width / across;
  const [rect, tag] = field.link.children;
  for (const [side, name] of [["x", "left"], ["y", "top"]]) {
    rect.setAttribute(side, field.value(name) * scale);
    tag.setAttribute(side, field.value(name) * scale);
  }
  rect.setAttribute("width", field.value("width") * scale);
  rect.setAttribute("height", field.value("height") * scale);
};
const moveTo = (field, left, top) => {
  field.input("left").value = tidy(Math.max(0, Math.min(across - field.value("width"), left)));
  field.input("top").value = tidy(Math.max(0, Math.min(down - field.value("height"), top)));
  show(field);
};

// What was kept is what the page says now: whose each box is and what it is, which stand on this page, and the line above the list.
// Where they stand is left alone: somebody may be moving one.
const redraw = (fresh) => {
  news.replaceChildren(...fresh.getElementById("placing-news").childNodes);
  for (const legend of form.querySelectorAll("fieldset.field-row > legend")) {
    const told = fresh.getElementById(legend.parentElement.id)?.querySelector("legend");
    if (told) legend.replaceChildren(...told.childNodes);
  }
  const drawn = fresh.querySelector("[data-placing] .viewer-page > svg");
  const told = new Map([...(drawn?.querySelectorAll("a.field-box") ?? [])].map((link) => [link.getAttribute("href"), link]));
  for (const link of editor.querySelectorAll("a.field-box")) {
    const same = told.get(link.getAttribute("href"));
    if (!same) link.remove();
    else for (const name of ["class", "aria-label"]) link.setAttribute(name, same.getAttribute(name));
    told.delete(link.getAttribute("href"));
  }
  if (told.size && !sheet.querySelector("svg")) sheet.append(document.importNode(drawn, false));
  for (const link of told.values()) wire(sheet.querySelector("svg").appendChild(document.importNode(link, true)));
};

let saving = Promise.resolve();
let waiting = 0;
// While somebody is still typing, what cannot be kept yet is left alone; otherwise the page says what is wrong.
const keep = async (typing) => {
  const told = new FormData(form);
  told.set("act", "save");
  const answer = await fetch(form.action, { method: "POST", body: told }).catch(() => null);
  const fresh = answer && new DOMParser().parseFromString(await answer.text(), "text/html");
  if (answer && answer.ok && fresh.getElementById("placing")) redraw(fresh);
  else if (typing) news.textContent = news.dataset.unsaved;
  else form.requestSubmit(form.querySelector('button[value="save"]'));
};
const soon = (typing = false) => {
  clearTimeout(waiting);
  waiting = setTimeout(() => { saving = saving.then(() => keep(typing)); }, typing ? 3000 : 400);
};

const moves = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
let dragged = false;
const wire = (link) => {
  const field = fieldOf(link);
  link.addEventListener("keydown", (event) => {
    const way = moves[event.key];
    if (way) {
      event.preventDefault();
      const step = event.shiftKey ? 5 : 1;
      moveTo(field, field.value("left") + way[0] * step, field.value("top") + way[1] * step);
      soon();
    } else if (event.key === "Delete") {
      event.preventDefault();
      press(`remove:${field.key}`);
    } else if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "d") {
      event.preventDefault();
      press(`copy:${field.key}`);
    }
  });
  link.addEventListener("pointerdown", (event) => {
    if (event.button) return;
    event.preventDefault();
    link.focus();
    link.setPointerCapture(event.pointerId);
    dragged = false;
    const [x, y] = millimetres(event);
    const from = [field.value("left") - x, field.value("top") - y];
    const drag = (later) => {
      const [nextX, nextY] = millimetres(later);
      dragged = dragged || Math.hypot(nextX - x, nextY - y) > 0.5;
      if (dragged) moveTo(field, from[0] + nextX, from[1] + nextY);
    };
    const drop = () => {
      link.removeEventListener("pointermove", drag);
      if (dragged) soon();
    };
    link.addEventListener("pointermove", drag);
    link.addEventListener("pointerup", drop, { once: true });
    link.addEventListener("pointercancel", drop, { once: true });
  });
  link.addEventListener("click", (event) => { if (dragged) event.preventDefault(); });
  for (const name of ["left", "top", "width", "height"]) field.input(name).addEventListener("change", () => show(field));
};
for (const link of editor.querySelectorAll("a.field-box")) wire(link);
const listed = /^(kind|slot|page|left|top|width|height|guide|required)-/;
form.addEventListener("change", (event) => { if (listed.test(event.target.name)) soon(); });
form.addEventListener("input", (event) => { if (listed.test(event.target.name)) soon(true); });
form.addEventListener("submit", () => clearTimeout(waiting));

// A press on the page itself places what is chosen above.
sheet.addEventListener("click", (event) => {
  if (event.target.closest("a.field-box")) return;
  const [left, top] = millimetres(event);
  form.elements["new-left"].value = tidy(left);
  form.elements["new-top"].value = tidy(top);
  press("add");
});
