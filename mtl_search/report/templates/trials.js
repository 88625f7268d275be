"use strict";
// The table of trials: sorted, filtered, a piece at a time; each with its configuration; saved as CSV.
(async () => {
  const table = document.getElementById("trial-table");
  if (!table) return;
  const PIECE = innerWidth < 600 ? 15 : 40;
  const SHOWN = [
    ["trial_id", "trial"], ["arm", "arm"], ["phase", "phase"], ["state", "state"], ["mean_gain", "gain, %"],
    ["members", "members"], ["weighting", "weighting"], ["n_params", "parameters"], ["epochs", "epochs"], ["train_seconds", "seconds"],
  ];
  const NUMBERS = new Set(["mean_gain", "n_params", "epochs", "train_seconds"]);
  const packed = Uint8Array.from(atob(document.getElementById("trial-data").textContent), (char) => char.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
  const { n, columns, config } = JSON.parse(await new Response(stream).text());
  const at = (column, row) => (Array.isArray(column) ? column[row] : column.of[column.at[row]]) ?? null;
  const cell = (name, row) => at(columns[name], row);
  const words = (value, name) => (value === null ? "–" : name === "mean_gain" ? value.toFixed(2).replace("-", "−")
    : typeof value === "number" ? value.toLocaleString("en", { maximumSignificantDigits: 4 }) : String(value));
  const few = (names) => {
    const all = names.split(", ");
    return all.length > 5 ? `${all.slice(0, 3).join(", ")} and ${all.length - 3} more` : names;
  };
  let texts;
  const text = (row) => {
    texts ??= Array.from({ length: n }, (_, one) =>
      [...Object.values(columns), ...Object.values(config)].map((column) => at(column, one) ?? "").join(" ").toLowerCase());
    return texts[row];
  };

  const form = document.getElementById("filters"), more = document.getElementById("more"), found = document.getElementById("found");
  let sort = { name: "mean_gain", down: true }, rows = [], shown = 0;

  const compare = (a, b) => {
    const [x, y] = [cell(sort.name, a), cell(sort.name, b)];
    if (x === null || y === null) return (x === null) - (y === null) || a - b;
    const order = NUMBERS.has(sort.name) ? x - y : String(x).localeCompare(String(y), "en", { numeric: true });
    return (sort.down ? -order : order) || a - b;
  };
  const select = () => {
    const wanted = form.elements.text.value.toLowerCase().split(/\s+/).filter(Boolean);
    const picked = ["arm", "phase", "state"].map((name) => [name, form.elements[name].value]).filter(([, value]) => value);
    rows = Array.from({ length: n }, (_, row) => row).filter((row) =>
      picked.every(([name, value]) => cell(name, row) === value) && wanted.every((word) => text(row).includes(word)));
    rows.sort(compare);
    found.textContent = rows.length === n ? `${n.toLocaleString("en")} trials` : `${rows.length.toLocaleString("en")} of ${n.toLocaleString("en")} trials`;
    shown = 0;
    table.tBodies[0].replaceChildren();
    add();
  };
  const nested = (row) => {
    const whole = {};
    for (const [path, column] of Object.entries(config)) {
      const value = at(column, row);
      if (value === null) continue;
      const keys = path.split(".");
      let inside = whole;
      for (const key of keys.slice(0, -1)) inside = inside[key] ??= {};
      inside[keys.at(-1)] = value;
    }
    return whole;
  };
  const unfold = (line, row) => {
    if (line.nextElementSibling?.classList.contains("unfolded")) {
      line.nextElementSibling.remove();
      return false;
    }
    const inside = document.createElement("tr"), wide = inside.insertCell(), pre = document.createElement("pre");
    inside.className = "unfolded";
    wide.colSpan = SHOWN.length;
    const facts = ["members", "error", "duplicate_of", "seed", "best_epoch", "flops", "started", "finished", "sharing"]
      .filter((name) => cell(name, row) !== null).map((name) => `${name}: ${cell(name, row)}`);
    pre.textContent = `${facts.join("\n")}\n\nconfiguration: ${JSON.stringify(nested(row), null, 2)}`;
    wide.append(pre);
    line.after(inside);
    return true;
  };
  const add = () => {
    for (const row of rows.slice(shown, shown + PIECE)) {
      const line = table.tBodies[0].insertRow();
      for (const [name, label] of SHOWN) {
        const head = name === "trial_id";
        const one = head ? line.appendChild(document.createElement("th")) : line.insertCell();
        if (!head) {
          one.textContent = name === "members" ? few(cell(name, row)) : words(cell(name, row), name);
          one.dataset.label = label;
          continue;
        }
        const button = one.appendChild(document.createElement("button"));
        button.type = "button";
        button.textContent = cell(name, row);
        button.setAttribute("aria-expanded", "false");
        button.addEventListener("click", () => button.setAttribute("aria-expanded", String(unfold(line, row))));
      }
    }
    shown = Math.min(shown + PIECE, rows.length);
    more.hidden = shown >= rows.length;
    more.textContent = `${Math.min(PIECE, rows.length - shown)} more of ${(rows.length - shown).toLocaleString("en")}`;
  };
  const sorted = (name, down) => {
    sort = { name, down };
    table.dataset.sort = JSON.stringify(sort);
    for (const head of table.tHead.rows[0].cells) {
      head.setAttribute("aria-sort", head.dataset.name === name ? (down ? "descending" : "ascending") : "none");
    }
  };

  const heads = table.tHead.insertRow();
  for (const [name, label] of SHOWN) {
    const head = heads.appendChild(document.createElement("th")), button = head.appendChild(document.createElement("button"));
    head.scope = "col";
    head.dataset.name = name;
    button.type = "button";
    button.textContent = label;
    button.addEventListener("click", () => {
      sorted(name, sort.name === name ? !sort.down : NUMBERS.has(name));
      select();
    });
  }
  form.addEventListener("input", select);
  form.addEventListener("submit", (event) => event.preventDefault());
  more.addEventListener("click", add);
  document.getElementById("save").addEventListener("click", () => {
    const quoted = (value) => (value === null ? "" : /[",\n\r]/.test(String(value)) ? `"${String(value).replaceAll('"', '""')}"` : String(value));
    const all = [...Object.entries(columns), ...Object.entries(config).map(([path, column]) => [`config.${path}`, column])];
    const lines = [all.map(([name]) => quoted(name)), ...rows.map((row) => all.map(([, column]) => quoted(at(column, row))))];
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([lines.map((line) => line.join(",")).join("\n") + "\n"], { type: "text/csv" }));
    link.download = "trials.csv";
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  });
  sorted(...Object.values(table.dataset.sort ? JSON.parse(table.dataset.sort) : sort));  // as before the page loaded itself again
  select();
  table.dataset.ready = "yes";
})();
