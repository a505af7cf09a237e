/* Runs in the page before anything else: notes when a key is pressed, and when the socket sends and hears. */
window.marks = {};
const mark = (name) => { if (window.marks.key && !window.marks[name]) window.marks[name] = performance.now(); };
const send = WebSocket.prototype.send;
WebSocket.prototype.send = function (...what) { mark("sent"); return send.apply(this, what); };
const listen = WebSocket.prototype.addEventListener;
const heard = new WeakSet();
WebSocket.prototype.addEventListener = function (kind, ...rest) {
  if (kind === "message" && !heard.has(this)) {
    heard.add(this);
    listen.call(this, "message", ({ data }) => { // Of the answer's many messages the one that brings the picture.
      if (data instanceof ArrayBuffer && new TextDecoder("latin1").decode(data).includes("/picture/")) mark("heard");
    });
  }
  return listen.call(this, kind, ...rest);
};
Object.defineProperty(WebSocket.prototype, "onmessage", {
  set(handler) { this.addEventListener("message", handler); }, get() { return null; },
});
window.deep = (selector, root = document) => {
  const found = root.querySelector(selector);
  if (found) return found;
  for (const element of root.querySelectorAll("*"))
    if (element.shadowRoot) { const inner = window.deep(selector, element.shadowRoot); if (inner) return inner; }
  return null;
};
window.addEventListener("keydown", () => { window.marks = { key: performance.now() }; }, true);
window.timed = () => new Promise((resolve, reject) => {
  setTimeout(() => reject(new Error("The picture did not change within a minute.")), 60000);
  const stage = window.deep(".viewer"), before = stage.dataset.shown;
  const watch = new MutationObserver(() => {
    if (stage.dataset.shown === before) return;
    watch.disconnect();
    const marks = window.marks;
    marks.called = performance.now();
    requestAnimationFrame(() => setTimeout(() => resolve({ ...marks, drawn: performance.now() })));
  });
  watch.observe(stage, { attributes: true });
});
