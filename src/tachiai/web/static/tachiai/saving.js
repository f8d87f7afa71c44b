// What is typed into a draft is kept after a pause of three seconds. Without this the buttons keep it.
for (const form of document.querySelectorAll("form[data-save]")) {
  const said = document.getElementById(form.dataset.save);
  let waiting = 0;
  let saving = Promise.resolve();
  const save = async () => {
    if (form.dataset.sent) return;
    const told = new FormData(form);
    told.delete("files");
    told.set("act", "autosave");
    // A login that has ended answers with another page, which is no answer.
    const answer = await fetch(form.action || location.href, { method: "POST", body: told, redirect: "error" }).catch(() => null);
    const news = answer && answer.ok ? await answer.json().catch(() => null) : null;
    said.textContent = news ? news.saved : said.dataset.unsaved;
  };
  form.addEventListener("input", (event) => {
    if (event.target.type === "file") return;
    clearTimeout(waiting);
    waiting = setTimeout(() => { saving = saving.then(save); }, 3000);
  });
  form.addEventListener("submit", () => clearTimeout(waiting));
}
