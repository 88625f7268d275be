"use strict";
// The page of a sweep at work loads itself again and keeps the reader's place, what is open and what is filtered.
(() => {
  const KEY = `mtl_search ${location.pathname}`;
  const details = () => [...document.querySelectorAll("details[id]")];
  const fields = () => [...document.querySelectorAll("#filters [name]")];
  const anchors = () => [...document.querySelectorAll("main [id], main figure")].filter((one) => one.id);

  const remember = () => {
    const top = anchors().filter((one) => one.checkVisibility() && one.getBoundingClientRect().top <= 60).at(-1);
    sessionStorage.setItem(KEY, JSON.stringify({
      anchor: top?.id, offset: top?.getBoundingClientRect().top ?? 0, y: scrollY,
      open: details().filter((one) => one.open).map((one) => one.id),
      shown: [...document.querySelectorAll(".choice [aria-pressed=true]")].map((one) => one.dataset.shows),
      fields: Object.fromEntries(fields().map((one) => [one.name, one.value])),
      sort: document.getElementById("trial-table")?.dataset.sort,
    }));
  };
  const restore = () => {
    const saved = JSON.parse(sessionStorage.getItem(KEY) ?? "null");
    sessionStorage.removeItem(KEY);
    if (!saved) return;
    history.scrollRestoration = "manual";
    for (const one of details()) one.open = saved.open.includes(one.id);
    for (const shown of saved.shown) document.querySelector(`[data-shows="${CSS.escape(shown)}"]`)?.click();
    for (const one of fields()) one.value = saved.fields[one.name] ?? one.value;
    if (saved.sort) document.getElementById("trial-table").dataset.sort = saved.sort;
    const anchor = saved.anchor && document.getElementById(saved.anchor);
    const y = anchor ? scrollY + anchor.getBoundingClientRect().top - saved.offset : saved.y;
    scrollTo({ top: y, behavior: "instant" });
  };
  restore();

  const live = document.getElementById("live");
  if (!live) return;
  const busy = () => document.activeElement?.matches("input, select") || !getSelection().isCollapsed || document.hidden;
  const age = () => (Date.now() - Date.parse(live.dataset.written)) / 1000;
  setInterval(() => { document.querySelector(".stale").hidden = age() < 90; }, 5000);
  setInterval(() => {
    if (busy()) return;
    remember();
    location.reload();
  }, Number(live.dataset.seconds) * 1000);
})();
