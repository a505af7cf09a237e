/* What a reviewer says of the image on screen: the answers, the note, undo, and the way through the queue.
 *
 * Each message names its image and carries the note that was typed for it, so it can never meet another one. What is
 * done while an earlier answer or move is on its way counts as done on the image that it leads to. */
import { chooseQueue, make } from "../common/dom.js";
import { draftOf, dropDraft, keepDraft } from "../common/drafts.js";
import { jumpField } from "../common/jump.js";
import { clickOn, keyList, listen } from "../common/keyboard.js";
import { noteField, OTHER } from "../common/note.js";
import { Question, WRONG } from "../common/question.js";
import { builtOnce } from "../common/whole.js";
import { arrived, storeOf, tell } from "../viewer/store.js";
import { KEYS } from "./key_list.js";

const SETTLES = "Settles for everybody: the image leaves the training as";

export const pad = builtOnce((mounted) => new Pad(mounted));

/* A button with its key. The mouse leaves no focus behind: the keys are the viewer's again. */
function keyButton(label, key, act, name = null) {
  const onclick = (event) => {
    if (event.detail) event.currentTarget.blur();
    act(event);
  };
  const title = `${label} (${key})`;
  return make("button", { class: name, title, onclick }, make("span", {}, label), " ", make("kbd", {}, key));
}

class Pad {
  #state = {}; // What the server says of the queue: `first`, `end`, `settles`, `heard`.
  #bound = ""; // The image that the note is about.
  #asks = false; // Whether an answer waits for its note.
  #turned = false; // Whether what is typed is about the image that comes.
  #later = []; // What waits for that image.
  #catching = false; // Whether that is being done now.

