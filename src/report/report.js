"use strict";
// Values under the pointer, smoothing, and the strip of pictures. Without this script the page shows all the same.
(function () {
  // A chart: {x: [[...], ...], of: [0, ...], y: [[...], ...], axis: [xlo, xhi, xfrom, xto, ylo, yhi, yfrom, yto]}; the
  // places of curve i are x[of[i]]; null is a gap.
  const charts = [...document.querySelectorAll("svg[data-chart]")].map(svg => {
    const data = JSON.parse(svg.dataset.chart);
    const figure = svg.closest("figure");
    return {
      svg, data, values: [...figure.querySelectorAll(".legend b")], place: figure.querySelector(".at"),
      paths: [...svg.querySelectorAll("path")], drawn: [...svg.querySelectorAll("path")].map(p => p.getAttribute("d")),
      last: [...figure.querySelectorAll(".legend b")].map(b => b.textContent), shown: data.y,
    };
  });

  const number = v => v === null ? "-" : Number(v.toPrecision(4)).toString();
  const xAt = (c, v) => c.data.axis[2] + (v - c.data.axis[0]) / (c.data.axis[1] - c.data.axis[0]) * (c.data.axis[3] - c.data.axis[2]);
  const yAt = (c, v) => c.data.axis[6] + (v - c.data.axis[4]) / (c.data.axis[5] - c.data.axis[4]) * (c.data.axis[7] - c.data.axis[6]);

  // The value at the place nearest to x; null outside of the curve.
  function valueAt(xs, values, x) {
    if (x < xs[0] || x > xs[xs.length - 1]) return null;
    let near = 0;
    xs.forEach((v, k) => { if (Math.abs(v - x) < Math.abs(xs[near] - x)) near = k; });
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
      if (!weight) return path.setAttribute("d", c.drawn[i]);
      let d = "", pen = "M";
      c.shown[i].forEach((v, k) => {
        if (v === null) { if (!c.data.bridge) pen = "M"; return; }
        d += pen + xAt(c, c.data.x[c.data.of[i]][k]).toFixed(1) + " " + yAt(c, v).toFixed(1);
        pen = "L";
      });
      path.setAttribute("d", d);
    });
  }

  charts.forEach(c => {
    const cursor = c.svg.querySelector(".cursor");
    c.svg.addEventListener("pointermove", e => {
      const box = c.svg.getBoundingClientRect(), width = c.svg.viewBox.baseVal.width;
      const at = (e.clientX - box.left) / box.width * width;
      let best = null;
      c.data.x.forEach((xs, n) => xs.forEach((x, k) => {
        if (!c.shown.some((y, i) => c.data.of[i] === n && y[k] !== null)) return;
        if (best === null || Math.abs(xAt(c, x) - at) < Math.abs(xAt(c, best) - at)) best = x;
      }));
      const x = xAt(c, best).toFixed(1);
      cursor.setAttribute("x1", x);
      cursor.setAttribute("x2", x);
      cursor.style.visibility = "visible";
      c.values.forEach((b, i) => b.textContent = number(valueAt(c.data.x[c.data.of[i]], c.shown[i], best)));
      c.place.textContent = "at " + best + " " + c.data.unit;
    });
    c.svg.addEventListener("pointerleave", () => {
      cursor.style.visibility = "hidden";
      c.values.forEach((b, i) => b.textContent = c.last[i]);
      c.place.textContent = "";
    });
  });

  const slider = document.querySelector("#smoothing");
  if (slider) {
    slider.parentElement.hidden = false;
    slider.addEventListener("input", () => charts.forEach(c => draw(c, Number(slider.value))));
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
