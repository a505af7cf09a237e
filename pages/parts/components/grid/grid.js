/* The review queue as pages of thumbnails. Choosing happens here and asks nothing of the server; an answer is one
 * message that names its images. Without a choice an answer goes to the framed image. */
import { chooseQueue, make } from "../common/dom.js";
import { draftOf, dropDraft, keepDraft } from "../common/drafts.js";
import { jumpField } from "../common/jump.js";
import { clickOn, keyList, listen } from "../common/keyboard.js";
import { noteField, OTHER } from "../common/note.js";
import { outbox } from "../common/outbox.js";
import { Question, WRONG } from "../common/question.js";
import { builtOnce } from "../common/whole.js";
import { KEYS } from "./key_list.js";
import { drawFacts, drawFile, drawTile } from "./tile.js";

const box = outbox(); // One for all grids: coming back to the grid finds what was not heard yet.

export const grid = builtOnce((mounted) => new Grid(mounted));

class Grid {
  #data = null; // What the server says of the page.
  #tiles = [];
  #cursor = 0; // Place of the framed image on its page, and
  #anchor = 0; // of the one where a range begins.
  #asks = false; // Whether an answer waits for its note.
  #bound = ""; // What the note is about.
  #correcting = null; // The images whose sub-type is asked for.
  #choices = new Map(); // Chosen hashes of each page, so that coming back finds them.

