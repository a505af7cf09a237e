/* What a person did, on its way to the server: numbered, in order, and sent until the server says that it heard.
 * Streamlit keeps the newest message of a component only; so each one carries all that were not heard yet. */
const AGAIN = 1500; // Milliseconds until what was not heard is sent again; twice as long each time.
const LONGEST = 30000;

export function outbox() {
  const from = Math.random().toString(36).slice(2);
  let number = 0, waiting = [], later = [], trigger = null, timer = null, pause = AGAIN;
  function post() {
    clearTimeout(timer);
    if (!waiting.length || !trigger) return;
    trigger({ from, messages: waiting.map(({ message }) => message) });
    timer = setTimeout(post, pause);
    pause = Math.min(LONGEST, 2 * pause);
  }
  return {
    /* The way to the server is there, perhaps again: what waited for it goes at once. */
    connect(sending) {
      const again = !trigger;
      trigger = sending;
      if (again) post();
    },
    disconnect() { trigger = null; clearTimeout(timer); },
    /* Call a function once the server has heard all. */
    afterwards(act) { if (waiting.length) later.push(act); else act(); },
    /* Returns the message's number; `saved` is called once the server has heard it. */
    send(message, saved = () => {}) {
      waiting.push({ message: { ...message, number: ++number }, saved });
      pause = AGAIN;
      post();
      return number;
    },
    heard(upTo) {
      const done = waiting.filter(({ message }) => message.number <= (upTo[from] ?? 0));
      waiting = waiting.slice(done.length);
      if (!waiting.length) clearTimeout(timer);
      for (const { saved } of done) saved();
      if (!waiting.length) for (const act of later.splice(0)) act();
      return upTo[from] ?? 0;
    },
  };
}
