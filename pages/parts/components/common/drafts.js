/* Notes that were typed and not saved yet, each with the image that it is about: kept as long as the tab is open. */
const KEPT = "breakhis-drafts";
let drafts = {};
try { drafts = JSON.parse(sessionStorage.getItem(KEPT)) ?? {}; } catch { /* Private windows keep nothing. */ }

export const draftOf = (image) => drafts[image];
export function keepDraft(image, text) {
  drafts[image] = text;
  write();
}
export function dropDraft(image) {
  delete drafts[image];
  write();
}
function write() {
  try { sessionStorage.setItem(KEPT, JSON.stringify(drafts)); } catch { /* As above. */ }
}
