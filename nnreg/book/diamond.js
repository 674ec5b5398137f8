document.querySelectorAll(".nnreg-diamond:not([data-ready])").forEach((root) => {
  root.dataset.ready = "true";
  const find = (selector) => root.querySelector(selector);
  const { dataset } = root, SCALE = 75, LIMIT = 2;
  const start = [JSON.parse(dataset.centre), JSON.parse(dataset.lam)];
  let [centre, lam] = start;

  // The data loss is (w − ŵ)ᵀ H (w − ŵ), with H = [[a, b], [b, c]].
  const [[a, b], [, c]] = JSON.parse(dataset.bend);
  const times = ([u, v]) => [a * u + b * v, b * u + c * v];
  // Solves (H + more I) w = (u, v).
  const solve = ([u, v], more = 0) => {
    const p = a + more, q = c + more, det = p * q - b * b;
    return [(q * u - b * v) / det, (p * v - b * u) / det];
  };
  const plus = (w, other) => w.map((each, i) => each + other[i]);
  const minus = (w, other) => w.map((each, i) => each - other[i]);
  const within = (v, low, high) => Math.max(low, Math.min(high, v));
  const SIGNS = [[1, 1], [1, -1], [-1, -1], [-1, 1]];
  // How far the data's minimum is away from a minimum with these slopes of the penalty.
  const pulled = (slopes, lam) => solve(slopes.map((slope) => slope * lam / 2));

  const ridge = (lam) => solve(times(centre), lam);
  const soft = (v, threshold) => v - within(v, -threshold, threshold);
  const lasso = (lam) => {
    // Keep one weight at 0, and let the other find its best place. If there the data pull at the
    // first with λ or less, it stays.
    const pull = times(centre);
    for (const [w, stays] of [
      [[soft(pull[0], lam / 2) / a, 0], 1],
      [[0, soft(pull[1], lam / 2) / c], 0],
    ])
      if (2 * Math.abs(times(minus(w, centre))[stays]) <= lam) return w;
    // Neither is 0: the penalty's slopes are λ times the signs, those which the answer has as well.
    const fit = (signs) => {
      const w = minus(centre, pulled(signs, lam));
      return { w, least: Math.min(signs[0] * w[0], signs[1] * w[1]) };
    };
    return SIGNS.map(fit).reduce((one, other) => (one.least > other.least ? one : other)).w;
  };

  const PANELS = {
    l1: {
      name: "L1", minimum: lasso, size: ([u, v]) => Math.abs(u) + Math.abs(v),
      ball: (r) => "M" + [r, 0] + "L" + [0, r] + "L" + [-r, 0] + "L" + [0, -r] + "Z",
    },
    l2: {
      name: "L2", minimum: ridge, size: ([u, v]) => Math.hypot(u, v),
      ball: (r) => "M" + [r, 0] + [-r, r].map((to) => "A" + [r, r, 0, 0, 0, to, 0]).join("") + "Z",
    },
  };

  // Made by the script, so that nothing dead shows where scripts are off or stripped. Within the
  // plane everything stands in units of w, in full precision.
  find(".nnreg-diamond-card").innerHTML = find("script[type='text/html']").textContent;
  const add = (selector, place, html) => find(selector).insertAdjacentHTML(place, html);
  const path = (name, d = "") => '<path class="' + name + '" d="' + d + '"/>';
  const text = (name, words, [u, v] = [0, 0]) =>
    '<text class="' + name + '" x="' + u + '" y="' + v + '">' + words + "</text>";
  for (const view in PANELS)
    add("[data-view=" + view + "]", "afterbegin",
      '<g class="plane" transform="translate(170 163) scale(' + SCALE + " " + -SCALE + ')">'
      + path("band") + path("both") + path("ball")
      + path("axes", "M-3 0H3M0-3V3M1-.05V.05M-1-.05V.05M-.05 1H.05M-.05-1H.05")
      + '<g class="levels">'
      + [0.4, 0.8, 1.2, 1.6, 2].map((r) => '<circle class="level" r="' + r + '"/>').join("")
      + '<circle class="touching"/></g>' + path("way")
      + '<g role="slider" tabindex="0" data-lm-suppress-shortcuts="true" aria-label="ŵ, the data’s'
      + " minimum, in the panel of " + PANELS[view].name + '" aria-valuemin="' + -LIMIT + '" aria-valuemax="' + LIMIT + '">'
      + '<circle r=".44"/>' + path("cross", "M-.1-.1L.1.1M-.1.1L.1-.1") + "</g>"
      + '<circle class="minimum" r=".1"/></g>'
      + text("", "1", [245, 179]) + text("", "−1", [95, 179]) + text("", "1", [156, 88])
      + text("", "−1", [152, 238]) + text("", "w₁", [325, 179]) + text("", "w₂", [190, 10])
      + text("tip data", "ŵ") + text("tip best", "w"));
  const CONTROLS = [
    { label: "λ", low: 0, high: 4, step: 0.02, get: () => lam, set: (v) => { lam = v; } },
    ...[0, 1].map((i) => ({
      label: "ŵ" + "₁₂"[i], low: -LIMIT, high: LIMIT, step: 0.05, get: () => centre[i],
      set: (v) => { centre = centre.map((each, j) => (j === i ? v : each)); },
    })),
  ];
  add(".nnreg-diamond-inputs", "afterbegin", CONTROLS.map(({ label, low, high, step }) =>
    "<label>" + label + '<input type="range" min="' + low + '" max="' + high + '" step="' + step
    + '" autocomplete="off" data-lm-suppress-shortcuts="true"><output aria-hidden="true"></output>'
    + "</label>").join(""));
  const sliders = root.querySelectorAll("input"), handles = root.querySelectorAll("[role=slider]");

  const fixed = (v) => v.toFixed(2).replace(/^-0.00/, "0.00").replace("-", "−");
  // 0 is written only where a weight is exactly that.
  const pair = (w) => "(" + w.map((v) => (v === 0 ? "0" : fixed(v))).join(", ") + ")";
  const SHARES = Array.from({ length: 60 }, (_, i) => i / 60);
  const ZEROS = ["no weight is 0", "one weight exactly 0", "both weights exactly 0"];

  const draw = () => {
    // Where ŵ stands in these bands, a weight is 0; they leave a parallelogram where both are.
    const corners = SIGNS.map((signs) => pulled(signs, lam));
    const edges = corners.map((corner, i) => {
      const next = (i + 1) % SIGNS.length, far = SIGNS[i].map((s, j) => 5 * (s + SIGNS[next][j]));
      return [corner, plus(corner, far), plus(corners[next], far), corners[next]];
    });
    const bands = edges.map((edge) => "M" + edge.join("L") + "Z").join("");
    // The ellipses are circles, sheared by the inverse of Hᵀ's Cholesky factor.
    const p = Math.sqrt(a), q = Math.sqrt(c - b * b / a);
    const shear = "matrix(" + [1 / p, 0, -b / (a * q), 1 / q, ...centre] + ")";

    for (const [view, { name, minimum, size, ball }] of Object.entries(PANELS)) {
      const set = (selector, attribute, value) =>
        find("[data-view=" + view + "] " + selector).setAttribute(attribute, value);
      const shift = (selector, w) => set(selector, "transform", "translate(" + w + ")");
      const w = minimum(lam), way = minus(w, centre), [u, v] = times(way);
      if (view === "l1") {
        set(".band", "d", bands);
        set(".both", "d", "M" + corners.join("L") + "Z");
      }
      set(".ball", "d", ball(size(w)));
      set(".levels", "transform", shear);
      set(".touching", "r", Math.sqrt(way[0] * u + way[1] * v));
      const stations = SHARES.map((share) => minimum(share / (1 - share)));
      set(".way", "d", "M" + [...stations, [0, 0]].join("L"));
      shift(".minimum", w);
      shift("[role=slider]", centre);
      // The two names stand on the far sides of their marks.
      const angle = Math.hypot(...way) > 1e-9 ? Math.atan2(way[1], way[0]) : -Math.PI / 4;
      for (const [selector, [x, y], side] of [[".data", centre, -1], [".best", w, 1]]) {
        const [right, down] = [side * Math.cos(angle), -side * Math.sin(angle)];
        set(selector, "x", within(170 + SCALE * x + 22 * right, 14, 326));
        set(selector, "y", within(163 - SCALE * y + 20 * down, 12, 314));
      }
      const says = find("[data-says=" + view + "]");
      const zeros = ZEROS[w.filter((each) => each === 0).length];
      const told = name + ": w = " + pair(w) + ", " + zeros;
      // Else it would be read out again.
      if (says.textContent !== told) says.textContent = told;
    }
    handles.forEach((handle) => {
      handle.setAttribute("aria-valuenow", centre[0]);
      handle.setAttribute("aria-valuetext", pair(centre));
    });
    CONTROLS.forEach(({ get }, i) => {
      sliders[i].value = get();
      sliders[i].nextSibling.textContent = fixed(get());
    });
  };

  const place = (w) => {
    centre = w.map((v) => Math.round(100 * within(v, -LIMIT, LIMIT)) / 100);
    draw();
  };
  handles.forEach((handle) => {
    const plane = handle.parentNode;
    const where = ({ clientX, clientY }) => {
      const { x, y } = new DOMPoint(clientX, clientY)
        .matrixTransform(plane.getScreenCTM().inverse());
      return [x, y];
    };
    handle.addEventListener("pointerdown", (event) => {
      event.preventDefault();
      handle.focus({ preventScroll: true, focusVisible: false });
      handle.setPointerCapture(event.pointerId);
      const grip = minus(centre, where(event));
      handle.onpointermove = (event) => place(plus(where(event), grip));
      // It is read out when the hand lets go.
      find("p").ariaBusy = "true";
      handle.onlostpointercapture = () => {
        handle.onpointermove = null;
        find("p").ariaBusy = "false";
      };
    });
    handle.addEventListener("keydown", (event) => {
      const step = {
        ArrowRight: [0.1, 0], ArrowLeft: [-0.1, 0], ArrowUp: [0, 0.1], ArrowDown: [0, -0.1],
      }[event.key];
      if (!step) return;
      event.preventDefault();
      place(plus(centre, step));
    });
  });
  CONTROLS.forEach(({ set }, i) => sliders[i].addEventListener("input", () => {
    set(sliders[i].valueAsNumber);
    draw();
  }));
  const show = (values) => {
    [centre, lam] = values;
    draw();
  };
  find("button").addEventListener("click", () => show(start));
  let seen;
  addEventListener("beforeprint", () => { seen = [centre, lam]; show(start); });
  addEventListener("afterprint", () => show(seen));
  show(start);
});
