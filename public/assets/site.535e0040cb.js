// What every page can do: a search that works from a disk as well, and keys that lead to the neighbours of a case.

const form = document.querySelector("form.search");
if (form) search(form);
keys();

function search(form) {
  const [input, found, list] = ["[role=combobox]", ".found", "[role=listbox]"].map((it) => form.querySelector(it));
  const status = form.querySelector("output");
  const shortcut = form.elements.shortcut;
  const home = new URL(form.dataset.home, location.href);
  const most = 12;
  let entries = null;
  let chosen = -1;

  // The index is a script, since a page on a disk may load nothing else; it is loaded when it is first needed.
  function load() {
    if (window.actfnSearch) return;
    window.actfnSearch = (loaded) => {
      const plain = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
      entries = [...loaded.pages, ...loaded.cases.map((it) => ofCase(loaded, it))].map(([kind, title, path, note, words]) => ({
        kind, title, path, note, name: plain(title), text: plain(`${kind} ${title} ${note} ${words}`),
      }));
      if (input.value) look();
    };
    const script = document.createElement("script");
    script.src = form.dataset.index;
    script.onerror = () => (status.value = "The index cannot be loaded.");
    document.head.append(script);
  }

  // A case stands in the index as what it has beyond its experiment, activation and target.
  function ofCase({ pages, diagnoses }, [experiment, activation, target, rest, axes, loss, kinds]) {
    const ids = [target, activation].map((at) => pages[at][2].split("/")[1]);
    const folder = pages[experiment][2].replace("index.html", "");
    const parts = (by, text) => [...ids, ...text.split(by).filter(Boolean)].map(encodeURIComponent).join(by);
    const [sheet, place] = rest.includes("#") ? rest.split("#") : [];
    const path = place !== undefined ? `${folder}${sheet}index.html#case:${parts("~", place)}` : `${folder}${parts("/", rest)}/index.html`;
    const title = `${pages[activation][1]} on ${pages[target][1]}${axes && ", "}${axes}`;
    const note = [`MSE ${loss}`, ...kinds.map((kind) => diagnoses[kind]), pages[experiment][1]].join(" · ");
    return ["case", title, path, note, ""];
  }

  // Every word must begin a word of an entry; those in the title count for more, and so do pages that are not cases.
  function look() {
    if (!entries) return load();
    const words = input.value.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase().split(/[^\p{L}\p{N}.]+/u).filter(Boolean);
    const starts = words.map((word) => new RegExp(`(^|[^\\p{L}\\p{N}])${word.replaceAll(".", "\\.")}`, "u"));
    const score = (entry) => {
      if (!starts.every((start) => start.test(entry.text))) return 0;
      const inTitle = starts.filter((start) => start.test(entry.name)).length;
      return 1 + 4 * inTitle + (entry.kind === "case" ? 0 : 2) + (entry.name === words.join(" ") ? 9 : 0);
    };
    const hits = words.length ? entries.map((entry) => [score(entry), entry]).filter(([score]) => score) : [];
    hits.sort((a, b) => b[0] - a[0]);
    list.replaceChildren(...hits.slice(0, most).map(([, entry], index) => option(entry, index)));
    status.value = !words.length ? "" : hits.length > most ? `The first ${most} of ${hits.length}.` : `${hits.length} found.`;
    choose(hits.length ? 0 : -1);
    open(words.length > 0);
  }

  function option(entry, index) {
    const item = document.createElement("li");
    item.id = `part:found-${index}`;
    item.role = "option";
    const link = document.createElement("a");
    link.href = new URL(entry.path, home);
    link.tabIndex = -1;
    const [title, note] = [document.createElement("span"), document.createElement("small")];
    title.textContent = entry.title;
    note.textContent = [entry.kind, entry.note].filter(Boolean).join(" · ");
    link.append(title, note);
    item.append(link);
    return item;
  }

  function choose(index) {
    const options = [...list.children];
    chosen = options.length ? (index + options.length) % options.length : -1;
    options.forEach((item, at) => (item.ariaSelected = String(at === chosen)));
    options[chosen]?.scrollIntoView({ block: "nearest" });
    if (chosen < 0) input.removeAttribute("aria-activedescendant");
    else input.setAttribute("aria-activedescendant", options[chosen].id);
  }

  function open(isOpen) {
    found.hidden = !isOpen;
    input.ariaExpanded = String(isOpen && list.children.length > 0);
    if (!isOpen) input.removeAttribute("aria-activedescendant");
  }

  input.addEventListener("focus", load, { once: true });
  input.addEventListener("input", look);
  input.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (found.hidden) look();
      else choose(chosen + (event.key === "ArrowDown" ? 1 : -1));
    } else if (event.key === "Escape") {
      // A browser would empty the field at once.
      if (!found.hidden) event.preventDefault();
      open(false);
    }
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (!found.hidden) list.children[chosen]?.firstChild.click();
  });
  form.addEventListener("focusout", (event) => form.contains(event.relatedTarget) || open(false));
  found.addEventListener("pointerdown", (event) => event.target.closest("label") || event.preventDefault());

  // A key of a single letter can be in the way of those who speak to their machine (WCAG 2.1.4): it can be turned off.
  const storage = { get: () => null, set: () => {} };
  try {
    storage.get = () => localStorage.getItem("actfn-site:shortcut");
    storage.set = (value) => localStorage.setItem("actfn-site:shortcut", value);
    shortcut.checked = storage.get() !== "off";
  } catch {
    // Without storage it holds for this page.
  }
  shortcut.addEventListener("change", () => storage.set(shortcut.checked ? "on" : "off"));
  addEventListener("keydown", (event) => {
    if (event.key !== "/" || !shortcut.checked || isTyping(event)) return;
    event.preventDefault();
    input.focus();
    input.select();
  });
  form.hidden = false;
}

// Whether a key belongs to what has the focus, or to the browser.
function isTyping(event) {
  const focus = event.target.closest?.("input, select, textarea, [contenteditable], [role=group][tabindex]");
  return focus || event.ctrlKey || event.altKey || event.metaKey || event.defaultPrevented;
}

function keys() {
  const links = new Map();
  for (const link of document.querySelectorAll("a[aria-keyshortcuts]")) links.set(link.getAttribute("aria-keyshortcuts"), link);
  if (!links.size) return;
  addEventListener("keydown", (event) => {
    if (isTyping(event) || (event.shiftKey && !getSelection().isCollapsed)) return;
    const link = links.get((event.shiftKey ? "Shift+" : "") + event.key);
    if (!link) return;
    event.preventDefault();
    link.click();
  });
  for (const hint of document.querySelectorAll(".hint")) hint.hidden = false;
}
