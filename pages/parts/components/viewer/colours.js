/* The colours of the maps: 256 steps of red, green and blue each, from 0 to 255. */

const STEPS = 256;

/* Viridis, perceptually even, readable without red-green vision: a polynomial of the sixth degree for each of red,
 * green and blue, the constant first. */
const VIRIDIS = [
  [0.27773, 0.00541, 0.3341], [0.10509, 1.40461, 1.38459], [-0.33086, 0.21485, 0.0951],
  [-4.63423, -5.7991, -19.33244], [6.22827, 14.17993, 56.69055], [4.77638, -13.74515, -65.35303],
  [-5.43546, 4.64585, 26.31244],
];

function viridis(share) {
  return [0, 1, 2].map((channel) => 255 * VIRIDIS.reduceRight((sum, row) => sum * share + row[channel], 0));
}

/* Diverging, for differences: two straight lines in OKLab (Ottosson 2020) from a light grey, equally steep in
 * lightness, so equal steps look equal and the sign shows without red-green vision (ochre against petrol). Not
 * blue and vermilion: those are benign and malignant. */
const MIDDLE = 0.92; // The grey's lightness.
const AGAINST = { lightness: 0.46, chroma: 0.1, hue: 68 };
const FOR = { lightness: 0.46, chroma: 0.1, hue: 218 };

function ofOklab(lightness, a, b) {
  const [long, middle, short] = [
    lightness + 0.3963377774 * a + 0.2158037573 * b,
    lightness - 0.1055613458 * a - 0.0638541728 * b,
    lightness - 0.0894841775 * a - 1.291485548 * b,
  ].map((root) => root ** 3);
  const linear = [
    4.0767416621 * long - 3.3077115913 * middle + 0.2309699292 * short,
    -1.2684380046 * long + 2.6097574011 * middle - 0.3413193965 * short,
    -0.0041960863 * long - 0.7034186147 * middle + 1.707614701 * short,
  ];
  return linear.map((light) => 255 * (light <= 0.0031308 ? 12.92 * light : 1.055 * light ** (1 / 2.4) - 0.055));
}

function towards({ lightness, chroma, hue }, share) {
  const angle = (hue * Math.PI) / 180;
  return ofOklab(
    MIDDLE + (lightness - MIDDLE) * share, chroma * share * Math.cos(angle), chroma * share * Math.sin(angle),
  );
}

function steps(colourAt) {
  const colours = new Uint8ClampedArray(STEPS * 3);
  for (let step = 0; step < STEPS; step++) colours.set(colourAt(step), step * 3);
  return colours;
}

/* From nothing to the end of the scale. */
export const rising = steps((step) => viridis(step / 255));
/* From wholly against to wholly for; zero is in the middle. */
export const diverging = steps((step) => towards(step < 128 ? AGAINST : FOR, Math.abs(step - 127.5) / 127.5));

/* A step as a style sheet says it. */
export const css = (colours, step) => `rgb(${colours.slice(step * 3, step * 3 + 3).join(" ")})`;

function gradient(colours) {
  const stops = Array.from({ length: 17 }, (_, stop) => css(colours, Math.round((stop * 255) / 16)));
  return `linear-gradient(90deg, ${stops.join(", ")})`;
}
export const RISING_CSS = gradient(rising);
export const DIVERGING_CSS = gradient(diverging);
