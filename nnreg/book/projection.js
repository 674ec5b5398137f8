document.querySelectorAll(".nnreg-projection:not([data-ready])").forEach((root) => {
  root.dataset.ready = "true";
  const find = (selector) => root.querySelector(selector);
  const start = [JSON.parse(root.dataset.x), JSON.parse(root.dataset.gradient)];
  const EPS = 1e-5, SCALE = 42, TILT = 0.4;
  let [x, gradient] = start, before, direction = [1, 0];

  // One row, forward and backward.
  const mean = (v) => (v[0] + v[1] + v[2]) / 3;
  const plus = (v, w, factor = 1) => v.map((each, i) => each + factor * w[i]);
  const layernorm = () => {
    const ones = [1, 1, 1], mu = mean(x), centred = plus(x, ones, -mu);
    const variance = mean(centred.map((v) => v * v)), inverse = 1 / Math.sqrt(variance + EPS);
    const xhat = centred.map((v) => v * inverse);
    const flat = plus(gradient, ones, -mean(gradient));
    const tangent = plus(flat, xhat, -mean(flat.map((v, i) => v * xhat[i])));
    const dx = tangent.map((v) => v * inverse);
    return { x, mu, sigma: Math.sqrt(variance), centred, xhat, gradient, flat, tangent, dx };
  };

  // Space, turned so that 1 points up: [right, away, up]. The plane of mean 0 has up = 0.
  const [a, b, c] = [2, 6, 3].map((n) => 1 / Math.sqrt(n));
  const BASIS = [[0, -a, a], [2 * b, -b, -b], [c, c, c]];
  const turn = (v) => BASIS.map((axis) => 3 * mean(axis.map((each, i) => each * v[i])));
  const CAMERAS = {
    side: ([right, away, up]) => [right, away * Math.sin(TILT) + up * Math.cos(TILT)],
    above: ([right, away]) => [right, away],
  };

  // The row at a place in space. Its numbers stay in [-2, 2]: the part across 1 is shortened where
  // it must be, then the mean is minded.
  const row = (right, away, mu) => {
    const flat = BASIS[0].map((each, i) => right * each + away * BASIS[1][i]);
    const low = Math.min(...flat), high = Math.max(...flat);
    const scale = Math.min(1, 4 / (high - low || 1));
    mu = Math.min(2 - scale * high, Math.max(-2 - scale * low, mu));
    return flat.map((v) => mu + scale * v);
  };
  const place = (right, away, mu) => {
    const near = Math.hypot(right, away) < 0.08;
    x = near ? row(0, 0, mu) : row(right, away, mu);
    draw();
  };
  const polar = (length, angle, mu) =>
    place(length * Math.cos(angle), length * Math.sin(angle), mu);
  const held = () => {
    const [right, away] = turn(x), angle = Math.atan2(direction[1], direction[0]);
    return { right, away, mu: mean(x), length: Math.hypot(right, away), angle };
  };
  // The same for dx̂, by its parts along x̂, sideways and along 1.
  const split = ([right, away]) =>
    [right * direction[0] + away * direction[1], away * direction[0] - right * direction[1]];
  const arriving = () => {
    const [along, sideways] = split(turn(gradient));
    return { along, sideways, mu: mean(gradient) };
  };
  // As far as there is room for it in the picture.
  const REACH = Math.max(2, Math.hypot(...split(turn(gradient))));
  const push = (from, [along, sideways], up) => {
    const within = (v, limit) => Math.max(-limit, Math.min(limit, v)), [u, v] = direction;
    let t = within(from.sideways + sideways, REACH);
    // No hand would meet 0.
    if (sideways && Math.abs(t) < 0.08) t = 0;
    const s = within(from.along + along, Math.sqrt(REACH * REACH - t * t));
    gradient = row(s * u - t * v, s * v + t * u, from.mu + up);
    draw();
  };

  // A hand shakes: the first bit off the straight way does not count.
  const steady = (v) => Math.sign(v) * Math.max(0, Math.abs(v) - 0.15);
  const along1 = (up) => c * up / Math.cos(TILT);
  const HANDLES = [{
    view: "side", name: "x", label: "Mean: x along 1", low: -2,
    tell: ({ mu }) => ["mean ", mu], from: held,
    drag: ({ right, away, mu }, across, up) =>
      place(right + steady(across), away, mu + along1(up)),
    press: ({ right, away, mu }, step) => place(right, away, mu + step),
  }, {
    view: "side", name: "upstream", label: "Mean: dx̂ along 1", low: -2,
    tell: () => ["mean of dx̂ ", mean(gradient)], from: arriving,
    drag: (from, across, up) => push(from, split([steady(across), 0]), along1(up)),
    press: (from, step) => push(from, [0, 0], step),
  }, {
    view: "above", name: "centred", label: "σ: x − μ outwards", low: 0,
    tell: ({ sigma }) => ["σ ", sigma], from: held,
    drag: ({ right, away, mu, angle }, across, up) => {
      const [u, v] = [right + across, away + up], by = Math.atan2(v, u) - angle;
      // The short way round.
      const turned = steady(Math.atan2(Math.sin(by), Math.cos(by)));
      polar(Math.hypot(u, v), angle + turned, mu);
    },
    press: ({ length, angle, mu }, step) => polar(Math.max(0, length + step), angle, mu),
  }, {
    view: "above", name: "upstream", label: "dx̂ sideways, and along x̂", low: -2,
    tell: () => {
      const { along, sideways } = arriving();
      return ["along x̂ " + fixed(along) + ", sideways ", sideways];
    }, from: arriving,
    drag: (from, across, up) => push(from, split([across, up]).map(steady), 0),
    press: (from, step, up) => push(from, up ? [step, 0] : [0, step], 0),
  }];

  // One scene for both cameras; what would only clutter a view is hidden there by its class.
  const PARTS = ["page", "level thin side", "ray", "fall side", "drop side", "radial above",
    "close thin above", "cross", "shaft side", "upstream", "tangent above", "dx"];
  const MARKS = {
    x: "M-9 0A9 9 0 1 1 9 0A9 9 0 1 1-9 0Z", centred: "M-8-8H8V8H-8Z", xhat: "M0-10L9 0L0 10L-9 0Z",
    upstream: "M-6 0A6 6 0 1 1 6 0A6 6 0 1 1-6 0Z",
  };
  const LABELS = [["height side", "√3 μ"], ["same side", "same x̂"], ["x tip side", "x"],
    ["centred tip above", "x − μ"], ["xhat tip", "x̂"], ["upstream tip", "dx̂"], ["dx tip", "dx"]];
  const SUM = '<span class="nnreg-projection-sum">÷ √(σ² + ε) = </span>';
  const ROWS = [["x", "shaft", "x"], ["centred", "drop", "x − μ"], ["moments", "", "μ, σ"],
    ["xhat", "", "x̂"], ["gradient", "upstream", "dx̂"], ["flat", "fall", "− part along 1"],
    ["tangent", "tangent", "− part along x̂"], ["dx", "dx", SUM + "dx"]];
  const path = (name, d = "", rest = "") =>
    '<path class="' + name + '" d="' + d + '" ' + rest + "/>";
  const mark = (name, d, rest) => path("mark " + name, d, rest);
  const cross = ([u, v]) => "M" + [u - 5, v - 5] + "l10 10m0-10l-10 10";
  const arrow = (from, to) => {
    const u = to[0] - from[0], v = to[1] - from[1], angle = Math.atan2(v, u);
    const size = Math.min(11, Math.hypot(u, v) / 2);
    const wing = (by) => [to[0] - size * Math.cos(angle + by), to[1] - size * Math.sin(angle + by)];
    return "M" + from + "L" + to + "M" + wing(0.45) + "L" + to + "L" + wing(-0.45);
  };

  // Made by the script, so that nothing dead shows where scripts are off or stripped.
  find(".nnreg-projection-card").innerHTML = find("script[type='text/html']").textContent;
  const add = (selector, place, parts) => find(selector).insertAdjacentHTML(place, parts.join(""));
  for (const view in CAMERAS)
    add("[data-view=" + view + "]", "beforeend", [
      ...PARTS.map((part) => path(part)),
      mark("centred side", MARKS.centred), mark("xhat", MARKS.xhat),
      ...HANDLES.filter((handle) => handle.view === view).map(({ name, label, low }) =>
        '<g role="slider" tabindex="0" data-lm-suppress-shortcuts="true"'
        + ' aria-label="' + label + '" aria-valuemin="' + low + '" aria-valuemax="2">'
        + '<circle r="33"/>' + mark(name, MARKS[name]) + "</g>"),
      ...LABELS.map(([label, text]) => '<text class="' + label + '">' + text + "</text>"),
    ]);
  add(".nnreg-projection-inputs", "afterbegin", ["x₁", "x₂", "x₃"].map((name) =>
    "<label>" + name + '<input type="range" min="-2" max="2" step="0.05" autocomplete="off"'
    + ' data-lm-suppress-shortcuts="true"><output aria-hidden="true"></output></label>'));
  add("dl", "beforeend", ROWS.map(([name, line, term]) =>
    '<div><dt><svg viewBox="0 0 34 16" aria-hidden="true">'
    + path(line, name === "gradient" || line === name ? arrow([2, 8], [32, 8]) : line && "M2 8H32")
    + (line === "fall" ? path("cross", cross([17, 8])) : "")
    + (MARKS[name] ? mark(name, MARKS[name], 'transform="translate(17 8) scale(.7)"') : "")
    + "</svg><span>" + term + '</span></dt><dd data-value="' + name + '"></dd></div>'));
  const sliders = root.querySelectorAll("input");
  root.querySelectorAll("[role=slider]").forEach((element, i) => { HANDLES[i].element = element; });

  const none = ({ dx }) => dx.every((v) => Math.abs(v) < 0.005);
  const draw = () => {
    const now = layernorm(), at = {};
    for (const name of ["x", "centred", "xhat", "gradient", "flat", "tangent", "dx"])
      at[name] = turn(now[name]);
    const [right, away] = at.centred, length = Math.hypot(right, away);
    if (length > 1e-9) direction = [right / length, away / length];
    const cut = Math.min(1, 2.5 / Math.hypot(...at.dx)), end = plus(at.x, at.dx, cut);
    const origin = [0, 0, 0], out = direction.map((v) => length > 1e-9 ? 3.2 * v : 0);
    const tip = plus(at.xhat, at.gradient), foot = plus(at.xhat, at.flat);
    const kept = plus(at.xhat, at.tangent), removed = plus(foot, at.tangent, -1);
    const lines = {
      page: [[0, 0, 2.7], [...out, 2.7], [...out, -2.7], [0, 0, -2.7], [0, 0, 2.7]],
      ray: [origin, length > Math.hypot(...at.xhat) ? at.centred : at.xhat],
      level: [[0, 0, at.x[2]], at.x],
      drop: [at.x, at.centred], fall: [tip, foot], radial: [at.xhat, removed], close: [kept, foot],
    };
    const arrows = {
      shaft: [origin, at.x], upstream: [at.xhat, tip], tangent: [at.xhat, kept], dx: [at.x, end],
    };
    for (const [view, camera] of Object.entries(CAMERAS)) {
      const part = (selector) => find("[data-view=" + view + "] " + selector);
      const to = (point) => {
        const [u, v] = camera(point);
        return [170 + SCALE * u, 163 - SCALE * v].map((each) => +each.toFixed(2));
      };
      const trace = (name, d) => part("path." + name).setAttribute("d", d);
      const shift = (element, point) =>
        element.setAttribute("transform", "translate(" + point + ")");
      const move = (selector, point) => shift(part(selector), point);
      for (const name in lines) trace(name, "M" + lines[name].map(to).join("L"));
      for (const name in arrows) trace(name, arrow(...arrows[name].map(to)));
      const [p, q] = lines[view === "side" ? "fall" : "radial"].map(to);
      const gone = Math.hypot(p[0] - q[0], p[1] - q[1]) > 14;
      trace("cross", gone ? cross([(p[0] + q[0]) / 2, (p[1] + q[1]) / 2]) : "");
      part("circle.level")?.setAttribute("r", SCALE * length);
      move(".mark.centred", to(at.centred));
      move(".mark.xhat", to(at.xhat));
      for (const handle of HANDLES.filter((handle) => handle.view === view)) {
        handle.spot = to(handle.name === "upstream" ? tip : at.x);
        shift(handle.element, handle.spot);
      }
      // A label stands beyond its point, or turned aside where something stands already.
      part("text.dx").textContent = cut < 1 ? "dx, cut" : none(now) ? "dx = 0" : "dx";
      const taken = [...[at.x, at.centred, at.xhat, tip].map(to), [44, 236], [297, 236]];
      const label = (name, point, from, gap = 24) => {
        const [u, v] = to(point), [s, t] = to(from), angle = Math.atan2(v - t, u - s);
        const size = [340, 326], rim = [6.4 * part("text." + name).textContent.length + 4, 11];
        const spots = [0, 0.8, -0.8, 1.6, -1.6, 2.4, -2.4, 3.1].map((by) =>
          [u + gap * Math.cos(angle + by), v + 20 * Math.sin(angle + by)]
            .map((each, i) => Math.min(size[i] - rim[i], Math.max(rim[i], each))));
        const free = spots.find((spot) => taken.every((other) =>
          Math.hypot(0.7 * (spot[0] - other[0]), spot[1] - other[1]) > 16)) || spots[0];
        taken.push(free);
        move("text." + name, free);
      };
      label("x", at.x, end);
      label("centred", at.centred, end, 42);
      label("xhat", at.xhat, tip);
      label("dx", end, at.x);
      label("upstream", tip, at.xhat);
      label("height", [0, 0, at.x[2]], at.x, 24);
      label("same", [...out.map((v) => v / 2), -2.2], origin, 0);
    }
    tell(now);
  };

  const fixed = (v) => v.toFixed(2).replace(/^-0.00/, "0.00").replace("-", "−");
  const tell = (now) => {
    const moments = fixed(now.mu) + ", " + fixed(now.sigma);
    for (const cell of root.querySelectorAll("dd")) {
      const row = now[cell.dataset.value];
      cell.textContent = row ? "(" + row.map(fixed).join(", ") + ")" : moments;
    }
    sliders.forEach((slider, i) => {
      slider.value = x[i];
      slider.nextSibling.textContent = fixed(x[i]);
    });
    for (const { element, tell } of HANDLES) {
      const [word, value] = tell(now);
      element.setAttribute("aria-valuenow", value.toFixed(2));
      element.setAttribute("aria-valuetext", word + fixed(value));
    }
    const says = find("p"), text = lesson(now);
    // Else it would be read out again.
    if (says.textContent !== text) says.textContent = text;
  };
  const lesson = (now) => {
    const { mu, sigma } = now, moved = (v, w) => Math.abs(v - w) > 0.02;
    const changed = (name) => now[name].some((v, i) => moved(v, before[name][i]));
    if (sigma < 1e-9) return "x has no variance: x̂ is 0, and dx is 1/√ε = 316 times what is left.";
    if (changed("gradient")) {
      if (none(now)) return "dx is 0: dx̂ lies in the plane of 1 and x̂.";
      if (changed("tangent"))
        return "dx̂ went sideways: dx goes with it, divided by σ = " + fixed(sigma) + ".";
      return "dx̂ went along " + (changed("flat") ? "x̂" : "1")
        + ": dx does not notice, that part is lost.";
    }
    if (changed("xhat")) return "x went round the axis: that, and only that, moves x̂.";
    if (sigma < 0.3) return "σ is small: x̂ stays on the circle, and dx grows long.";
    if (moved(sigma, before.sigma)) return "σ changed: x̂ stays, and dx goes with 1/σ.";
    if (moved(mu, before.mu)) return "Moving x up or down along 1 changes nothing behind it.";
    return "Drag x, x − μ, or the tip of dx̂.";
  };

  for (const type of ["pointerdown", "keydown"])
    root.addEventListener(type, () => { before = layernorm(); }, true);
  for (const view of root.querySelectorAll("[data-view]"))
    view.addEventListener("pointerdown", (event) => {
      if (!event.target.closest("[role=slider]")) return;
      // Where two overlap, the nearest is meant, not the one on top.
      event.preventDefault();
      const where = ({ clientX, clientY }) => new DOMPoint(clientX, clientY)
        .matrixTransform(view.getScreenCTM().inverse());
      const origin = where(event);
      const far = ({ spot }) => Math.hypot(spot[0] - origin.x, spot[1] - origin.y);
      const near = HANDLES.filter((handle) => handle.view === view.dataset.view);
      const { element, from, drag } = near.sort((one, other) => far(one) - far(other))[0];
      const first = from();
      element.focus({ preventScroll: true, focusVisible: false });
      element.setPointerCapture(event.pointerId);
      element.onpointermove = (event) => {
        const to = where(event);
        drag(first, (to.x - origin.x) / SCALE, (origin.y - to.y) / SCALE);
      };
      element.onlostpointercapture = () => { element.onpointermove = null; };
    });
  for (const { element, from, press } of HANDLES)
    element.addEventListener("keydown", (event) => {
      const step = { ArrowUp: 0.1, ArrowRight: 0.1, ArrowDown: -0.1, ArrowLeft: -0.1 }[event.key];
      if (!step) return;
      event.preventDefault();
      press(from(), step, /Up|Down/.test(event.key));
    });
  sliders.forEach((slider, i) => slider.addEventListener("input", () => {
    x = x.map((v, j) => (j === i ? slider.valueAsNumber : v));
    draw();
  }));
  const show = (values) => {
    [x, gradient] = values;
    before = layernorm();
    draw();
  };
  find("button").addEventListener("click", () => show(start));
  let seen;
  addEventListener("beforeprint", () => { seen = [x, gradient]; show(start); });
  addEventListener("afterprint", () => show(seen));
  show(start);
});
