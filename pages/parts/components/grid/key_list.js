/* The keys of the grid, as their list says them. */
export const KEYS = [
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
