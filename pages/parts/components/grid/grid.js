/* The review queue as pages of thumbnails. Choosing happens here and asks nothing of the server; an answer is one
 * message that names its images. Without a choice an answer goes to the framed image. */
import { draftOf, dropDraft, keepDraft } from "../common/drafts.js";
import { chooseQueue, make, sheetsOf, wear } from "../common/dom.js";
import { jumpField } from "../common/jump.js";
import { clickOn, keyList, listen } from "../common/keyboard.js";
import { outbox } from "../common/outbox.js";

const KEYS = [
  ["← → ↑ ↓", "move the frame; with Shift, choose on the way"],
  ["Space", "choose the framed image, or not (or click; Shift-click for a range)"],
  ["Ctrl A", "choose the whole page (⌘ A)"],
  ["E", "choose those without an answer from you"],
  ["Esc", "choose none"],
  ["1 … 9", "flag the chosen images with that reason, or the framed one"],
  ["K", "keep them: nothing wrong with them"],
  ["N", "write a note (Enter ends it, Esc cancels)"],
  ["U Y", "undo your last answer with all its images, redo"],
  ["PgDn PgUp", "next, previous page"],
  ["Home End", "first, last page"],
  ["J", "jump to an image by number or part of its name"],
  ["Enter", "open the framed image in the viewer (or double click)"],
  ["X", "viewer, one by one"],
  ["Q", "choose the queue"],
  ["?", "this list"],
];
const OTHER = 8; // The answer that needs a note.
const NOTE = "Note (N), kept with your answer", WANTED = "What is wrong? Enter saves, Esc cancels";
const box = outbox();

let sheets = [];
export async function style(urls, sides) { sheets = await sheetsOf(urls, sides); }

const built = new WeakMap();
export function grid({ data, parentElement, setTriggerValue }) {
  let view = built.get(parentElement);
  if (!view) {
    wear(parentElement, sheets);
    built.set(parentElement, (view = build(parentElement)));
  }
  view.update(data, (message) => setTriggerValue("act", message));
  return view.remove;
}

