// While the site is watched, every page carries this script: it swaps what has changed, reloads a page that has changed,
// and shows what is wrong with the specs over the last good page.
(() => {
  "use strict";
  const script = document.currentScript;
  const { session, page } = script.dataset;
  const scrollKey = "actfn-site:scroll";

  const address = new URL("events", script.src);
  let since = script.dataset.version;
  let events = null;

  function listen() {
    if (events || document.hidden) return;
    address.search = new URLSearchParams({ session, since, page });
    events = new EventSource(address);
    events.onmessage = (event) => {
      const message = JSON.parse(event.data);
      // Another run of the program: what it has changed since this page was loaded is not known.
      if (message.session !== session) return reload();
      since = message.version;
      show(message.problems);
      apply(new Set(message.changed), message.version);
    };
  }

  function leave() {
    events?.close();
    events = null;
  }

  // A browser keeps only a few connections to one place: a page that nobody sees leaves its own to others, and hears of
  // what it has missed when it is shown again.
  addEventListener("visibilitychange", () => (document.hidden ? leave() : listen()));
  addEventListener("pagehide", leave);
  // A page that the browser kept aside has missed what was told meanwhile.
  addEventListener("pageshow", (event) => {
    if (event.persisted) reload();
  });

  function apply(changed, version) {
    if (changed.size === 0) return;
    const isScriptChanged = [...document.scripts].some((it) => it.src && changed.has(fileOf(it.src)));
    if (isScriptChanged || places().some((path) => changed.has(path) && path !== page)) return reload();
    if (changed.has(page)) return refresh();
    for (const image of document.images) {
      if (changed.has(fileOf(image.currentSrc || image.src))) swapImage(image, version);
    }
    for (const link of document.querySelectorAll('link[rel~="stylesheet"]')) {
      if (changed.has(fileOf(link.href))) swapStyle(link, version);
    }
  }

  // The files that this address can mean: a page that was not there (404) may have come to be.
  function places() {
    const path = fileOf(location.href);
    return path === "" || path.endsWith("/") ? [path + "index.html"] : [path, path + ".html", path + "/index.html"];
  }

  function fileOf(url) {
    const { origin, pathname } = new URL(url, location.href);
    if (origin !== location.origin) return null;
    try {
      return decodeURIComponent(pathname).slice(1);
    } catch {
      return null;
    }
  }

  function versioned(url, version) {
    const fresh = new URL(url, location.href);
    fresh.searchParams.set("v", version);
    return fresh.href;
  }

  // The old picture stays until the new one is there.
  function swapImage(image, version) {
    const next = new Image();
    next.onload = () => {
      for (const source of image.parentElement?.querySelectorAll(":scope > source") ?? []) source.remove();
      image.removeAttribute("srcset");
      image.src = next.src;
    };
    next.src = versioned(image.currentSrc || image.src, version);
  }

  function swapStyle(link, version) {
    const next = link.cloneNode();
    next.href = versioned(link.href, version);
    next.onload = () => link.remove();
    link.after(next);
  }

  // Every page names its style by what is in it. One that differs in nothing else gets the new style, and keeps its state.
  async function refresh() {
    try {
      const text = await (await fetch(location.href)).text();
      const next = new DOMParser().parseFromString(text, "text/html");
      const [own, others] = [document, next].map((it) => [...it.querySelectorAll('link[rel~="stylesheet"]')]);
      const content = next.querySelector("script[data-content]")?.dataset.content;
      if (content !== script.dataset.content || own.length !== others.length) return reload();
      own.forEach((link, index) => {
        const href = new URL(others[index].getAttribute("href"), location.href).href;
        if (href === link.href) return;
        const fresh = link.cloneNode();
        fresh.href = href;
        fresh.onload = () => link.remove();
        link.after(fresh);
      });
    } catch {
      reload();
    }
  }

  function reload() {
    leave();
    sessionStorage.setItem(scrollKey, JSON.stringify([location.pathname, scrollX, scrollY]));
    location.reload();
  }

  const kept = JSON.parse(sessionStorage.getItem(scrollKey) ?? "null");
  sessionStorage.removeItem(scrollKey);
  if (kept?.[0] === location.pathname) {
    const restore = () => scrollTo({ left: kept[1], top: kept[2], behavior: "instant" });
    restore();
    addEventListener("load", restore, { once: true });
  }

  let overlay = null;
  function show(problems) {
    overlay?.remove();
    overlay = null;
    if (problems.length === 0) return;
    overlay = document.createElement("actfn-site-problems");
    const root = overlay.attachShadow({ mode: "open" });
    root.innerHTML = `<style>
      :host { all: initial; position: fixed; inset: auto 0 0 0; z-index: 2147483647; }
      section { box-sizing: border-box; max-height: 70vh; overflow: auto; padding: 0.75rem 1rem 1rem;
        background: #1e1e24; color: #f3f3f5; border-top: 4px solid #e5484d; box-shadow: 0 -4px 24px #0008;
        font: 15px/1.45 system-ui, sans-serif; }
      header { display: flex; gap: 1rem; align-items: baseline; justify-content: space-between; }
      h2 { margin: 0; font-size: 1.05rem; }
      p { margin: 0.1rem 0 0; color: #c9c9d1; }
      pre { margin: 0.75rem 0 0; padding: 0.75rem; overflow-x: auto; background: #121216; border-radius: 6px;
        font: 13px/1.45 ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace; white-space: pre; }
      pre b { display: block; color: #ff8a8e; white-space: pre-wrap; overflow-wrap: anywhere; }
      button { flex: none; font: inherit; color: inherit; background: #3a3a44; border: 1px solid #6b6b78; border-radius: 6px;
        padding: 0.2rem 0.7rem; cursor: pointer; }
      button:focus-visible, pre:focus-visible { outline: 3px solid #7ab8ff; outline-offset: 2px; }
    </style>
    <section role="alert"><header><div><h2></h2><p>This is the page as it was last built. It changes as soon as that works again.</p></div>
    <button type="button" title="Hide until the next save (Esc)">Hide</button></header></section>`;
    root.querySelector("h2").textContent = problems.length === 1 ? "One problem" : `${problems.length} problems`;
    // Texts are set as text: whatever stands in a spec, nothing of it becomes part of the page.
    for (const problem of problems) {
      const pre = document.createElement("pre");
      pre.tabIndex = 0;
      const end = problem.indexOf("\n");
      const head = document.createElement("b");
      head.textContent = end < 0 ? problem : problem.slice(0, end);
      pre.append(head, end < 0 ? "" : problem.slice(end + 1));
      root.querySelector("section").append(pre);
    }
    root.querySelector("button").onclick = () => overlay?.remove();
    document.documentElement.append(overlay);
  }
  addEventListener("keydown", (event) => {
    if (event.key === "Escape") overlay?.remove();
  });

  listen();
})();
