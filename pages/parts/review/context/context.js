/* The context of an image: what it resembles, its case, another run, its quality, what was said.
 *
 * It is drawn again for each image from what the server sends; a click on a picture asks the server to go there. */

let viewer = null, sheet = null;
export async function prepare(script, style) {
  viewer ??= await import(location.origin + script);
  if (!sheet) {
    const rules = await (await fetch(style)).text();
    sheet = new CSSStyleSheet();
    sheet.replaceSync(rules);
  }
}

export function panel({ data, parentElement, setTriggerValue }) {
  const { make, paint } = viewer, root = parentElement.querySelector(".context"), shadow = parentElement.getRootNode();
  if (!shadow.adoptedStyleSheets.includes(sheet)) shadow.adoptedStyleSheets = [...shadow.adoptedStyleSheets, sheet];

  const lines = (words) => words.map((line) => make("p", {}, line));
  function picture(hash) {
    const image = make("img", { src: `/thumbnail/${hash}`, alt: "", width: 240, height: 158, loading: "lazy" });
    image.addEventListener("error", () => image.replaceWith(make("div", { class: "gone" }, "picture gone")));
    return image;
  }
  function tile(one) {
    const inside = [
      make("span", { class: "picture" }, picture(one.hash), ...(one.mark ? [make("em", {}, one.mark)] : [])),
      make("b", { "data-side": one.side || null }, one.words), ...[one.true, one.small].filter(Boolean).map((line) => make("small", {}, line)),
      ...(one.flag ? [make("small", { class: "flag" }, `⚑ ${one.flag}`)] : []),
    ];
    return one.visit
      ? make("button", { class: "tile", title: `${one.title}\nClick to go there`, "data-hash": one.hash, onclick: () => setTriggerValue("visit", one.hash) }, ...inside)
      : make("div", { class: "tile", title: one.title, "data-hash": one.hash }, ...inside);
  }
  const tiles = (some, kind) => make("div", { class: `tiles ${kind}` }, ...some.map(tile));
  const section = (name, head, ...children) => make("section", { class: name }, make("h4", {}, head), ...children);

  function otherRun(other) {
    if (!other) return section("other", "Another run", make("p", {}, "No other run has this image."));
    const choice = make("select", { "aria-label": "Another run", onchange: () => setTriggerValue("other", choice.value) },
      ...other.options.map(([name, label]) => make("option", { value: name, ...(name === other.chosen ? { selected: "" } : {}) }, label)));
    const map = make("canvas", { title: "Its map of the sub-type that it predicted, on its own run's scale" });
    paint(map, other.map, other.strong || 1);
    return section("other", "What another run said", choice,
      make("div", { class: "answer" }, make("span", { class: "picture" }, picture(data.hash), map),
        make("div", {}, make("b", { "data-side": other.side }, other.words), make("small", {}, other.confidence), make("p", {}, other.verdict), make("p", { class: "quiet" }, other.notes))));
  }
  function quality({ words, offer, near }) {
    const measure = make("button", { class: "plain", onclick: () => setTriggerValue("measure", true) }, "Measure the images");
    return section("quality", "Image quality",
      ...lines(words),
      ...(offer === "measure" ? [make("p", {}, "Not measured yet. "), measure] : []),
      ...(offer === "running" ? [make("p", {}, "The images are being measured; this shows when they are.")] : []),
      ...(near.length ? [make("p", {}, "Nearly the same picture:"), tiles(near, "small")] : offer ? [] : [make("p", { class: "quiet" }, "No near-duplicate.")]));
  }
  function said({ lines: events, hidden }) {
    return section("history", "What was said",
      ...(events.length ? [make("ul", {}, ...events.map(({ who, when, what, run }) => make("li", { title: run ? `while looking at the run ${run}` : "" }, make("b", {}, who), ` ${what} `, make("small", {}, when))))] : []),
      ...(hidden ? [make("p", { class: "quiet" }, "What others said shows after your own answer.")] : events.length ? [] : [make("p", { class: "quiet" }, "Nothing yet.")]));
  }

  const { similar, other } = data, scrolled = root.dataset.hash === data.hash ? root.scrollTop : 0;
  root.dataset.hash = data.hash;
  root.replaceChildren(
    section("similar", "Most similar in train", ...lines(similar.words), tiles(similar.tiles, "five")),
    section("case", `Case ${data.case.name}`, ...lines(data.case.words), tiles(data.case.tiles, "small")),
    make("div", { class: "rest" }, otherRun(other), quality(data.checks), said(data.said)),
  );
  root.scrollTop = scrolled;
}
