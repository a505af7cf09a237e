/* The keys of the review screen with one image, as their list says them. */
import { KEYS as VIEWER_KEYS } from "../viewer/key_list.js";

export const KEYS = [
  ["→ ←", "next, previous image"],
  ["Home End", "first, last image"],
  ["J", "jump to an image by number or part of its name"],
  ["1 … 9", "flag with that reason"],
  ["1 … 8", "after 7: the sub-type that is right (Enter, Esc or → leave it open)"],
  ["K", "keep: nothing wrong with the image"],
  ["U Y", "undo your last answer, redo"],
  ["N", "write a note (Enter ends it, Esc cancels)"],
  ["X", "grid of thumbnails"],
  ["Q", "choose the queue"],
  ["I", "context: similar images, the same case, another run, what was said"],
  ...VIEWER_KEYS,
];
