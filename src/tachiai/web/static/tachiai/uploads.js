// Files are inspected behind this page: their list is fetched again until it rests. What is typed beside it stays as it is.
for (const box of document.querySelectorAll("[data-poll]")) {
  const news = document.getElementById(box.dataset.newsAt);
  const look = async () => {
    const page = await fetch(box.dataset.poll).then((answer) => answer.text()).catch(() => null);
    const fresh = page && new DOMParser().parseFromString(page, "text/html").getElementById(box.id);
    if (page && !fresh) return location.reload();
    if (fresh && fresh.innerHTML !== box.innerHTML) {
      const held = box.contains(document.activeElement) && document.activeElement.id;
      box.replaceChildren(...fresh.childNodes);
      if (held) (document.getElementById(held) || box).focus();
    }
    if (fresh && news && news.textContent !== fresh.dataset.news) news.textContent = fresh.dataset.news;
    if (!fresh || fresh.hasAttribute("data-waiting")) setTimeout(look, 1000);
  };
  if (box.hasAttribute("data-waiting")) setTimeout(look, 500);
}