  constructor({ parentElement }) {
    this.root = parentElement.querySelector(".desk");
    this.wall = make("div", {
      class: "tiles", role: "listbox", "aria-multiselectable": "true", "aria-label": "Images of this page",
      tabindex: "-1",
    });
    this.writing = noteField({ typed: () => this.#typed(), enter: () => this.#enter(), cancel: () => this.#cancel() });
    this.note = this.writing.field;
    this.keys = keyList(KEYS);
    this.jump = jumpField((to) => this.#tell({ do: "jump", to }));
    this.root.append(make("div", { class: "left" }, this.wall, this.jump.field, this.keys.box), this.#makePanel());
    const keys = this.#makeKeys();
    this.deaf = listen(() => (this.#data ? keys : {}));
  }

  update({ data, setTriggerValue }) {
    const before = this.#data;
    this.#data = data;
    box.connect((message) => setTriggerValue("act", message));
    box.heard(data.heard);
    this.#place(before);
    this.#drawPage();
    this.#mark();
    if (!before) this.wall.focus({ preventScroll: true });
    for (const next of data.next) new Image().src = `/thumbnail/${next}`;
  }

  remove() {
    this.deaf();
    this.keys.remove();
    box.disconnect();
    this.root.replaceChildren();
  }

  /* ---------- the panel beside the tiles ---------- */
  #makePanel() {
    const tell = (what) => () => this.#tell({ do: what });
    this.place = make("div", { class: "place" });
    this.line = make("i");
    this.file = make("div", { class: "file" });
    this.facts = make("dl", { class: "said facts" });
    this.count = make("b", { role: "status" });
    this.hint = make("span", { class: "hint" });
    this.said = make("p", { class: "done", role: "status" });
    this.pad = make("div", { class: "pad" });
    this.saying = make("div", { class: "saying" }, this.pad);
    this.back = this.#button("Back", "PgUp", () => this.#turn(-1));
    this.on = this.#button("Next page", "PgDn", () => this.#turn(1));
    return make("div", { class: "panel" },
      make("div", { class: "above" },
        make("div", {}, this.place, make("div", { class: "line" }, this.line)), this.file, this.facts,
        make("div", { class: "count" }, this.count, this.hint),
        make("div", { class: "row three" },
          this.#button("All", "Ctrl A", () => this.#chooseAll()),
          this.#button("Unanswered", "E", () => this.#chooseUnanswered()),
          this.#button("None", "Esc", () => this.#chooseNone())),
        this.said),
      make("div", { class: "below" }, this.saying, this.note,
        make("div", { class: "row four" },
          this.back, this.#button("Undo", "U", tell("undo")), this.#button("Redo", "Y", tell("redo")), this.on),
        make("div", { class: "row end" }, this.#button("All keys", "?", this.keys.toggle))));
  }

  /* The mouse hands the focus to the tiles. */
  #button(label, key, act) {
    const onclick = (event) => {
      if (event.detail) this.wall.focus();
      act();
    };
    return make("button", { title: `${label} (${key})`, onclick }, label, " ", make("kbd", {}, key));
  }

  /* ---------- telling the server ---------- */
  #framed() { return this.#data.tiles[this.#cursor]; }

  #tell(message, done) {
    this.#endQuestion();
    box.send({ ...message, cursor: this.#framed()?.hash }, done);
  }

  #turn(step) {
    const { first, size, total } = this.#data, to = first + step * size;
    if (to >= 0 && to < total) this.#tell({ do: "page", to });
  }

  #press(number) {
    if (this.#correcting) this.question.press(number);
    else this.#answer(number);
  }

  #answer(number) {
    const chosen = this.#chosen(), words = this.note.value.trim(), whose = this.#bound;
    if (number === OTHER && !words) {
      this.#asks = true;
      this.#mark();
      this.note.focus();
      return;
    }
    this.#asks = false;
    const all = this.#data.tiles.map(({ hash }) => hash).filter((hash) => chosen.has(hash));
    const hashes = chosen.size ? all : [this.#framed().hash];
    this.#tell({ do: "answer", answer: number, hashes, note: words }, () => {
      if ((draftOf(whose) ?? "").trim() === words) dropDraft(whose);
    });
    if (chosen.size) dropDraft(whose);
    if (number === WRONG) this.#ask(hashes);
    else this.#goOn();
  }

  /* Forget what was chosen, or else frame the next image. */
  #goOn() {
    if (this.#chosen().size) this.#chooseNone();
    else if (this.#cursor < this.#tiles.length - 1) this.#frame(this.#cursor + 1);
  }

  /* ---------- the question which sub-type is right, of those that were said to have a wrong label ---------- */
  #ask(hashes) {
    this.#correcting = hashes;
    const { tiles, subtypes } = this.#data, asked = tiles.filter(({ hash }) => hashes.includes(hash));
    const codeOf = (name) => subtypes.find((one) => one.name === name).code;
    const common = (values) => (new Set(values).size === 1 ? values[0] : "");
    this.question.ask({
      label: common(asked.map((one) => codeOf(one.true))), predicted: common(asked.map((one) => codeOf(one.predicted))),
      chosen: common(asked.map((one) => one.correction)),
    });
  }

  #correct(correction) {
    this.#tell({ do: "correct", correction, hashes: this.#correcting });
    this.#goOn();
  }

  #skip() {
    if (!this.#correcting) return false;
    this.#endQuestion();
    return this.#goOn();
  }

  #endQuestion() {
    this.#correcting = null;
    this.question?.end();
  }

  /* ---------- the note: about the framed image, or about those that are chosen ---------- */
  #standing() { return this.#chosen().size ? "" : this.#framed()?.note ?? ""; }

  #typed() {
    if (this.note.value === this.#standing()) dropDraft(this.#bound);
    else keepDraft(this.#bound, this.note.value);
  }

  #enter() {
    if (this.#asks) {
      if (!this.note.value.trim()) return;
      this.#answer(OTHER);
    }
    this.wall.focus();
  }

  #cancel() {
    this.#asks = false;
    this.#typed();
    this.#mark();
    this.wall.focus();
  }

  #drawNote() {
    const ofChosen = `chosen ${this.#data.first}`, many = this.#chosen().size;
    const subject = many ? ofChosen : this.#framed()?.hash ?? "";
    if (this.#bound !== subject) this.#asks = false;
    if (!many) dropDraft(ofChosen);
    this.#bound = subject;
    const words = draftOf(subject) ?? this.#standing();
    if (this.note.value !== words) this.note.value = words;
    this.writing.ask(this.#asks);
    this.pad.children[OTHER]?.classList.toggle("pending", this.#asks);
  }

  /* ---------- choosing ---------- */
  #chosen() {
    const { first } = this.#data;
    if (!this.#choices.has(first)) this.#choices.set(first, new Set());
    return this.#choices.get(first);
  }

  #frame(place, extend = false) {
    this.#endQuestion();
    this.#cursor = Math.min(this.#tiles.length - 1, Math.max(0, place));
    if (extend) this.#chooseRange(this.#anchor, this.#cursor);
    else this.#anchor = this.#cursor;
    this.#mark();
  }

  #chooseRange(from, to) {
    for (let place = Math.min(from, to); place <= Math.max(from, to); place++) {
      this.#chosen().add(this.#data.tiles[place].hash);
    }
  }

  #toggle(place) {
    const { hash } = this.#data.tiles[place];
    if (!this.#chosen().delete(hash)) this.#chosen().add(hash);
    this.#frame(place);
  }

  #chooseAll() {
    this.#endQuestion();
    this.#chooseRange(0, this.#tiles.length - 1);
    this.#mark();
  }

  #chooseNone() {
    this.#endQuestion();
    this.#chosen().clear();
    this.#mark();
  }

  #chooseUnanswered() {
    this.#endQuestion();
    this.#chosen().clear();
    for (const { hash, answer } of this.#data.tiles) if (!answer) this.#chosen().add(hash);
    this.#mark();
  }

  /* ---------- drawing ---------- */
  /* Draw the tiles of a page and frame one: the same as before, or that which the server moved to. */
  #place(before) {
    const data = this.#data, framed = before?.tiles[this.#cursor]?.hash;
    const same = before && before.first === data.first && before.total === data.total;
    if (JSON.stringify(before?.tiles) !== JSON.stringify(data.tiles)) {
      this.#tiles = data.tiles.map((item, place) => this.#makeTile(item, place));
      this.wall.replaceChildren(...this.#tiles);
    }
    const wanted = same && before.moved === data.moved ? framed : data.at;
    this.#cursor = Math.max(0, data.tiles.findIndex(({ hash }) => hash === wanted));
    if (!same) this.#anchor = this.#cursor;
  }

  #makeTile(item, place) {
    const onclick = (event) => {
      if (event.shiftKey) this.#frame(place, true);
      else this.#toggle(place);
    };
    const ondblclick = () => {
      this.#chosen().delete(item.hash);
      this.#frame(place);
      this.#tell({ do: "open" });
    };
    return drawTile(item, place, this.#data.first + place + 1, { onclick, ondblclick });
  }

  #drawPage() {
    const { first, total, size, tiles, left, answered, said, saved, choices, subtypes } = this.#data;
    this.root.dataset.first = first;
    this.root.dataset.saved = saved;
    this.place.replaceChildren(
      make("span", {}, make("b", {}, `${first + 1}–${first + tiles.length}`), ` of ${total}`),
      make("span", {}, left), make("span", {}, `${answered} reviewed`),
    );
    this.line.style.width = `${(100 * answered) / total}%`;
    this.said.textContent = this.said.title = said;
    this.back.disabled = first === 0;
    this.on.disabled = first + size >= total;
    if (this.pad.childElementCount) return;
    this.pad.append(...choices.map(({ label, key }, number) => this.#button(label, key, () => this.#answer(number))));
    const choose = (code) => this.#correct(code), skip = () => this.#skip();
    this.question = new Question({ place: this.saying, answers: this.pad, subtypes, choose, skip });
  }

  /* Show what is framed and what is chosen. */
  #mark() {
    const chosen = this.#chosen(), framed = this.#tiles[this.#cursor], one = this.#framed();
    this.#tiles.forEach((tile, place) => {
      tile.setAttribute("aria-selected", chosen.has(tile.dataset.hash));
      tile.classList.toggle("framed", place === this.#cursor);
    });
    this.#drawNote();
    framed?.scrollIntoView({ block: "nearest" });
    this.wall.setAttribute("aria-activedescendant", framed?.id ?? "");
    this.count.textContent = `${chosen.size} chosen`;
    this.hint.textContent = chosen.size ? "An answer goes to all of them." : "An answer goes to the framed image.";
    if (!one) return;
    this.file.replaceChildren(...drawFile(one, this.#data.pace));
    this.facts.replaceChildren(...drawFacts(one));
  }

  /* ---------- keys ---------- */
  #makeKeys() {
    const columns = () => getComputedStyle(this.wall).gridTemplateColumns.split(" ").length;
    const step = (by, event) => this.#frame(this.#cursor + by, event.shiftKey);
    const page = (to) => this.#tell({ do: "page", to });
    return {
      ArrowLeft: (event) => step(-1, event), ArrowRight: (event) => step(1, event),
      ArrowUp: (event) => this.#cursor >= columns() && step(-columns(), event),
      ArrowDown: (event) => this.#cursor + columns() < this.#tiles.length && step(columns(), event),
      " ": () => this.#toggle(this.#cursor), e: () => this.#chooseUnanswered(), "Ctrl a": () => this.#chooseAll(),
      Escape: () => { this.keys.close(); if (this.#skip() === false) this.#chooseNone(); },
      Enter: () => this.#skip() === false && this.#tell({ do: "open" }),
      PageDown: () => this.#turn(1), PageUp: () => this.#turn(-1),
      Home: () => page(0), End: () => page(this.#data.total - 1),
      u: () => this.#tell({ do: "undo" }), y: () => this.#tell({ do: "redo" }),
      n: () => this.note.focus(), j: () => this.jump.open(), k: () => this.#answer(9),
      ...Object.fromEntries(Array.from({ length: 9 }, (_, number) => [number + 1, () => this.#press(number)])),
      q: chooseQueue, x: () => clickOn(".st-key-view-switch button"), "?": this.keys.toggle,
    };
  }
}
