/* The context of an image: what it resembles, its case, another run, its quality, what was said.
 *
 * It is drawn again for each image from what the server sends; a click on a picture asks the server to go there. */
import { make, thumbnail } from "../../components/common/dom.js";
import { paint } from "../../components/viewer/painting.js";

export function context({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".context"), { similar, case: siblings } = data;
  const scrolled = root.dataset.hash === data.hash ? root.scrollTop : 0;
  const drawTiles = (tiles, kind) =>
    make("div", { class: `tiles ${kind}` }, ...tiles.map((tile) => drawTile(tile, setTriggerValue)));
  root.dataset.hash = data.hash;
  root.replaceChildren(
    section("similar", "Most similar in train", ...lines(similar.words), drawTiles(similar.tiles, "five")),
    section("case", `Case ${siblings.name}`, ...lines(siblings.words), drawTiles(siblings.tiles, "small")),
    make("div", { class: "rest" },
      drawOtherRun(data, setTriggerValue), drawQuality(data.checks, drawTiles, setTriggerValue), drawSaid(data.said)),
  );
  root.scrollTop = scrolled;
}

const section = (name, head, ...children) => make("section", { class: name }, make("h4", {}, head), ...children);
const lines = (words) => words.map((line) => make("p", {}, line));
const drawPicture = (hash) => thumbnail(hash, { alt: "", width: 240, height: 158, loading: "lazy" });

function drawTile(tile, setTriggerValue) {
  const inside = [
    make("span", { class: "picture" }, drawPicture(tile.hash), ...(tile.mark ? [make("em", {}, tile.mark)] : [])),
    make("b", { "data-side": tile.side || null }, tile.words),
    ...[tile.true, tile.small].filter(Boolean).map((line) => make("small", {}, line)),
    ...(tile.flag ? [make("small", { class: "flag" }, `⚑ ${tile.flag}`)] : []),
  ];
  const attributes = { class: "tile", title: tile.title, "data-hash": tile.hash };
  if (!tile.visit) return make("div", attributes, ...inside);
  const onclick = () => setTriggerValue("visit", tile.hash);
  return make("button", { ...attributes, title: `${tile.title}\nClick to go there`, onclick }, ...inside);
}

function drawOtherRun({ hash, other }, setTriggerValue) {
  if (!other) return section("other", "Another run", make("p", {}, "No other run has this image."));
  const choice = make("select", {
    "aria-label": "Another run", onchange: () => setTriggerValue("other", choice.value),
  }, ...other.options.map(([name, label]) =>
    make("option", { value: name, selected: name === other.chosen ? "" : null }, label)));
  const map = make("canvas", { title: "Its map of the sub-type that it predicted, on its own run's scale" });
  paint(map, other.map, { top: other.strong || 1, covered: other.map.covered });
  return section("other", "What another run said", choice,
    make("div", { class: "answer" },
      make("span", { class: "picture" }, drawPicture(hash), map),
      make("div", {},
        make("b", { "data-side": other.side }, other.words), make("small", {}, other.confidence),
        make("p", {}, other.verdict), make("p", { class: "quiet" }, other.notes))));
}

function drawQuality({ words, offer, near }, drawTiles, setTriggerValue) {
  const onclick = () => setTriggerValue("measure", true);
  const measure = make("button", { class: "plain", onclick }, "Measure the images");
  return section("quality", "Image quality", ...lines(words),
    ...(offer === "measure" ? [make("p", {}, "Not measured yet. "), measure] : []),
    ...(offer === "running" ? lines(["The images are being measured; this shows when they are."]) : []),
    ...(near.length ? [make("p", {}, "Nearly the same picture:"), drawTiles(near, "small")] : []),
    ...(near.length || offer ? [] : [make("p", { class: "quiet" }, "No near-duplicate.")]));
}

function drawSaid({ lines: events, hidden }) {
  const items = events.map(({ who, when, what, run }) =>
    make("li", { title: run ? `while looking at the run ${run}` : "" },
      make("b", {}, who), ` ${what} `, make("small", {}, when)));
  const rest = hidden ? "What others said shows after your own answer." : "Nothing yet.";
  return section("history", "What was said",
    ...(items.length ? [make("ul", {}, ...items)] : []),
    ...(hidden || !items.length ? [make("p", { class: "quiet" }, rest)] : []));
}
