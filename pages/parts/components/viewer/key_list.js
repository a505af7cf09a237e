/* The views of the viewer and its keys: what each is called, and what its key is. */

export const VIEWS = {
  overlay: ["Overlay", "O"],
  side: ["Side by side", "S"],
  versus: ["True | predicted", "V"],
  diff: ["Difference", "D"],
  all: ["All eight", "G"],
};

export const KEYS = [
  ["M", "flip between picture and map"],
  ["O S V D G", "overlay, side by side, true | predicted, difference, all eight"],
  ["E", "next way to draw the map: Grad-CAM++, LayerCAM, ..."],
  ["P T", "map of the predicted, of the true sub-type"],
  ["↑ ↓", "map stronger, fainter"],
  ["C", "map as a film or as the line around half of the evidence"],
  [", .", "difference: the second sub-type counts less, more"],
  ["A", "map's colours: the run's scale or its own"],
  ["+ − 0", "zoom in, out, whole picture (wheel, drag, double click)"],
  ["?", "this list"],
];
