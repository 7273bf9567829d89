/*
 * Small comforts on top of pages that work without them. No inline handlers, no string is ever parsed as HTML or code,
 * so it runs under `script-src 'self'` and Trusted Types.
 */
(() => {
  "use strict";

  /** Tells what a button did, in the status line of its text block, for eyes and screen readers. */
  function say(id, words) {
    const status = document.querySelector(`[data-status="${CSS.escape(id)}"]`);
    if (status) status.textContent = words;
  }

  const textOf = (id) => document.getElementById(id)?.textContent ?? "";

  async function copy(button) {
    const id = button.dataset.copy;
    try {
      await navigator.clipboard.writeText(textOf(id));
      say(id, "Copied.");
    } catch {
      // Without a secure connection there is no clipboard: select the text, so that one key press copies it.
      const range = document.createRange();
      range.selectNodeContents(document.getElementById(id));
      getSelection().removeAllRanges();
      getSelection().addRange(range);
      say(id, "Selected. Press Ctrl+C or Cmd+C to copy.");
    }
  }

  function download(button) {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([textOf(button.dataset.source)], { type: "text/plain;charset=utf-8" }));
    link.download = button.dataset.download;
    document.body.append(link);
    link.click();
    link.remove();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
    say(button.dataset.source, `Saved as ${button.dataset.download}.`);
  }

  function reveal(button) {
    const input = document.getElementById(button.dataset.reveal);
    const isShown = input.type === "password";
    input.type = isShown ? "text" : "password";
    button.setAttribute("aria-pressed", String(isShown));
    button.querySelector("span").textContent = isShown ? "Hide" : "Show";
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("[data-copy], [data-download], [data-print], [data-reveal]");
    if (!button) return;
    if ("copy" in button.dataset) void copy(button);
    else if ("download" in button.dataset) download(button);
    else if ("print" in button.dataset) print();
    else reveal(button);
  });
  for (const button of document.querySelectorAll("[data-copy], [data-download], [data-print], [data-reveal]")) button.hidden = false;

  /* ---- Forms: once is enough ---- */

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method !== "post" || event.defaultPrevented) return;
    // A password is never sent, or offered for saving, as visible text.
    for (const button of form.querySelectorAll('[data-reveal][aria-pressed="true"]')) reveal(button);
    if (form.dataset.sent) {
      event.preventDefault();
      return;
    }
    form.dataset.sent = "yes";
    // Marked, not disabled: a disabled button would leave its own name and value out of what is sent.
    for (const button of form.querySelectorAll('button[type="submit"]')) button.setAttribute("aria-disabled", "true");
    setTimeout(() => unlock(form), 10_000); // the answer never came, and the person stopped waiting for it
  });
  function unlock(form) {
    delete form.dataset.sent;
    for (const button of form.querySelectorAll("[aria-disabled]")) button.removeAttribute("aria-disabled");
  }
  addEventListener("pageshow", () => document.querySelectorAll("form[data-sent]").forEach(unlock));
  document.querySelector("[data-focus]")?.focus();

  /* ---- New passwords: how hard to guess ---- */

  /** Asks the server for at most 64 characters, once typing pauses. Without an answer the meter is not shown. */
  function addStrengthMeter(input) {
    const meter = document.createElement("meter");
    Object.assign(meter, { min: 0, max: 4, low: 2, high: 3, optimum: 4 });
    meter.setAttribute("aria-hidden", "true"); // the words beside it say the same
    const words = document.createElement("p");
    words.setAttribute("role", "status");
    const box = document.createElement("div");
    box.className = "password-meter";
    box.hidden = true;
    box.append(meter, words);
    (input.closest(".with-button") ?? input).after(box);
    let timer = 0;
    let asked = 0;
    const ask = async () => {
      const { form } = input;
      const number = ++asked;
      if (input.value === "") return void (box.hidden = true);
      const own = ["username", "address"].map((name) => form.elements[name]?.value ?? "").join(" ").trim();
      const body = new URLSearchParams({ _csrf: form.elements._csrf.value, password: input.value.slice(0, 64).toWellFormed() });
      if (own) body.set("words", own.slice(0, 512));
      try {
        const answer = await fetch("/password-strength", { method: "POST", body, headers: { accept: "application/json" } });
        if (!answer.ok) throw new Error(String(answer.status));
        const strength = await answer.json();
        if (number !== asked) return; // typed on meanwhile
        meter.value = strength.score;
        words.textContent = [strength.words + ".", strength.advice].filter(Boolean).join(" ");
        box.hidden = false;
      } catch {
        box.hidden = true;
      }
    };
    input.addEventListener("input", () => {
      clearTimeout(timer);
      timer = setTimeout(ask, 400);
    });
  }
  for (const input of document.querySelectorAll('input[autocomplete="new-password"]')) addStrengthMeter(input);

  /* ---- Times ---- */

  const counted = (count, unit) => `${count} ${unit}${count === 1 ? "" : "s"}`;

  function durationInWords(seconds) {
    const length = Math.max(0, Math.round(seconds));
    if (length < 60) return counted(length, "second");
    if (Math.round(length / 60) < 60) return counted(Math.round(length / 60), "minute");
    if (Math.round(length / 3600) < 36) return counted(Math.round(length / 3600), "hour");
    const days = Math.round(length / 86_400);
    if (days < 60) return counted(days, "day");
    const months = Math.round(days / 30.44);
    return months < 24 ? counted(months, "month") : counted(Math.round(days / 365.25), "year");
  }

  function relativeInWords(seconds) {
    if (seconds > 0) return `in ${durationInWords(Math.max(1, seconds))}`;
    return seconds > -5 ? "just now" : `${durationInWords(-seconds)} ago`;
  }

  // Each relative time carries its distance at the moment the server answered, in seconds, so that a wrong clock of this
  // device does not matter: only what passed since it came to the page counts.
  const cameAt = new WeakMap();

  function refreshTimes() {
    const now = performance.now();
    for (const relative of document.querySelectorAll("[data-relative]")) {
      if (!cameAt.has(relative)) cameAt.set(relative, now);
      const words = relativeInWords(Number(relative.dataset.relative) - (now - cameAt.get(relative)) / 1000);
      if (relative.textContent !== words) relative.textContent = words;
    }
  }
  refreshTimes();
  setInterval(() => document.hidden || refreshTimes(), document.querySelector("[data-refresh-seconds]") ? 1000 : 20_000);
  document.addEventListener("visibilitychange", refreshTimes);

  /* ---- Parts that keep themselves up to date ---- */

  /** XMLHttpRequest gives a parsed document; with fetch the text would have to go through a Trusted Types policy. */
  function fetchDocument(url) {
    return new Promise((resolve, reject) => {
      const request = new XMLHttpRequest();
      request.open("GET", url);
      request.setRequestHeader("accept", "text/html");
      request.responseType = "document";
      request.timeout = 20_000;
      request.onload = () => (request.status === 200 && request.response ? resolve(request) : reject(new Error(String(request.status))));
      request.onerror = request.ontimeout = () => reject(new Error("no answer"));
      request.send();
    });
  }

  /** Words as the server wrote them, without the moving parts, to see whether something really changed. */
  function essence(element) {
    const copy = element.cloneNode(true);
    for (const part of copy.querySelectorAll('[data-relative], noscript, input[name="_csrf"], [role="status"]')) part.remove();
    for (const button of copy.querySelectorAll("[hidden]")) button.removeAttribute("hidden");
    for (const open of copy.querySelectorAll("details[open]")) open.removeAttribute("open");
    return copy.innerHTML;
  }

  /** Nothing is replaced under somebody's hands: not while they type, hold focus in it, or have selected text. */
  function isInUse(region) {
    const active = document.activeElement;
    if (active && active !== region && region.contains(active)) return true;
    const selection = getSelection();
    if (selection && !selection.isCollapsed && region.contains(selection.anchorNode)) return true;
    return [...region.querySelectorAll("textarea, input:not([type=hidden])")].some((input) =>
      input.type === "checkbox" || input.type === "radio" ? input.checked !== input.defaultChecked : input.value !== input.defaultValue,
    );
  }

  /** What somebody has unfolded stays so. */
  function keepOpen(part, fresh) {
    const folds = fresh ? [...fresh.querySelectorAll("details")] : [];
    for (const [at, fold] of [...part.querySelectorAll("details")].entries()) if (fold.open && folds[at]) folds[at].open = true;
  }

  /** Parts stay in their places; what is new in number or order comes once nobody is busy. */
  function refreshParts(parts, source) {
    for (const part of parts) {
      const fresh = source.getElementById(part.id);
      if (!fresh || isInUse(part) || essence(fresh) === essence(part)) continue;
      keepOpen(part, fresh);
      part.replaceWith(document.adoptNode(fresh));
    }
  }

  async function refreshRegion(region) {
    const parts = [...region.querySelectorAll("[data-part]")];
    if (document.hidden || (parts.length === 0 && isInUse(region))) return;
    const url = region.dataset.refreshUrl || location.href;
    const answer = await fetchDocument(url);
    const fresh = answer.response.getElementById(region.id);
    // Sent elsewhere, for instance to sign in: load the page as a whole.
    if (!fresh || new URL(answer.responseURL).pathname !== new URL(url, location.href).pathname) return location.reload();
    if (essence(fresh) === essence(region)) return;
    if (!isInUse(region)) {
      for (const part of parts) keepOpen(part, answer.response.getElementById(part.id));
      for (const fold of region.querySelectorAll("details[id]")) {
        const same = answer.response.getElementById(fold.id);
        if (fold.open && same) same.open = true;
      }
      region.replaceChildren(...[...fresh.childNodes].map((node) => document.adoptNode(node)));
    } else refreshParts(parts, answer.response); // somebody is busy in one of them: the others need not wait
    refreshTimes();
    for (const button of region.querySelectorAll("[data-copy], [data-download], [data-print], [data-reveal]")) button.hidden = false;
  }

  for (const region of document.querySelectorAll("[data-refresh-seconds]")) {
    const seconds = Math.max(1, Number(region.dataset.refreshSeconds) || 30);
    let wait = seconds;
    const again = () =>
      setTimeout(async () => {
        try {
          await refreshRegion(region);
          wait = seconds;
        } catch {
          wait = Math.min(wait * 2, 300); // the server is away or busy: ask less often
        }
        again();
      }, wait * 1000);
    again();
  }

  /* ---- What is being written is kept ---- */

  function addDraft(area) {
    let timer = 0;
    let kept = area.value;
    const body = () => new URLSearchParams({ _csrf: area.form.elements._csrf.value, field: area.dataset.draft, text: area.value.toWellFormed() });
    const keep = () => {
      if (area.value === kept || area.form.dataset.sent) return;
      kept = area.value;
      fetch(area.dataset.draftUrl, { method: "POST", body: body(), headers: { accept: "application/json" }, keepalive: true }).catch(() => (kept = null));
    };
    area.addEventListener("input", () => {
      clearTimeout(timer);
      timer = setTimeout(keep, 1500);
    });
    addEventListener("pagehide", keep);
  }
  for (const area of document.querySelectorAll("textarea[data-draft]")) addDraft(area);

  /* ---- Keys of the desk: `data-key` on links and buttons, j and k along the rows, ? for help ---- */

  const keyed = () => [...document.querySelectorAll("[data-key]")];
  const rows = () => [...document.querySelectorAll("[data-key-rows] tbody tr")].map((row) => row.querySelector("a")).filter(Boolean);
  const hasKeys = keyed().length > 0 || rows().length > 0;
  const STORED = "locksmith-keys";
  const storage = { get: () => { try { return localStorage.getItem(STORED); } catch { return null; } }, set: (value) => { try { localStorage.setItem(STORED, value); } catch { /* private window: for this page only */ } } };
  let isOn = storage.get() !== "off"; // single keys can be switched off (WCAG 2.2 2.1.4)

  function element(name, text, ...children) {
    const made = document.createElement(name);
    if (text) made.textContent = text;
    made.append(...children);
    return made;
  }

  function helpDialog() {
    const dialog = element("dialog");
    dialog.className = "keys-dialog";
    const heading = element("h2", "Keys");
    heading.id = "keys-heading";
    dialog.setAttribute("aria-labelledby", heading.id);
    const list = element("dl");
    const add = (key, words) => list.append(element("dt", "", element("kbd", key)), element("dd", words));
    for (const target of keyed()) add(target.dataset.key, target.labels?.[0]?.textContent ?? target.textContent.trim());
    if (rows().length > 0) {
      add("j", "Next row");
      add("k", "Row before");
      add("Enter", "Open the row");
    }
    if (picks().length > 0) {
      add("x", "Tick the row, or not");
      add("a", "Tick all rows, or none");
    }
    add("?", "This help");
    const box = element("input");
    box.type = "checkbox";
    box.id = "keys-on";
    box.checked = isOn;
    box.addEventListener("change", () => {
      isOn = box.checked;
      storage.set(isOn ? "on" : "off");
    });
    const label = element("label", "Use these keys");
    label.htmlFor = box.id;
    const choice = element("div", "", box, label);
    choice.className = "choice";
    const close = element("button", "Close");
    close.type = "button";
    close.className = "button button-secondary";
    close.addEventListener("click", () => dialog.close());
    dialog.addEventListener("close", () => dialog.remove());
    dialog.append(heading, list, choice, close);
    document.body.append(dialog);
    dialog.showModal();
  }

  function moveRow(step) {
    const links = rows();
    const at = links.findIndex((link) => link.closest("tr").contains(document.activeElement));
    links[at < 0 ? (step > 0 ? 0 : links.length - 1) : Math.min(links.length - 1, Math.max(0, at + step))]?.focus();
  }

  const picks = () => [...document.querySelectorAll("[data-pick]")];

  /** Says how many rows are ticked, where the buttons are. */
  function countPicks() {
    const place = document.querySelector("[data-picked]");
    const ticked = picks().filter((box) => box.checked).length;
    if (place) place.textContent = ticked === 0 ? "" : `${counted(ticked, "row")} ticked`;
  }
  addEventListener("change", (event) => "pick" in (event.target.dataset ?? {}) && countPicks());
  addEventListener("pageshow", countPicks);

  function pickRow() {
    const box = document.activeElement?.closest("tr")?.querySelector("[data-pick]");
    if (box) box.checked = !box.checked;
    countPicks();
  }

  function pickAll() {
    const boxes = picks();
    const on = boxes.some((box) => !box.checked);
    for (const box of boxes) box.checked = on;
    countPicks();
  }

  if (hasKeys) {
    document.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
      // A dialog that was just closed may still have the focus for a moment.
      if (event.target.closest?.("input:not([type=checkbox]), select, textarea, dialog[open], [contenteditable]")) return;
      if (event.key === "?") helpDialog(); // always there, since the switch is in it
      else if (!isOn) return;
      else if (event.key === "j" || event.key === "k") moveRow(event.key === "j" ? 1 : -1);
      else if (event.key === "x" && picks().length > 0) pickRow();
      else if (event.key === "a" && picks().length > 0) pickAll();
      else {
        const target = keyed().find((one) => one.dataset.key === event.key);
        if (!target) return;
        // A link is followed; a button is only focused, so that a stray key never acts.
        target.focus();
        if (target instanceof HTMLAnchorElement) target.click();
      }
      event.preventDefault();
    });
  }
})();
