// Betterments only: everything on the pages works without this file.

import { Button, ErrorSummary, PasswordInput, ServiceNavigation, SkipLink, createAll } from "./govuk-frontend.min.js";

for (const component of [Button, ErrorSummary, PasswordInput, ServiceNavigation, SkipLink]) {
  createAll(component);
}

// --- The chronology: choose without leaving the page ------------------------------------------------------------

function chosen(form, name) {
  return new Set(new FormData(form).getAll(name).filter(Boolean));
}

function shows(entry, wanted) {
  const has = (set, value) => set.size === 0 || set.has(value);
  const year = (name) => Number([...wanted[name]][0] || 0);
  return (
    has(wanted.agency, entry.dataset.agency) &&
    has(wanted.nature, entry.dataset.nature) &&
    has(wanted.kind, entry.dataset.kind) &&
    (!year("from") || Number(entry.dataset.until) >= year("from")) &&
    (!year("to") || Number(entry.dataset.since) <= year("to")) &&
    (wanted.seen.size === 0 || entry.dataset.seen === "yes")
  );
}

function applyChoice(form) {
  const wanted = Object.fromEntries(
    ["agency", "nature", "kind", "from", "to", "seen"].map((name) => [name, chosen(form, name)]),
  );
  let shown = 0;
  const entries = document.querySelectorAll(".wc-entry");
  for (const entry of entries) {
    entry.hidden = !shows(entry, wanted);
    shown += entry.hidden ? 0 : 1;
  }
  for (const year of document.querySelectorAll(".wc-year")) {
    year.hidden = !year.querySelector(".wc-entry:not([hidden])");
  }
  sayHowMany(shown, entries.length);
  rememberInAddress(form);
}

function sayHowMany(shown, total) {
  const hidden = total - shown;
  const words = hidden
    ? `Showing ${shown} of ${total} entries. ${hidden} ${hidden === 1 ? "is" : "are"} hidden by your choice.`
    : `Showing all ${total} entries.`;
  document.getElementById("shown-words").textContent = words;
  document.getElementById("show-all").hidden = hidden === 0;
  document.getElementById("nothing-shown").hidden = shown > 0;
}

// The address then says what is on the screen, for the way back and for who reloads. It holds codes only. So do the
// ways to another day: they take the choice along.
function rememberInAddress(form) {
  const asked = [...new FormData(form)].filter(([, value]) => value);
  history.replaceState(null, "", addressOf(asked) + location.hash);
  const choice = asked.filter(([name]) => name !== "on");
  for (const link of document.querySelectorAll("a[data-day]")) {
    link.href = addressOf(link.dataset.day ? [["on", link.dataset.day], ...choice] : choice);
  }
  const dayForm = document.getElementById("day-form");
  dayForm.querySelectorAll("input[type=hidden]").forEach((one) => one.remove());
  for (const [name, value] of choice) {
    dayForm.append(Object.assign(document.createElement("input"), { type: "hidden", name, value }));
  }
}

function addressOf(asked) {
  return asked.length ? `${location.pathname}?${new URLSearchParams(asked)}` : location.pathname;
}

const choosing = document.getElementById("choose");
if (choosing) {
  choosing.addEventListener("change", (event) => {
    if (event.target.name === "order") {
      choosing.requestSubmit();
    } else {
      applyChoice(choosing);
    }
  });
  document.getElementById("apply-choice").hidden = true;
}

// --- A link to a line opens what it lies in and takes the keyboard there -----------------------------------------

function goToTarget() {
  const target = location.hash.length > 1 && document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (!target || !target.matches(".wc-entry, .wc-section, .wc-year, .wc-match")) {
    return;
  }
  target.closest(".wc-year")?.removeAttribute("hidden");
  if (!target.hasAttribute("tabindex")) {
    target.setAttribute("tabindex", "-1");
  }
  target.focus({ preventScroll: true });
  target.scrollIntoView({ block: target.matches(".wc-entry") ? "center" : "start" });
}

window.addEventListener("hashchange", goToTarget);
goToTarget();

// --- The lesson editor: checked as it is typed ---------------------------------------------------------------------

const editor = document.getElementById("editor");
const PAUSE = 500; // milliseconds without a key: long enough not to be told of a fault in the middle of a word

// As many numbers as lines, so that the text never scrolls up and down inside its box and the two stay side by side.
function numberLines(field) {
  const wanted = field.value.split("\n").length + 2;
  const lines = document.getElementById(`${field.id}-lines`);
  field.rows = wanted;
  while (lines.children.length > wanted) {
    lines.lastElementChild.remove();
  }
  for (let n = lines.children.length + 1; n <= wanted; n += 1) {
    lines.append(Object.assign(document.createElement("span"), { id: `${field.id}-line-${n}`, textContent: n }));
  }
}

