// What a cell needs from above, by the list of cells that the site has; an edited one is read here.
import { namesMade, namesRead } from "./names.js";

export function canRun(cell) {
  return cell.facts.live === true || cell.isChanged;
}

// All that a cell needs: what its list says, and for an edited text the makers of its names too.
export function needsOf(cell, cells, found = new Set()) {
  const listed = cell.facts.needs.map((index) => cells[index]);
  for (const need of [...listed, ...(cell.isChanged ? makers(cell, cells) : [])]) {
    if (found.has(need)) continue;
    found.add(need);
    needsOf(need, cells, found);
  }
  return found;
}

function makers(cell, cells) {
  const above = cells.slice(0, cell.index).filter(canRun).reverse();
  const names = namesRead(cell.text); // and what functions read when they are called: it grows
  const found = new Set();
  for (const name of names) {
    for (const maker of makersOf(name, above)) {
      if (found.has(maker)) continue;
      found.add(maker);
      maker.facts.calls.forEach((read) => names.add(read));
    }
  }
  return found;
}

// The nearest of the book's cells that makes a name, and the reader's edits below it that may.
function makersOf(name, above) {
  const inBook = (cell) => cell.facts.binds.includes(name);
  const last = above.findIndex((cell) => !cell.isChanged && inBook(cell));
  const since = last < 0 ? above : above.slice(0, last + 1);
  return since.filter((cell) => inBook(cell) || (cell.isChanged && namesMade(cell.text).has(name)));
}
