/* What a reviewer says of the image on screen: the answers, the note, undo, and the way through the queue.
 *
 * Each message names its image and carries the note that was typed for it, so it can never meet another one. What is
 * done while an earlier answer or move is on its way counts as done on the image that it leads to. */
import { draftOf, dropDraft, keepDraft } from "../common/drafts.js";
import { chooseQueue, make, sheetsOf, wear } from "../common/dom.js";
import { jumpField } from "../common/jump.js";
import { clickOn, keyList, listen } from "../common/keyboard.js";
import { arrived, storeOf, tell } from "../viewer/store.js";
import { KEYS as VIEWER_KEYS } from "../viewer/viewer.js";

const KEYS = [
  ["→ ←", "next, previous image"],
  ["Home End", "first, last image"],
  ["J", "jump to an image by number or part of its name"],
  ["1 … 9", "flag with that reason"],
  ["K", "keep: nothing wrong with the image"],
  ["U Y", "undo your last answer, redo"],
  ["N", "write a note (Enter ends it, Esc cancels)"],
  ["X", "grid of thumbnails"],
  ["Q", "choose the queue"],
  ["I", "context: similar images, the same case, another run, what was said"],
  ...VIEWER_KEYS,
];
const OTHER = 8; // The answer that needs a note.
const NOTE = "Note (N), kept with your answer", WANTED = "What is wrong? Enter saves, Esc cancels";

let sheets = [];
export async function style(urls, sides) { sheets = await sheetsOf(urls, sides); }

const built = new WeakMap();
export function pad({ data, parentElement, setTriggerValue }) {
  let view = built.get(parentElement);
  if (!view) {
    wear(parentElement, sheets);
    built.set(parentElement, (view = build(parentElement, data)));
  }
  view.update(data, (messages) => setTriggerValue("act", messages));
  return view.remove;
}

