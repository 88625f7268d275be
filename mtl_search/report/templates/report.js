"use strict";
(() => {
  const NARROW = 560, LINE = 17, NUMBER = 22, CELL = 13;  // pixels, but LINE: letters
  const root = document.documentElement;
  const drawn = new Map();

  // "var(--name)" and "var(--name)/0.2" become the colour that the style sheet gives them now.
  const colour = (text) => {
    const found = /^var\((--[\w-]+)\)(?:\/([\d.]+))?$/.exec(text);
    if (!found) return text;
    const value = getComputedStyle(root).getPropertyValue(found[1]).trim();
    if (!found[2]) return value;
    const [r, g, b] = [1, 3, 5].map((at) => parseInt(value.slice(at, at + 2), 16));
    return `rgba(${r},${g},${b},${found[2]})`;
  };
  const coloured = (item) => {
    if (typeof item === "string") return colour(item);
    if (Array.isArray(item)) return item.map(coloured);
    if (item && typeof item === "object") {
      return Object.fromEntries(Object.entries(item).map(([key, part]) => [key, coloured(part)]));
    }
    return item;
  };

  // Long names at the side of a narrow figure go on several lines.
  const wrapped = (text) => {
    const lines = [""];
    for (const word of String(text).split(/(?<=[ _.])/)) {
      if (lines.at(-1) && (lines.at(-1) + word).length > LINE) lines.push("");
      lines[lines.length - 1] += word;
    }
    return lines.join("<br>");
  };

  const complete = (layout, narrow) => {
    const axis = {
      gridcolor: colour("var(--line)"), zerolinecolor: colour("var(--muted)"), linecolor: colour("var(--line)"),
      zeroline: false, automargin: true, fixedrange: true, tickfont: { size: narrow ? 11 : 12 },
    };
    const titled = (own) => (own?.title ? { ...own, title: { ...own.title, font: { size: 12, color: colour("var(--muted)") }, standoff: 8 } } : own);
    const all = {
      paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", dragmode: false, hovermode: "closest",
      font: { family: getComputedStyle(document.body).fontFamily, size: 13, color: colour("var(--ink)") },
      hoverlabel: { bgcolor: colour("var(--card)"), bordercolor: colour("var(--muted)"), font: { color: colour("var(--ink)") }, align: "left" },
      ...layout,
      margin: { l: 40, r: 10, t: 10, b: 40, ...layout.margin },
    };
    for (const key of new Set([...Object.keys(layout), "xaxis", "yaxis"])) {
      if (/^[xy]axis\d*$/.test(key)) all[key] = { ...axis, ...titled(layout[key]) };
    }
    if (narrow) {
      if (all.yaxis.ticktext) all.yaxis.ticktext = all.yaxis.ticktext.map(wrapped);
      if (all.xaxis.side === "top") all.xaxis.tickangle = -75;
      for (const note of all.annotations ?? []) {
        if (note.name === "keep") continue;
        note.font.size = 9;
        if (note.text.length > 7) note.text = `${note.text.slice(0, 6)}…`;
      }
    }
    return all;
  };

  const draw = (script) => {
    const place = document.getElementById(script.dataset.plot);
    const { data, layout } = coloured(JSON.parse(script.textContent));
    const narrow = place.clientWidth < NARROW;
    for (const trace of data) {
      if (trace.type !== "heatmap") continue;
      const names = narrow ? 96 : 180, cell = (place.clientWidth - names) / trace.x.length;
      trace.textfont = { ...trace.textfont, size: cell < 34 ? 9 : narrow ? 10 : 12 };
      if (narrow) {
        const lines = Math.max(...layout.yaxis.ticktext.map((text) => wrapped(text).split("<br>").length)), least = 13 * lines + 4;
        layout.height = Math.max(layout.height, 110 + least * trace.y.length);
        place.style.minHeight = `${layout.height}px`;
      }
      if (cell < NUMBER) trace.texttemplate = "";  // the list below has the numbers
      if (cell < CELL) place.style.minWidth = `${names + CELL * trace.x.length}px`;
    }
    const options = { displayModeBar: false, responsive: true };
    const done = Plotly.react(place, data, complete(layout, narrow), options);
    drawn.set(script, place);
    return done.then(() => { place.dataset.drawn = "yes"; });
  };

  const scripts = [...document.querySelectorAll("script[data-plot]")];
  const byPlace = new Map(scripts.map((script) => [document.getElementById(script.dataset.plot), script]));
  const drawAll = () => Promise.all(scripts.map(draw));
  if ("IntersectionObserver" in window) {
    const watcher = new IntersectionObserver((entries) => {
      for (const entry of entries) {
        if (entry.isIntersecting) {
          watcher.unobserve(entry.target);
          draw(byPlace.get(entry.target));
        }
      }
    }, { rootMargin: "500px" });
    for (const place of byPlace.keys()) watcher.observe(place);
  } else {
    drawAll();
  }
  window.addEventListener("beforeprint", drawAll);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => { for (const script of drawn.keys()) draw(script); });

  for (const button of document.querySelectorAll(".choice button")) {
    button.addEventListener("click", () => {
      for (const other of button.parentElement.children) {
        other.setAttribute("aria-pressed", String(other === button));
        document.getElementById(other.dataset.shows).parentElement.hidden = other !== button;
      }
    });
  }

  for (const button of document.querySelectorAll("button.copy")) {
    button.addEventListener("click", async () => {
      const text = button.nextElementSibling;
      try {
        await navigator.clipboard.writeText(text.textContent);
      } catch {  // pages opened from a file have no clipboard in some browsers
        getSelection().selectAllChildren(text);
        document.execCommand("copy");
      }
      button.textContent = "Copied";
      setTimeout(() => { button.textContent = "Copy"; }, 1500);
    });
  }
})();
