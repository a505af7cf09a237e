/* Pictures: decoded once, the next ones before they are asked for. */

const KEPT = 24;
const pictures = new Map();

/* Return a promise of the picture at an address; it fails where the file is gone or damaged. */
export function pictureAt(url) {
  const waiting = pictures.get(url) ?? load(url);
  pictures.delete(url);
  pictures.set(url, waiting); // Youngest last.
  while (pictures.size > KEPT) pictures.delete(pictures.keys().next().value);
  return waiting;
}

function load(url) {
  const image = new Image();
  image.src = url;
  const waiting = image.decode().then(() => image);
  waiting.catch(() => pictures.delete(url)); // A later visit may find it.
  return waiting;
}
