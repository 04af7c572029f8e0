// What a page cannot do by itself: the reader's own time zone and look, copying, saving at once.
// Every page works without it.
"use strict";
(() => {
  const root = document.documentElement;
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const look = () => {
    if (root.dataset.theme === "auto") root.dataset.bsTheme = dark.matches ? "dark" : "light";
  };
  look();
  dark.addEventListener("change", look);

  const local = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });
  const times = (part) => {
    for (const time of part.querySelectorAll("time[datetime]")) {
      const at = new Date(time.dateTime);
      if (Number.isNaN(at.getTime())) continue;
      time.title = time.dateTime;
      time.textContent = local.format(at);
    }
  };

  const copies = (part) => {
    for (const box of part.querySelectorAll(".copy")) {
      if (box.querySelector("button")) continue;
      const button = document.createElement("button");
      button.type = "button";
      button.className = "btn btn-sm";
      button.textContent = "Copy";
      button.addEventListener("click", async () => {
        const source = box.querySelector("code, pre, textarea");
        await navigator.clipboard.writeText(source.value ?? source.textContent);
        button.textContent = "Copied";
        setTimeout(() => { button.textContent = "Copy"; }, 2000);
      });
      box.append(button);
    }
  };

  const base64 = (bytes) => {
    let text = "";
    for (const byte of bytes) text += String.fromCharCode(byte);
    return btoa(text);
  };

  const ready = (part) => {
    times(part);
    copies(part);
    if (part.dataset?.live) follow(part);
    for (const live of part.querySelectorAll("[data-live]")) follow(live);
  };

  document.addEventListener("DOMContentLoaded", () => {
    ready(document);
    const csrf = document.querySelector("input[name=csrf]");
    document.body.addEventListener("htmx:configRequest", (event) => {
      if (csrf && event.detail.verb !== "get") event.detail.parameters.csrf = csrf.value;
    });
    document.body.addEventListener("htmx:load", (event) => ready(event.detail.elt));
    // On a narrow screen the menu waits until it is asked for.
    const menu = document.getElementById("menu");
    if (menu && window.matchMedia("(max-width: 991px)").matches) menu.open = false;
    const theme = document.getElementById("theme");
    if (theme) {
      theme.form.querySelector("button").hidden = true;
      theme.addEventListener("change", () => theme.form.submit());
    }
    for (const link of document.querySelectorAll("a[data-save=now]")) link.click();
    // A file is read into the field that is sent; without a script the field is filled in by hand.
    for (const file of document.querySelectorAll("input[type=file][data-into]")) {
      file.addEventListener("change", async () => {
        if (!file.files.length) return;
        const [one] = file.files;
        const into = document.getElementById(file.dataset.into);
        into.value = file.dataset.as === "base64" ? base64(new Uint8Array(await one.arrayBuffer())) : await one.text();
      });
    }
    // What does not hold the text is hidden, and stays chosen.
    for (const box of document.querySelectorAll("input[data-narrows]")) {
      box.addEventListener("input", () => {
        const text = box.value.trim().toLowerCase();
        for (const one of document.querySelectorAll(`#${box.dataset.narrows} > li`)) {
          one.hidden = !one.textContent.toLowerCase().includes(text);
        }
      });
    }
    for (const button of document.querySelectorAll("[data-pause]")) pausing(button);
  });

  // A part of a page that is fetched again whenever its stream says so, unless it is paused.
  const followed = new WeakSet();
  const follow = (part) => {
    if (followed.has(part)) return;
    followed.add(part);
    const stream = new EventSource(part.dataset.live);
    let waiting = false;
    const again = () => {
      if (!part.isConnected) stream.close();
      if (waiting || !part.isConnected || part.dataset.paused === "yes") return;
      waiting = true;
      setTimeout(() => {
        waiting = false;
        if (!part.isConnected || part.dataset.paused === "yes") return;
        const url = part.dataset.from || window.location.href;
        const open = [...part.querySelectorAll("details[open][id]")].map((one) => one.id);
        // The element stays, and its stream with it: nothing is told in between.
        // Nobody asked for it: it keeps no session from going idle.
        const headers = { "X-Live": "refresh" };
        htmx.ajax("GET", url, { target: part, select: `#${part.id} > *`, swap: "innerHTML", headers })
          .then(() => {
            for (const id of open) document.getElementById(id)?.setAttribute("open", "");
          });
      }, 500);
    };
    for (const kind of ["message", "events", "resync"]) stream.addEventListener(kind, again);
    // What came before the stream was there, or while it was away, is not told by it.
    stream.addEventListener("open", again);
    document.body.addEventListener("htmx:afterSwap", () => { if (!part.isConnected) stream.close(); });
    window.addEventListener("pagehide", () => stream.close(), { once: true });
  };

  const pausing = (button) => {
    const [pause, resume] = [button.textContent, button.dataset.resumeTitle];
    button.hidden = false;
    button.addEventListener("click", () => {
      const part = document.getElementById(button.dataset.pause);
      const paused = part.dataset.paused === "yes";
      part.dataset.paused = paused ? "no" : "yes";
      button.textContent = paused ? pause : resume;
      if (paused) htmx.ajax("GET", part.dataset.from, { target: part, select: `#${part.id}`, swap: "outerHTML" });
    });
  };

  document.addEventListener("keydown", (event) => {
    const box = document.getElementById("search-everything");
    const typing = event.target.closest && event.target.closest("input, textarea, select");
    const palette = (event.ctrlKey || event.metaKey) && event.key === "k";
    if (box && (palette || (event.key === "/" && !typing))) {
      event.preventDefault();
      box.focus();
      box.select();
    }
  });
})();
