// Everything here is a convenience: each page works without it.
const each = (selector, act) => document.querySelectorAll(selector).forEach(act);

// After an error, or on a finished step, a screen reader starts where the news is.
const news = document.querySelector(".error-summary, [data-focus]");
if (news) {
  if (!news.hasAttribute("tabindex")) news.tabIndex = -1;
  news.focus();
}

// A second press of the same button is swallowed; the server refuses a repetition in any case.
each("form[data-once]", (form) => {
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) return event.preventDefault();
    form.dataset.sent = "1";
    const button = event.submitter;
    if (button) button.setAttribute("aria-disabled", "true");
    const note = form.querySelector(".progress-note");
    if (note) note.textContent = form.dataset.progress;
  });
});
// A page restored by the back button may be sent again.
addEventListener("pageshow", (event) => {
  if (!event.persisted) return;
  each("form[data-sent]", (form) => delete form.dataset.sent);
  each("[aria-disabled]", (button) => button.removeAttribute("aria-disabled"));
  each(".progress-note", (note) => { note.textContent = ""; });
});

each("[data-print]", (button) => {
  button.hidden = false;
  button.addEventListener("click", () => print());
});

each("[data-copy]", (button) => {
  if (!navigator.clipboard) return;
  button.hidden = false;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(button.dataset.copy);
    const said = document.getElementById(button.getAttribute("aria-describedby"));
    if (said) said.textContent = button.dataset.copied;
  });
});

// Files may be dropped on the zone; the native input stays the truth and is what the form sends.
const bytes = (n) => (n < 999500 ? Math.max(1, Math.round(n / 1000)) + " KB" : (n / 1e6).toFixed(1) + " MB");
each("[data-drop]", (zone) => {
  const input = zone.querySelector("input[type=file]");
  const list = zone.querySelector("[data-drop-list]");
  const said = zone.querySelector("[role=status]");
  const hint = zone.querySelector("[data-drop-hint]");
  if (hint) hint.hidden = false;
  const show = () => {
    list.replaceChildren(...[...input.files].map((file) => {
      const row = document.createElement("li");
      const name = document.createElement("span");
      const size = document.createElement("span");
      name.textContent = file.name;
      size.textContent = bytes(file.size);
      size.className = "note nowrap";
      row.append(name, size);
      return row;
    }));
    said.textContent = zone.dataset.chosen.replace("{}", input.files.length);
  };
  input.addEventListener("change", show);
  for (const kind of ["dragenter", "dragover"]) {
    zone.addEventListener(kind, (event) => { event.preventDefault(); zone.classList.add("is-over"); });
  }
  for (const kind of ["dragleave", "drop"]) zone.addEventListener(kind, () => zone.classList.remove("is-over"));
  zone.addEventListener("drop", (event) => {
    event.preventDefault();
    const chosen = new DataTransfer();
    const kept = input.multiple ? [...input.files] : [];
    const dropped = [...event.dataTransfer.files].slice(0, input.multiple ? undefined : 1);
    for (const file of [...kept, ...dropped]) chosen.items.add(file);
    input.files = chosen.files;
    show();
  });
});

// A menu made of <details> closes with Escape, giving the focus back, and when something else is pressed.
each("details[data-menu]", (menu) => {
  menu.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !menu.open) return;
    menu.open = false;
    menu.querySelector("summary").focus();
  });
  document.addEventListener("click", (event) => { if (!menu.contains(event.target)) menu.open = false; });
  menu.addEventListener("focusout", (event) => {
    if (event.relatedTarget && !menu.contains(event.relatedTarget)) menu.open = false;
  });
});

// 「表で選ぶ」: one box that ticks a whole list.
each("[data-check-all]", (box) => {
  box.closest("label,span").hidden = false;
  box.addEventListener("change", () => each(`input[name="${box.dataset.checkAll}"]`, (one) => { one.checked = box.checked; }));
});

// Work goes on behind this page: look again, and show it when something has changed.
each("[data-refresh]", (mark) => setInterval(async () => {
  const there = await fetch(location.href).then((answer) => answer.text()).catch(() => "");
  if (there && !there.includes(mark.outerHTML)) location.reload();
}, mark.dataset.refresh * 1000));