function build(parent) {
  const root = parent.querySelector(".desk");
  let data = null, tiles = [], cursor = 0, anchor = 0, asks = false, bound = "", entered = "";
  const choices = new Map(); // Chosen hashes of each page, so that coming back finds them.
  const chosen = () => choices.get(data.first) ?? choices.set(data.first, new Set()).get(data.first);

  const wall = make("div", { class: "tiles", role: "listbox", "aria-multiselectable": "true", "aria-label": "Images of this page", tabindex: "-1" });
  const place = make("div", { class: "place" }), line = make("i"), file = make("div", { class: "file" }), facts = make("dl", { class: "facts" });
  const count = make("b", { role: "status" }), hint = make("span", { class: "hint" });
  const said = make("p", { class: "done", role: "status" });
  const pad = make("div", { class: "pad" });
  const note = make("input", { class: "note", maxlength: 500, "aria-label": "Note", autocomplete: "off", onfocus: () => { entered = note.value; }, oninput: typed });
  const button = (label, key, act) => make("button", { title: `${label} (${key})`, onclick: (event) => { if (event.detail) wall.focus(); act(); } }, label, " ", make("kbd", {}, key));
  const back = button("Back", "PgUp", () => turn(-1)), on = button("Next page", "PgDn", () => turn(1));
  const keys = keyList(KEYS);
  const jump = jumpField((to) => tell({ do: "jump", to }));
  const panel = make("div", { class: "panel" },
    make("div", { class: "above" }, make("div", {}, place, make("div", { class: "line" }, line)), file, facts,
      make("div", { class: "count" }, count, hint),
      make("div", { class: "row three" }, button("All", "Ctrl A", all), button("Unanswered", "E", unanswered), button("None", "Esc", none)),
      said),
    make("div", { class: "below" }, pad, note,
      make("div", { class: "row four" }, back, button("Undo", "U", () => tell({ do: "undo" })), button("Redo", "Y", () => tell({ do: "redo" })), on),
      make("div", { class: "row end" }, button("All keys", "?", keys.toggle))));
  root.append(make("div", { class: "left" }, wall, jump.field, keys.box), panel);

  const tell = (message, done) => box.send({ ...message, cursor: data.tiles[cursor]?.hash }, done);
  const turn = (step) => {
    const to = data.first + step * data.size;
    if (to >= 0 && to < data.total) tell({ do: "page", to });
  };
  function answer(number) {
    const hashes = chosen().size ? data.tiles.map(({ hash }) => hash).filter((hash) => chosen().has(hash)) : [data.tiles[cursor].hash];
    const words = note.value.trim(), whose = bound;
    if (number === OTHER && !words) {
      asks = true;
      mark();
      note.focus();
      return;
    }
    asks = false;
    tell({ do: "answer", answer: number, hashes, note: words }, () => (draftOf(whose) ?? "").trim() === words && dropDraft(whose));
    if (chosen().size) dropDraft(whose);
    if (chosen().size) none();
    else if (cursor < tiles.length - 1) frame(cursor + 1);
  }

  /* ---------- the note: about the framed image, or about those that are chosen ---------- */
  const subject = () => (chosen().size ? `chosen ${data.first}` : data.tiles[cursor]?.hash ?? "");
  const standing = () => (chosen().size ? "" : data.tiles[cursor]?.note ?? "");
  function typed() {
    if (note.value === standing()) dropDraft(bound); else keepDraft(bound, note.value);
  }
  function drawNote() {
    if (bound !== subject()) asks = false;
    if (!chosen().size) dropDraft(`chosen ${data.first}`);
    bound = subject();
    const words = draftOf(bound) ?? standing();
    if (note.value !== words) note.value = words;
    note.placeholder = asks ? WANTED : NOTE;
    note.classList.toggle("wanted", asks);
    pad.children[OTHER]?.classList.toggle("pending", asks);
  }

  /* ---------- choosing ---------- */
  function frame(index, extend = false) {
    cursor = Math.min(tiles.length - 1, Math.max(0, index));
    if (extend) range(anchor, cursor);
    else anchor = cursor;
    mark();
  }
  function range(from, to) {
    for (let i = Math.min(from, to); i <= Math.max(from, to); i++) chosen().add(data.tiles[i].hash);
  }
  function toggle(index) {
    const { hash } = data.tiles[index];
    if (!chosen().delete(hash)) chosen().add(hash);
    frame(index);
  }
  function all() { range(0, tiles.length - 1); mark(); }
  function none() { chosen().clear(); mark(); }
  function unanswered() {
    chosen().clear();
    for (const { hash, answer } of data.tiles) if (!answer) chosen().add(hash);
    mark();
  }
  const columns = () => getComputedStyle(wall).gridTemplateColumns.split(" ").length;

  /* ---------- drawing ---------- */
  function mark() {
    tiles.forEach((tile, i) => {
      tile.setAttribute("aria-selected", chosen().has(tile.dataset.hash));
      tile.classList.toggle("framed", i === cursor);
    });
    const one = data.tiles[cursor], many = chosen().size;
    drawNote();
    tiles[cursor]?.scrollIntoView({ block: "nearest" });
    wall.setAttribute("aria-activedescendant", tiles[cursor]?.id ?? "");
    count.textContent = `${many} chosen`;
    hint.textContent = many ? "An answer goes to all of them." : "An answer goes to the framed image.";
    if (!one) return;
    file.replaceChildren(make("span", { title: one.name }, one.name), make("span", { class: "pace", title: "Median of your last answers, pauses left out" }, data.pace));
    const fact = (what, name, side, more) => [make("dt", {}, what), make("dd", { "data-side": side }, make("b", {}, name), make("span", {}, side), make("em", {}, more))];
    facts.replaceChildren(...fact("True", one.true, one.true_side, ""), ...fact("Predicted", one.predicted, one.predicted_side, one.percent),
      make("dt", {}, "Image"), make("dd", {}, make("span", {}, `${one.about} · ${one.words ? `you: ${one.words.toLowerCase()}` : "no answer from you yet"}`)));
  }
  function drawTile(item, index) {
    const picture = make("img", { src: `/thumbnail/${item.hash}`, alt: item.name, draggable: "false" });
    picture.addEventListener("error", () => picture.replaceWith(make("div", { class: "gone" }, "picture gone")));
    const kind = (what, name, side, more = "") => make("span", { class: "kind", "data-side": side }, make("small", {}, what), name, more && make("em", {}, more));
    return make("div", { class: `tile ${item.answer}`, role: "option", id: `tile-${index}`, "data-hash": item.hash, title: item.name,
      onclick: (event) => { event.shiftKey ? frame(index, true) : toggle(index); },
      ondblclick: () => { chosen().delete(item.hash); frame(index); tell({ do: "open" }); } },
    make("div", { class: "picture" }, picture, make("i", { class: "check" }), make("span", { class: "number" }, String(data.first + index + 1)),
      make("span", { class: "answer" }, item.answer === "flag" ? `⚑ ${item.words}` : item.answer === "keep" ? "✓ kept" : "")),
    kind("T", make("span", {}, item.true), item.true_side), kind("P", make(item.true === item.predicted ? "span" : "b", {}, item.predicted), item.predicted_side, item.percent));
  }
  function update(now, sending) {
    const before = data;
    data = now;
    box.connect(sending);
    box.heard(now.heard);
    const hash = before?.tiles[cursor]?.hash, same = before && before.first === data.first && before.total === data.total;
    if (JSON.stringify(before?.tiles) !== JSON.stringify(data.tiles)) {
      tiles = data.tiles.map(drawTile);
      wall.replaceChildren(...tiles);
    }
    const found = (wanted) => data.tiles.findIndex((item) => item.hash === wanted);
    cursor = same && before.moved === data.moved ? Math.max(0, found(hash)) : Math.max(0, found(data.at));
    if (!same) anchor = cursor;
    root.dataset.first = data.first;
    root.dataset.saved = data.saved;
    place.replaceChildren(make("span", {}, make("b", {}, `${data.first + 1}–${data.first + data.tiles.length}`), ` of ${data.total}`), make("span", {}, data.left), make("span", {}, `${data.answered} reviewed`));
    line.style.width = `${(100 * data.answered) / data.total}%`;
    said.textContent = said.title = data.said;
    back.disabled = data.first === 0;
    on.disabled = data.first + data.size >= data.total;
    if (!pad.childElementCount) pad.append(...data.choices.map(({ label, key }, i) => button(label, key, () => answer(i))));
    mark();
    if (!before) wall.focus({ preventScroll: true });
    for (const next of data.next) new Image().src = `/thumbnail/${next}`;
  }

  /* ---------- keys ---------- */
  note.addEventListener("keydown", (event) => {
    event.stopPropagation(); // Streamlit's shortcuts listen further up, where the field looks like its host.
    if (event.isComposing || (event.key !== "Enter" && event.key !== "Escape")) return;
    if (event.key === "Escape") {
      note.value = entered;
      asks = false;
      typed();
      mark();
    } else if (asks) {
      if (!note.value.trim()) return;
      answer(OTHER);
    }
    wall.focus();
  });
  const move = (step) => (event) => frame(cursor + step(), event.shiftKey);
  const does = {
    ArrowLeft: move(() => -1), ArrowRight: move(() => 1),
    ArrowUp: (event) => cursor >= columns() && move(() => -columns())(event),
    ArrowDown: (event) => cursor + columns() < tiles.length && move(columns)(event),
    " ": () => toggle(cursor), e: unanswered, Escape: () => { keys.close(); none(); }, "Ctrl a": all,
    Enter: () => tell({ do: "open" }), PageDown: () => turn(1), PageUp: () => turn(-1),
    Home: () => tell({ do: "page", to: 0 }), End: () => tell({ do: "page", to: data.total - 1 }),
    u: () => tell({ do: "undo" }), y: () => tell({ do: "redo" }), n: () => note.focus(), j: () => jump.open(), k: () => answer(9),
    ...Object.fromEntries(Array.from({ length: 9 }, (_, i) => [i + 1, () => answer(i)])),
    q: chooseQueue, x: () => clickOn(".st-key-view-switch button"),
    "?": keys.toggle,
  };
  const away = listen(() => (data ? does : {}));
  function remove() {
    away();
    keys.remove();
    box.disconnect();
    built.delete(parent);
    root.replaceChildren();
  }
  return { update, remove };
}
