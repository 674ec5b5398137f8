// The map: what the network says everywhere in the plane, and the rows that it learns from.

// The colours, tints and markers of nnreg.book.figures.
export const COLOURS = ["#0072b2", "#d55e00", "#009e73"];
const TINTS = [[0xcd, 0xe3, 0xf0], [0xf9, 0xdd, 0xcb], [0xcd, 0xeb, 0xe1]];
const INK = "#20262e";

/** Make a canvas as sharp as the screen, and return what draws on it in CSS pixels. */
export function sharp(canvas) {
  const { clientWidth: width, clientHeight: height } = canvas;
  const scale = Math.max(2, devicePixelRatio); // paper is finer than most screens
  const [across, down] = [Math.round(width * scale), Math.round(height * scale)];
  if (canvas.width !== across || canvas.height !== down) Object.assign(canvas, { width: across, height: down });
  const pen = canvas.getContext("2d");
  pen.setTransform(scale, 0, 0, scale, 0, 0);
  pen.clearRect(0, 0, width, height);
  return { pen, width, height };
}

/** A tint for each class and each certainty: white where the network cannot decide. */
function tints(classes) {
  const bytes = new Uint8ClampedArray(classes * 256 * 4);
  for (let k = 0; k < classes; k++) {
    for (let certainty = 0; certainty < 256; certainty++) {
      const share = Math.max(0, (certainty / 255 - 1 / classes) / (1 - 1 / classes));
      const place = (256 * k + certainty) * 4;
      for (let part = 0; part < 3; part++) bytes[place + part] = 255 - share * (255 - TINTS[k][part]);
      bytes[place + 3] = 255;
    }
  }
  return new Uint32Array(bytes.buffer);
}
const PALETTES = { 2: tints(2), 3: tints(3) };

const MARKERS = [
  (pen, x, y, r) => pen.arc(x, y, r, 0, 2 * Math.PI),
  (pen, x, y, r) => pen.rect(x - 0.89 * r, y - 0.89 * r, 1.78 * r, 1.78 * r),
  (pen, x, y, r) => {
    pen.moveTo(x, y - 1.2 * r);
    pen.lineTo(x + 1.1 * r, y + 0.8 * r);
    pen.lineTo(x - 1.1 * r, y + 0.8 * r);
    pen.closePath();
  },
];

/** A marker as the legend shows it. */
export function drawMarker(canvas, k) {
  const { pen, width, height } = sharp(canvas);
  marker(pen, k, width / 2, height / 2, 0.36 * width);
}

function marker(pen, k, x, y, radius) {
  pen.beginPath();
  MARKERS[k](pen, x, y, radius);
  Object.assign(pen, { fillStyle: COLOURS[k], strokeStyle: "#fff", lineWidth: 1 });
  pen.fill();
  pen.stroke();
}

/** Draw the regions, a pixel for each cell: the browser makes the canvas larger, and smooth. */
function drawRegions(canvas, { regions, margin, data }) {
  const grid = Math.sqrt(regions.length), picture = new ImageData(grid, grid);
  const pixels = new Uint32Array(picture.data.buffer), tint = PALETTES[data.classes];
  for (let i = 0; i < pixels.length; i++) pixels[i] = tint[256 * regions[i] + margin[i]];
  if (canvas.width !== grid) Object.assign(canvas, { width: grid, height: grid });
  canvas.getContext("2d").putImageData(picture, 0, 0);
}

/** Draw the training rows, and a ring around each wrong label: bold if the network repeats it. */
function drawRows(canvas, { data, box: [left, right, bottom, top] }, byHeart) {
  const { pen, width, height } = sharp(canvas), radius = width > 260 ? 4.6 : 3;
  const at = (i) => [
    ((data.X[2 * i] - left) / (right - left)) * width,
    ((top - data.X[2 * i + 1]) / (top - bottom)) * height,
  ];
  data.y.forEach((k, i) => marker(pen, k, ...at(i), radius));
  data.wrong.forEach((wrong, i) => {
    if (!wrong) return;
    pen.beginPath();
    pen.arc(...at(i), radius + 3, 0, 2 * Math.PI);
    Object.assign(pen, { strokeStyle: byHeart[i] ? INK : "#8c959f", lineWidth: byHeart[i] ? 2 : 1 });
    pen.stroke();
  });
}

/** Return a function that draws a frame: the regions each time, the rows when something changes. */
export function makeMap(below, above) {
  let shown = "";
  return (frame) => {
    drawRegions(below, frame);
    const { data, fit } = frame, byHeart = data.wrong.map((wrong, i) => wrong && fit[i] === data.y[i]);
    const now = [byHeart.join(""), data.y.join(""), data.X.join(), above.clientWidth].join();
    if (now === shown) return;
    drawRows(above, frame, byHeart);
    shown = now;
  };
}
