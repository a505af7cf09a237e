/* The line in the bar on maps that are missing: the button that computes them, and how far that is. */
import { make } from "../common/dom.js";

const AROUND = 30; // Seconds that a job takes besides its images.

function duration(seconds) {
  return seconds < 90 ? `${Math.max(5, Math.ceil(seconds / 5) * 5)} s` : `${Math.round(seconds / 60)} min`;
}

/* `wish(what)` is called with start, stop or resume. Returns the line's box and what draws it. */
export function computing(wish) {
  const box = make("span", { class: "compute", hidden: "", role: "status" });
  const button = (label, what, title) => make("button", { title, onclick: () => wish(what) }, label);
  let drawn = "";
  function draw({ data, method, answer }) {
    const job = answer?.job;
    box.hidden = !data.more || !answer || answer.ready || (method.code === "gradcam" && !job);
    const mark = JSON.stringify([data.hash, method.code, answer?.ready, job]);
    if (box.hidden || mark === drawn) return;
    drawn = mark;
    box.replaceChildren(...(job?.active ? running(job, method, button) : offer(data, job, method, button)));
  }
  return { box, draw };
}

function running(job, method, button) {
  const left = job.left == null || job.stopping ? "" : ` · ${duration(job.left)} left`;
  const words = job.stopping ? "Stopping" : `${job.message}${left}`;
  const line = make("span", { title: `${method.name}: ${words}` }, words);
  return job.stopping ? [line] : [line, button("Stop", "stop", "What is done is kept")];
}

function offer(data, job, method, button) {
  const { part, mistakes } = data.more, images = Math.max(1, mistakes), words = missing(job, method);
  const whose = mistakes ? `the ${mistakes} misclassified of ${part}, this image first` : "this image";
  const time = duration(images * method.seconds + AROUND);
  return [
    make("span", { title: `${method.name}: ${words}. ${method.says}` }, words),
    ...(job?.resumable ? [button("Go on", "resume", "What was done is kept")] : []),
    button(`Compute ${images}`, "start", `Compute it for ${whose}; about ${time} on two free cores`),
  ];
}

function missing(job, method) {
  if (job?.error) return job.error;
  if (job?.state === "stopped") return "Stopped";
  return method.code === "gradcam" ? "Not checked" : "Not computed";
}