function markFaults(field, checked) {
  const wrong = new Set([...checked.querySelectorAll(`a[data-field="${field.id}"]`)].map((link) => link.dataset.line));
  for (const span of document.getElementById(`${field.id}-lines`).children) {
    span.classList.toggle("wc-numbered__wrong", wrong.has(span.textContent));
  }
}

function goTo(field, line, column) {
  const before = field.value.split("\n").slice(0, line - 1).join("\n").length + (line > 1 ? 1 : 0);
  const at = Math.min(before + column - 1, field.value.length);
  field.focus({ preventScroll: true });
  field.setSelectionRange(at, at);
  document.getElementById(`${field.id}-line-${line}`)?.scrollIntoView({ block: "center" });
}

function watchEditor(form) {
  const fields = [...form.querySelectorAll(".wc-numbered__text")];
  const checked = document.getElementById("checked");
  const status = document.getElementById("checked-status");
  let waiting = 0;
  let asked = new AbortController();

  async function check() {
    asked.abort();
    asked = new AbortController();
    checked.classList.add("wc-checked--waiting");
    try {
      const answer = await fetch(form.dataset.check, { method: "POST", body: new FormData(form), signal: asked.signal });
      if (!answer.ok) {
        throw new Error(String(answer.status));
      }
      checked.innerHTML = await answer.text();
      createAll(Button, {}, checked);
      fields.forEach((field) => markFaults(field, checked));
      status.textContent = document.getElementById("checked-word").textContent;
      document.querySelector(".govuk-error-summary")?.remove(); // it spoke of a text that is no longer there
    } catch (wrong) {
      if (wrong.name === "AbortError") {
        return;
      }
      const word = document.getElementById("checked-word");
      word.textContent = "It could not be checked just now. What stands below is of an earlier text; save to check it.";
      word.className = "wc-checked__word wc-checked__word--not";
      status.textContent = word.textContent;
    }
    checked.classList.remove("wc-checked--waiting");
  }

  for (const field of fields) {
    field.addEventListener("input", () => {
      numberLines(field);
      clearTimeout(waiting);
      waiting = setTimeout(check, PAUSE);
    });
  }
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-line]");
    const field = link && document.getElementById(link.dataset.field);
    if (field) {
      event.preventDefault();
      goTo(field, Number(link.dataset.line), Number(link.dataset.column));
    }
  });
  // Leaving with something unsaved asks first; the buttons save.
  window.addEventListener("beforeunload", (event) => {
    if (!form.dataset.sent && fields.some((field) => field.value !== field.defaultValue)) {
      event.preventDefault();
    }
  });
  form.addEventListener("submit", () => {
    form.dataset.sent = "yes";
  });
}

if (editor) {
  watchEditor(editor);
}

// --- Signing out after a quiet spell, with a warning before ------------------------------------------------------

// Several windows share one session: what is done in one counts in all. Only a moment is kept, and nothing personal.
const LAST_ASKED = "wholechild-last-asked";
const dialog = document.getElementById("timeout");

function quietFor() {
  return Date.now() - Number(localStorage.getItem(LAST_ASKED) || Date.now());
}

function asked() {
  localStorage.setItem(LAST_ASKED, String(Date.now()));
}

async function send(form) {
  return fetch(form.action, { method: "POST", body: new FormData(form), redirect: "manual" });
}

async function leave() {
  await send(document.getElementById("sign-out")).catch(() => {});
  location.assign(dialog.dataset.ended);
}

async function stay() {
  dialog.close();
  const answer = await send(dialog.querySelector("form")).catch(() => ({ ok: false }));
  if (answer.ok) {
    asked();
  } else {
    location.assign(dialog.dataset.ended);
  }
}

function watch(quiet, warn) {
  const gone = quietFor();
  if (gone >= quiet) {
    leave();
    return;
  }
  if (gone >= quiet - warn && !dialog.open) {
    dialog.showModal();
  } else if (gone < quiet - warn && dialog.open) {
    dialog.close();
  }
  setTimeout(() => watch(quiet, warn), Math.min(gone < quiet - warn ? quiet - warn - gone : quiet - gone, 15_000));
}

if (dialog) {
  const quiet = Number(dialog.dataset.minutes) * 60_000;
  dialog.querySelector("form").addEventListener("submit", (event) => {
    event.preventDefault();
    stay();
  });
  dialog.addEventListener("cancel", (event) => {
    event.preventDefault();
    stay();
  });
  asked();
  watch(quiet, Math.min(Number(dialog.dataset.warn) * 60_000, quiet / 2));
}
