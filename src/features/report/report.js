"use strict";
// Values under the pointer, smoothing, the horizontal axis, and the strip of pictures. Without this script the page
// shows all the same.
(function () {
  // Where the points of curves stand, by axis and log: {kimg: [[...], ...], steps: ...}; null: not known.
  const places = JSON.parse((document.querySelector("#places") || { textContent: "{}" }).textContent);
  let over = "kimg";

  // A chart: {of: [0, ...], y: [[...], ...], log: false, axis: [xlo, xhi, xfrom, xto, ylo, yhi, yfrom, yto]}; curve i is of
  // log of[i]; null is a gap; log: the y axis is logarithmic, ylo and yhi are logarithms.
  const charts = [...document.querySelectorAll("svg[data-chart]")].map(svg => {
    const data = JSON.parse(svg.dataset.chart);
    const figure = svg.closest("figure");
    return {
      svg, data, values: [...figure.querySelectorAll(".legend b")], place: figure.querySelector(".at"),
      paths: [...svg.querySelectorAll("path")], drawn: [...svg.querySelectorAll("path")].map(p => p.getAttribute("d")),
      marks: [...svg.querySelectorAll("text.x")], unit: svg.querySelector(".unit"), axis: data.axis,
      last: [...figure.querySelectorAll(".legend b")].map(b => b.textContent), shown: data.y,
    };
  });

  const number = v => v === null ? "-" : Number(v.toPrecision(4)).toString();
  const xAt = (c, v) => c.axis[2] + (v - c.axis[0]) / (c.axis[1] - c.axis[0]) * (c.axis[3] - c.axis[2]);
  const yAt = (c, v) => c.axis[6] + ((c.data.log ? Math.log10(v) : v) - c.axis[4]) / (c.axis[5] - c.axis[4]) * (c.axis[7] - c.axis[6]);
  const xs = (c, i) => places[over][c.data.of[i]];

  // The value at the place nearest to x; null outside of the curve.
  function valueAt(xs, values, x) {
    const known = xs.filter(v => v !== null);
    if (!known.length || x < known[0] || x > known[known.length - 1]) return null;
    let near = xs.indexOf(known[0]);
    xs.forEach((v, k) => { if (v !== null && Math.abs(v - x) < Math.abs(xs[near] - x)) near = k; });
    return values[near];
  }

  // Exponential moving average that counts its own start right.
  function smooth(values, weight) {
    let sum = 0, all = 0;
    return values.map(v => {
      if (v === null) return null;
      sum = weight * sum + (1 - weight) * v;
      all = weight * all + (1 - weight);
      return sum / all;
    });
  }

  function draw(c, weight) {
    c.shown = weight ? c.data.y.map(v => smooth(v, weight)) : c.data.y;
    c.paths.forEach((path, i) => {
      const two = c.shown[i].filter((v, k) => v !== null && xs(c, i)[k] !== null).length === 2; // no trend: two dots
      let d = "", pen = "M", last = null, run = 0;
      c.shown[i].forEach((v, k) => {
        const x = xs(c, i)[k];
        if (v === null || x === null) {
          if (c.data.bridge) return;
          if (run === 1) d += "h0";
          pen = "M";
          run = 0;
          return;
        }
        last = [xAt(c, x).toFixed(1), yAt(c, v).toFixed(1)];
        d += pen + last.join(" ");
        if (two) { d += "h0"; return; }
        pen = "L";
        run++;
      });
      path.setAttribute("d", !weight && over === "kimg" ? c.drawn[i] : d + (run === 1 ? "h0" : ""));
      const dot = path.nextElementSibling;
      if (!last || !dot || dot.tagName !== "circle") return;
      dot.setAttribute("cx", last[0]);
      dot.setAttribute("cy", last[1]);
    });
  }

  // The step between marks: 1, 2 or 5 times a power of ten.
  function stepOf(rough) {
    const power = 10 ** Math.floor(Math.log10(rough)), lead = rough / power;
    return power * (lead <= 1 ? 1 : lead <= 2 ? 2 : lead <= 5 ? 5 : 10);
  }

  // The same axis as the page has without script, over other numbers.
  function turn(c) {
    const all = [...new Set(c.data.of)].flatMap(i => places[over][i]).filter(v => v !== null);
    let lo = Math.min(...all), hi = Math.max(...all);
    c.svg.querySelectorAll("text.x").forEach(t => t.remove());
    c.axis = c.data.axis;
    c.unit.textContent = over;
    if (over === "kimg" || !all.length) return c.marks.forEach(t => c.svg.prepend(t));
    if (!(hi - lo > 1e-9 * Math.max(Math.abs(lo), Math.abs(hi)))) hi += Math.abs(hi) * 0.1 || 1;
    c.axis = [lo, hi, ...c.data.axis.slice(2)];
    const step = stepOf((hi - lo) / 6);
    for (let k = Math.ceil(lo / step - 1e-6); k * step <= hi + step * 1e-6; k++) {
      const at = xAt(c, k * step), t = document.createElementNS(c.svg.namespaceURI, "text");
      const text = Number((k * step).toPrecision(6)).toString();
      if (at + 3.3 * text.length >= c.axis[3] - 39) continue; // the unit stands there
      t.setAttribute("class", "x");
      t.setAttribute("x", at.toFixed(1));
      t.setAttribute("y", (c.axis[6] + 18).toFixed(1));
      t.textContent = text;
      c.svg.prepend(t);
    }
  }

  charts.forEach(c => {
    const cursor = c.svg.querySelector(".cursor");
    c.svg.addEventListener("pointermove", e => {
      const box = c.svg.getBoundingClientRect(), width = c.svg.viewBox.baseVal.width;
      const at = (e.clientX - box.left) / box.width * width;
      let best = null;
      c.shown.forEach((y, i) => xs(c, i).forEach((x, k) => {
        if (x === null || y[k] === null) return;
        if (best === null || Math.abs(xAt(c, x) - at) < Math.abs(xAt(c, best) - at)) best = x;
      }));
      if (best === null) return;
      const x = xAt(c, best).toFixed(1);
      cursor.setAttribute("x1", x);
      cursor.setAttribute("x2", x);
      cursor.style.visibility = "visible";
      c.values.forEach((b, i) => b.textContent = number(valueAt(xs(c, i), c.shown[i], best)));
      c.place.textContent = "at " + best + " " + over;
    });
    c.svg.addEventListener("pointerleave", () => {
      cursor.style.visibility = "hidden";
      c.values.forEach((b, i) => b.textContent = c.last[i]);
      c.place.textContent = "";
    });
  });

  const slider = document.querySelector("#smoothing"), select = document.querySelector("#axis");
  if (slider) {
    slider.parentElement.hidden = false;
    slider.addEventListener("input", () => charts.forEach(c => draw(c, Number(slider.value))));
    Object.keys(places).forEach(name => select.add(new Option(name)));
    select.parentElement.hidden = select.length < 2;
    select.addEventListener("change", () => {
      over = select.value;
      charts.forEach(c => { turn(c); draw(c, Number(slider.value)); });
    });
  }

  document.querySelectorAll(".strip").forEach(strip => {
    const frames = [...strip.querySelectorAll(".frame")], input = strip.querySelector("input"), button = strip.querySelector("button");
    const show = k => frames.forEach((f, i) => f.classList.toggle("now", i === k));
    let timer = 0;
    const stop = () => { clearInterval(timer); timer = 0; button.textContent = "Play"; };
    const next = () => {
      const k = (Number(input.value) + 1) % frames.length;
      input.value = k;
      show(k);
      if (k === frames.length - 1) stop();
    };
    input.hidden = button.hidden = false;
    strip.classList.add("live");
    input.addEventListener("input", () => { stop(); show(Number(input.value)); });
    button.addEventListener("click", () => {
      if (timer) return stop();
      button.textContent = "Stop";
      timer = setInterval(next, 400);
      next();
    });
    show(frames.length - 1);
  });
})();