  constructor({ data: { viewer, choices, subtypes }, parentElement }) {
    const root = parentElement.querySelector(".pad"), store = storeOf(viewer);
    Object.assign(this, { root, store, choices, outbox: store.outbox });
    this.answers = choices.map(({ label, key }, number) =>
      keyButton(label, key, () => this.#answer(number), "answer"));
    this.writing = noteField({
      typed: () => this.#typed(),
      enter: () => this.#finish() && this.note.blur(),
      cancel: () => this.#cancel(),
    });
    this.note = this.writing.field;
    this.hint = make("small", { class: "hint", role: "status" });
    this.previous = keyButton("Previous", "←", () => this.#move({ do: "previous" }));
    this.next = keyButton("Next", "→", (event) => this.#follow(event));
    const undo = keyButton("Undo", "U", () => this.#move({ do: "undo" }));
    const redo = keyButton("Redo", "Y", () => this.#move({ do: "redo" }));
    this.jump = jumpField((to) => this.#move({ do: "jump", to }));
    this.list = keyList(KEYS);
    this.settles = make("p", { class: "settles", hidden: "" }, SETTLES);
    root.append(
      this.settles, this.#makeAnswers(subtypes),
      make("div", { class: "field" }, this.note, this.hint),
      make("div", { class: "moves" }, this.previous, undo, redo, this.next), this.jump.field, this.list.box,
    );
    this.#watch(store);
  }

  #makeAnswers(subtypes) {
    const answers = make("div", { class: "answers", role: "group", "aria-label": "Your answer" }, ...this.answers);
    const place = make("div", { class: "saying" }, answers);
    const choose = (code) => this.#correct(code), skip = () => this.#follow();
    this.question = new Question({ place, answers, subtypes, choose, skip });
    return place;
  }

  #watch(store) {
    const keys = this.#keys();
    this.deaf = listen(() => keys);
    this.draw = () => this.#draw();
    store.listeners.add(this.draw);
    this.skip = (event) => this.#skip(event);
    document.addEventListener("click", this.skip);
  }

  update({ data, setTriggerValue }) {
    const { store, outbox } = this;
    this.#state = data;
    this.settles.hidden = !data.settles;
    this.root.classList.toggle("settling", Boolean(data.settles));
    this.answers.at(-1).firstChild.textContent = data.settles ? "or stays" : this.choices.at(-1).label;
    outbox.connect((messages) => setTriggerValue("act", messages));
    store.send = (message) => outbox.send(message);
    store.help = this.list.toggle;
    const number = outbox.heard(data.heard);
    if (data.end) arrived(store, number); // Else when the picture is on screen.
    tell(store);
  }

  remove() {
    const { store } = this;
    this.deaf();
    document.removeEventListener("click", this.skip);
    this.outbox.disconnect();
    store.send = store.help = null;
    store.listeners.delete(this.draw);
    this.list.remove();
    this.root.replaceChildren();
  }

  /* ---------- answering ---------- */
  #press(number) {
    if (this.#later.length && !this.#catching) this.#wait(() => this.#press(number));
    else if (this.#asked()) this.question.press(number);
    else this.#answer(number);
  }

  #answer(number) {
    const { data, pending } = this.store;
    if (!data || this.#state.end) return;
    const unseen = this.#later.length || (pending && (!pending.answer || this.note.value));
    if (!this.#catching && unseen) {
      this.#wait(() => this.#press(number)); // Nobody has seen that image yet.
      return;
    }
    const words = (pending ? pending.note : this.note.value).trim();
    if (number === OTHER && !words) {
      if (!pending) this.#ask();
      return;
    }
    const sent = this.#say(words, { do: "answer", answer: number });
    const asks = number === WRONG ? { image: data.hash, label: data.true, predicted: data.predicted } : null;
    this.#leave({ number: sent, answer: true, note: words }, asks);
  }

  /* Say which sub-type is right of the image that is asked about, and go on. */
  #correct(code) {
    const { store, outbox } = this, { correcting, pending } = store;
    if (correcting.chosen === code) return; // Pressed twice.
    const settles = Boolean(this.#state.settles);
    const number = outbox.send({ do: "correct", hash: correcting.image, correction: code, settles });
    this.#leave({ number, answer: true, note: pending?.note ?? "" }, { ...correcting, chosen: code });
  }

  /* Tell whether it is asked which sub-type is right: once "wrong label" is said, until more is said or done. */
  #asked() {
    const { store } = this, { correcting, data, pending } = store;
    if (!correcting) return false;
    const gone = this.#state.end || (data && (data.hash !== correcting.image || data.answer !== WRONG));
    if (!pending && (gone || correcting.chosen)) store.correcting = null;
    return Boolean(data && store.correcting);
  }

  /* Send what a reviewer says of the image on screen, and what was looked at; the draft goes when it is saved. */
  #say(words, what) {
    const { store, outbox } = this, image = store.data.hash, settles = Boolean(this.#state.settles);
    const message = { ...what, hash: image, note: words, shown: store.looking?.() ?? "", settles };
    return outbox.send(message, () => {
      if ((draftOf(image) ?? "").trim() === words) dropDraft(image);
    });
  }

  #ask() {
    this.#asks = true;
    this.#draw();
    this.note.focus();
  }

  /* What cannot be done yet takes what was typed before it along. */
  #mustWait() { return !this.#catching && (this.#later.length || this.store.pending); }

  #wait(act) {
    this.#later.push({ act, words: this.note.value });
    this.writing.empty();
  }

  /* From now on what is typed is about the image that comes. */
  #leave(pending, correcting = null) {
    Object.assign(this.store, { pending, correcting });
    this.#turned = true;
    this.#asks = false;
    this.writing.empty();
    this.#draw();
  }

  /* ---------- moving ---------- */
  #move(message) {
    if (this.#later.length && !this.#catching) this.#wait(() => this.#move(message));
    else this.#leave({ number: this.outbox.send(message) });
  }

  #follow(event) {
    const { store, outbox } = this, { data, pending } = store;
    if (this.#mustWait() || pending || !data) {
      if (!event?.repeat) this.#move({ do: "next" });
      return;
    }
    const { ahead } = data, number = outbox.send({ do: "next", hash: data.hash });
    this.#leave({ number });
    if (ahead) store.show?.(ahead, number);
  }

  /* ---------- the note ---------- */
  #standing() { return this.store.data?.note ?? ""; }

  #typed() {
    if (this.#turned) return;
    if (this.note.value === this.#standing()) dropDraft(this.#bound);
    else keepDraft(this.#bound, this.note.value);
    this.#draw();
  }

  #cancel() {
    this.#asks = false;
    this.#typed();
    this.note.blur();
  }

  /* Save the note where it belongs to an answer; returns whether the cursor may leave. */
  #finish() {
    const { data } = this.store, words = this.note.value.trim();
    if (this.#mustWait()) {
      this.#wait(() => this.#finish());
      return true;
    }
    if (!data || this.#state.end) return true;
    if (this.#asks) {
      if (words) this.#answer(OTHER);
      return Boolean(words);
    }
    if (data.answer == null || words === this.#standing()) return true;
    if (data.answer === OTHER && !words) {
      this.note.value = this.#standing();
      this.#typed();
      return true;
    }
    this.#say(words, { do: "note" });
    return true;
  }

  /* ---------- drawing ---------- */
  #drawQuestion() {
    if (!this.#asked()) return this.question.end();
    const { correcting, data } = this.store;
    return this.question.ask({ ...correcting, chosen: correcting.chosen ?? data.correction });
  }

  #draw() {
    const { data, pending } = this.store, gone = !data || this.#state.end;
    if (this.#turned && !pending && !this.#catching) {
      this.#catchUp();
      return;
    }
    if (!this.#turned) this.#bind();
    const chosen = this.#turned ? null : data?.answer;
    this.answers.forEach((one, number) => {
      one.setAttribute("aria-pressed", !gone && chosen === number);
      one.classList.toggle("pending", this.#asks && number === OTHER);
      one.disabled = gone;
    });
    this.note.disabled = gone;
    this.writing.ask(this.#asks);
    const waits = !this.#turned && !gone && !this.#asks && this.note.value.trim() !== this.#standing();
    if (waits) this.hint.textContent = chosen == null ? "goes with your answer" : "Enter saves";
    else this.hint.textContent = "";
    this.previous.disabled = Boolean(this.#state.first);
    this.next.disabled = Boolean(this.#state.end);
    this.#drawQuestion();
    this.root.dataset.image = this.#turned ? "" : data?.hash ?? "";
  }

  /* Let the note be about the image on screen. */
  #bind() {
    const image = this.store.data?.hash ?? "", words = image && (draftOf(image) ?? this.#standing());
    if (this.#bound !== image) this.#asks = false;
    this.#bound = image;
    if (this.note.value !== words) this.note.value = words;
  }

  #add(words) {
    this.#turned = false;
    this.#bind();
    if (!this.#bound || !words) return;
    keepDraft(this.#bound, [this.note.value, words].filter(Boolean).join(" "));
    this.#bind();
  }

  /* The image is there: do what waited for it, and go on with what was typed since. */
  #catchUp() {
    const since = this.note.value;
    this.#catching = true;
    while (this.#later.length && !this.store.pending) {
      const { act, words } = this.#later.shift();
      this.#add(words);
      act();
    }
    this.#catching = false;
    if (this.store.pending) this.note.value = since;
    else this.#add(since);
    this.#draw();
  }

  /* ---------- keys ---------- */
  #keys() {
    const { choices, outbox, jump, list } = this, go = (where) => () => this.#move({ do: where });
    const skip = () => this.#asked() && this.#follow();
    return {
      ArrowRight: (event) => this.#follow(event), ArrowLeft: go("previous"), Home: go("first"), End: go("last"),
      u: go("undo"), y: go("redo"), j: () => jump.open(), q: chooseQueue, n: () => this.note.focus(),
      k: () => this.#answer(choices.length - 1),
      x: () => outbox.afterwards(() => clickOn(".st-key-view-switch button")),
      i: () => clickOn(".st-key-context-toggle button"),
      ...Object.fromEntries(choices.slice(0, -1).map(({ key }, number) => [key, () => this.#press(number)])),
      Enter: skip, "?": list.toggle, Escape: () => list.close() !== false || skip(),
    };
  }

  /* The page's link that skips to the answers leads into our own root. */
  #skip(event) {
    if (!event.target.closest?.(".skip")) return;
    event.preventDefault();
    (this.answers.find((one) => one.getAttribute("aria-pressed") === "true") ?? this.answers[0]).focus();
  }
}