function build(parent, { viewer, choices }) {
  const root = parent.querySelector(".pad"), store = storeOf(viewer), { outbox } = store;
  let state = {}; // What the server says of the queue: `first`, `end`, `heard`.
  let bound = "", asks = false, turned = false, later = [], catching = false, entered = "";

  const answers = choices.map(({ label, key }, i) =>
    make("button", { class: "answer", title: `${label} (${key})`, onclick: (event) => { unhand(event); answer(i); } }, make("span", {}, label), " ", make("kbd", {}, key)));
  const note = make("input", { class: "note", maxlength: 500, "aria-label": "Note", autocomplete: "off", onfocus: () => { entered = note.value; }, oninput: typed });
  const hint = make("small", { class: "hint", role: "status" });
  const button = (label, key, act) => make("button", { title: `${label} (${key})`, onclick: (event) => { unhand(event); act(event); } }, make("span", {}, label), " ", make("kbd", {}, key));
  const previous = button("Previous", "←", () => move({ do: "previous" })), undo = button("Undo", "U", () => move({ do: "undo" }));
  const redo = button("Redo", "Y", () => move({ do: "redo" })), next = button("Next", "→", following);
  const jump = jumpField((to) => move({ do: "jump", to })), list = keyList(KEYS);
  const settles = make("p", { class: "settles", hidden: "" }, "Settles for everybody: the image leaves the training as");
  root.append(settles, make("div", { class: "answers", role: "group", "aria-label": "Your answer" }, ...answers),
    make("div", { class: "field" }, note, hint), make("div", { class: "moves" }, previous, undo, redo, next), jump.field, list.box);

  /* The mouse leaves no focus behind: the keys are the viewer's again. */
  function unhand(event) { if (event.detail) event.currentTarget.blur(); }
  const standing = () => store.data?.note ?? "";
  const textOf = (image) => draftOf(image) ?? standing();

  /* ---------- answering ---------- */
  const send = (message, saved) => outbox.send(message, saved);
  function answer(index) {
    const { data, pending } = store;
    if (!data || state.end) return;
    if (!catching && (later.length || (pending && (!pending.answer || note.value)))) return wait(() => answer(index)); // Nobody has seen that image yet.
    const image = data.hash, words = (pending ? pending.note : note.value).trim();
    if (index === OTHER && !words) return pending ? undefined : ask();
    const number = send({ do: "answer", answer: index, hash: image, note: words, shown: store.looking?.() ?? "", settles: Boolean(state.settles) }, () => saved(image, words));
    leave({ number, answer: true, note: words });
  }
  function ask() {
    asks = true;
    draw();
    note.focus();
  }
  /* What cannot be done yet takes what was typed before it along. */
  const mustWait = () => !catching && (later.length || store.pending);
  function wait(act) {
    later.push({ act, words: note.value });
    note.value = entered = "";
  }
  function saved(image, words) {
    if ((draftOf(image) ?? "").trim() === words) dropDraft(image);
  }
  /* From now on what is typed is about the image that comes. */
  function leave(pending) {
    store.pending = pending;
    turned = true;
    asks = false;
    note.value = entered = "";
    draw();
  }

  /* ---------- moving ---------- */
  function move(message) {
    if (later.length && !catching) wait(() => move(message)); else leave({ number: send(message) });
  }
  function following(event) {
    const { data, pending } = store;
    if (mustWait() || pending || !data) return event?.repeat ? undefined : move({ do: "next" });
    const ahead = data.ahead;
    const number = send({ do: "next", hash: data.hash });
    leave({ number });
    if (ahead) store.show?.(ahead, number);
  }

  /* ---------- the note ---------- */
  function typed() {
    if (turned) return;
    if (note.value === standing()) dropDraft(bound); else keepDraft(bound, note.value);
    draw();
  }
  function finish() {
    const { data } = store, words = note.value.trim();
    if (mustWait()) { wait(finish); return true; }
    if (!data || state.end) return true;
    if (asks) {
      if (words) answer(OTHER);
      return Boolean(words);
    }
    if (data.answer == null || words === standing()) return true;
    if (data.answer === OTHER && !words) { note.value = standing(); typed(); return true; }
    const image = data.hash;
    send({ do: "note", hash: image, note: words, shown: store.looking?.() ?? "", settles: Boolean(state.settles) }, () => saved(image, words));
    return true;
  }
  note.addEventListener("keydown", (event) => {
    event.stopPropagation(); // Streamlit's own keys listen further up, where the field looks like its host.
    if (event.isComposing) return;
    if (event.key === "Enter" && finish()) note.blur();
    if (event.key === "Escape") {
      note.value = entered;
      asks = false;
      typed();
      note.blur();
    }
  });

  /* ---------- drawing ---------- */
  function draw() {
    const { data, pending } = store, image = data?.hash ?? "", gone = !data || state.end;
    if (turned && !pending && !catching) return catchUp();
    if (!turned) bind();
    const chosen = turned ? null : data?.answer;
    answers.forEach((one, i) => {
      one.setAttribute("aria-pressed", !gone && chosen === i);
      one.classList.toggle("pending", asks && i === OTHER);
      one.disabled = gone;
    });
    note.disabled = gone;
    note.placeholder = asks ? WANTED : NOTE;
    note.classList.toggle("wanted", asks);
    const waits = !turned && !gone && !asks && note.value.trim() !== standing();
    hint.textContent = !waits ? "" : chosen == null ? "goes with your answer" : "Enter saves";
    previous.disabled = Boolean(state.first);
    next.disabled = Boolean(state.end);
    root.dataset.image = turned ? "" : image;
  }
  function bind() {
    const image = store.data?.hash ?? "", words = image && textOf(image);
    if (bound !== image) asks = false;
    bound = image;
    if (note.value !== words) note.value = words;
  }
  function add(words) {
    turned = false;
    bind();
    if (!bound || !words) return;
    keepDraft(bound, [note.value, words].filter(Boolean).join(" "));
    bind();
  }
  /* The image is there: do what waited for it, and go on with what was typed since. */
  function catchUp() {
    const since = note.value;
    catching = true;
    while (later.length && !store.pending) {
      const { act, words } = later.shift();
      add(words);
      act();
    }
    catching = false;
    if (store.pending) note.value = since; else add(since);
    draw();
  }
  store.listeners.add(draw);

  const away = listen(() => ({
    ArrowRight: following, ArrowLeft: () => move({ do: "previous" }),
    Home: () => move({ do: "first" }), End: () => move({ do: "last" }),
    u: () => move({ do: "undo" }), y: () => move({ do: "redo" }),
    j: () => jump.open(), q: chooseQueue, n: () => note.focus(), k: () => answer(choices.length - 1),
    x: () => outbox.afterwards(() => clickOn(".st-key-view-switch button")), i: () => clickOn(".st-key-context-toggle button"),
    ...Object.fromEntries(choices.slice(0, -1).map(({ key }, i) => [key, () => answer(i)])),
    "?": list.toggle, Escape: list.close,
  }));
  function skip(event) {
    if (!event.target.closest?.(".skip")) return;
    event.preventDefault();
    (answers.find((one) => one.getAttribute("aria-pressed") === "true") ?? answers[0]).focus();
  }
  document.addEventListener("click", skip);

  function update(now, trigger) {
    state = now;
    settles.hidden = !now.settles;
    root.classList.toggle("settling", Boolean(now.settles));
    answers.at(-1).firstChild.textContent = now.settles ? "or stays" : choices.at(-1).label;
    outbox.connect(trigger);
    store.send = (message) => send(message);
    store.help = list.toggle;
    const number = outbox.heard(now.heard);
    if (now.end) arrived(store, number); // Else when the picture is on screen.
    tell(store);
  }
  function remove() {
    away();
    document.removeEventListener("click", skip);
    outbox.disconnect();
    store.send = store.help = null;
    store.listeners.delete(draw);
    built.delete(parent);
    list.remove();
    root.replaceChildren();
  }
  return { update, remove };
}
