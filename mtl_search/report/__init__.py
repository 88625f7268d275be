"""One page that answers what a sweep was for: what to train, is it better, why, at what cost, how it went.

`write_report` makes a single HTML file that needs no network: plotly.js, styles and data are inside it. It
reads the tables (and the sweep file as text, never as a sweep), so it works for any leaderboard, however
it was made.

- Numbers come from the analyses; this package only puts them into words and figures. What a reader should
  believe stands first, next to what was switched off (seeds, references, equal budgets).
- The design to train is chosen on validation data, and the page then says what test showed of it. Choosing
  the best of what test showed would make the test a second validation.
- The page of a sweep at work is rewritten as it goes on and loads itself again, with the reader's place kept;
  that of an interrupted one says where it stopped. Which of them it is, the folder says (`standing`).
- Every trial is there with its configuration, packed; the page's script unpacks, sorts, filters and saves
  them. Terms lead to their entry in the glossary, also without a script.
- Figures are plain data for plotly, with colours as CSS variables: light and dark are one switch of the
  page. They are drawn when they come into view, so a long page opens at once. Parallel coordinates are drawn
  as ordinary lines, since plotly's own (and Optuna's) need WebGL, which phones and remote desktops may lack.
- Every name from the data is escaped: by Jinja in text, by `words.plain` in figures, and as JSON in scripts.
"""

from mtl_search.report.page import write_report

__all__ = ["write_report"]
