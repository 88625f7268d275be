"use strict";
// A term shows its meaning where it stands; without this script it leads to its entry at the end of the page.
(() => {
  const box = document.createElement("div");
  if (!("showPopover" in box)) return;
  box.popover = "auto";
  box.className = "tip";
  document.body.append(box);
  const entry = (term) => document.querySelector(`${term.getAttribute("href")} dd`);
  for (const term of document.querySelectorAll("a.term")) {
    term.title = entry(term).textContent;
    term.addEventListener("click", (event) => {
      event.preventDefault();
      box.textContent = entry(term).textContent;
      box.showPopover();
      const at = term.getBoundingClientRect(), size = box.getBoundingClientRect(), edge = 10;
      const below = at.bottom + 6 + size.height < innerHeight;
      box.style.left = `${Math.max(edge, Math.min(at.left, innerWidth - size.width - edge))}px`;
      box.style.top = `${below ? at.bottom + 6 : Math.max(edge, at.top - size.height - 6)}px`;
    });
  }
  addEventListener("scroll", () => { if (box.matches(":popover-open")) box.hidePopover(); }, { passive: true });
})();
