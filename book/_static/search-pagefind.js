// The search page's answers: Pagefind's index, asked with words that are spelt as the book spells them.
const FIRST = 8;
const field = document.querySelector(".bd-search-container input[type=search]");
const shown = document.querySelector("#search-results");
const message = document.querySelector("#search-status");

export async function start() {
  const folder = new URL("../pagefind/", import.meta.url);
  const spelling = makeSpelling(await (await fetch(new URL("words.json", folder))).json());
  const pagefind = await import(new URL("pagefind.js", folder));
  await pagefind.options({
    baseUrl: new URL("..", import.meta.url).pathname,
    excerptLength: 24,
    ranking: { metaWeights: { title: 5, terms: 10, code: 0.1 } },
  });
  let latest = 0;
  const search = async (query) => {
    const number = ++latest;
    const meant = spelling(query);
    const pages = meant.text ? await find(pagefind, meant) : [];
    const open = await Promise.all(pages.slice(0, FIRST).map((page) => page.data()));
    if (number !== latest) return; // the reader has typed on
    show(open, pages.slice(FIRST));
    message.textContent = !query.trim()
      ? ""
      : pages.length
        ? `${pages.length} ${pages.length === 1 ? "page" : "pages"} for “${meant.label}”`
        : `No page says anything about “${query.trim()}”.`;
  };
  let pause;
  field.addEventListener("input", () => {
    clearTimeout(pause);
    pause = setTimeout(() => {
      history.replaceState(null, "", `?q=${encodeURIComponent(field.value)}`);
      search(field.value);
    }, 150);
  });
  field.value = new URLSearchParams(location.search).get("q") || "";
  await search(field.value);
}

// All words, or else any of them; the page that the book's index names for the whole query first.
export async function find(pagefind, { text, page: named }) {
  let { results } = await pagefind.search(text);
  if (!results.length) {
    const score = new Map();
    for (const word of text.split(" "))
      for (const result of (await pagefind.search(word)).results) {
        const before = score.get(result.id);
        if (before) before.score += result.score + 100;
        else score.set(result.id, result);
      }
    results = [...score.values()].sort((a, b) => b.score - a.score);
  }
  if (!named) return results;
  const first = (await pagefind.search(text, { filters: { page: named } })).results;
  return [...first, ...results.filter(({ id }) => id !== first[0]?.id)];
}

function show(pages, rest) {
  const list = document.createElement("ol");
  list.append(...pages.map(entry));
  shown.replaceChildren(list);
  if (!rest.length) return;
  const more = document.createElement("button");
  more.textContent = `${rest.length} more`;
  more.className = "search-more";
  more.addEventListener("click", async () => {
    const first = list.children.length;
    list.append(...(await Promise.all(rest.map((page) => page.data()))).map(entry));
    more.remove();
    list.children[first].querySelector("a").focus();
  });
  shown.append(more);
}

function entry({ url, meta, excerpt, sub_results: parts }) {
  const item = document.createElement("li");
  const line = (tag, href, title, words) => {
    const heading = document.createElement(tag);
    const link = document.createElement("a");
    link.href = href;
    link.textContent = title;
    heading.append(link);
    const text = document.createElement("p");
    // Pagefind's: escaped, with <mark> around what was found
    text.innerHTML = words.startsWith(`${title}. `) ? words.slice(title.length + 2) : words;
    return [heading, text];
  };
  const inside = parts.filter((part) => part.anchor?.element !== "h1").slice(0, 3);
  item.append(...line("h2", url, meta.title, inside.length ? "" : excerpt));
  for (const part of inside) item.append(...line("h3", part.url, part.title, part.excerpt));
  return item;
}

// What a query means: its words spelt as the book spells them, and the page its index names.
export function makeSpelling({ terms, words, names, letters, code }) {
  const split = (text) => text.toLowerCase().normalize("NFKC").match(/[\p{L}\p{N}]+/gu) || [];
  const spoken = Object.fromEntries(Object.entries(letters).map(([name, letter]) => [letter, name]));
  const index = new Map(
    Object.entries(terms).map(([term, page]) => [split(term).join(" "), { term, page }]),
  );
  const common = new Set([...[...index.keys()].flatMap((key) => key.split(" ")), ...SMALL]);
  const known = new Set([...common, ...words.split(" ")]);
  const inCode = new Set(code.split(" "));

  const nearest = (word, candidates, allowed) => {
    let best;
    for (const candidate of candidates) {
      const distance = edits(word, candidate, allowed);
      if (distance > allowed) continue;
      allowed = distance - 1; // of two that are as near, the first
      best = candidate;
      if (allowed < 0) break;
    }
    return best;
  };
  const spell = (word) => {
    if (known.has(word) || inCode.has(word) || word.length < 3) return word;
    return nearest(word, word.length < 5 ? common : known, word.length < 8 ? 1 : 2) || word;
  };
  const term = (said) => {
    if (index.has(said)) return said;
    const keys = [...index.keys()];
    if (known.has(said)) return keys.find((key) => key.slice(0, -1) === said);
    return said.length < 4 ? undefined : nearest(said, keys, said.length < 16 ? 1 : 2);
  };
  const asked = (word) => {
    if (SMALL.has(word)) return false;
    if (common.has(word) || inCode.has(word)) return true;
    return word.length > 1 && [...known].some((other) => other.startsWith(word));
  };

  return (query) => {
    if (/\w_\w/.test(query)) {
      const name = query.trim(); // of something in the code
      return { text: name, label: name, page: names[name] };
    }
    const typed = split(query).map((word) => spoken[word] || word);
    const spelt = typed.map(spell);
    const entry = index.get(term(typed.join(" ")) || term(spelt.join(" ")));
    const same = spelt.join(" ") === typed.join(" ");
    const label = entry ? entry.term : same ? query.trim() : spelt.join(" ");
    const text = entry ? entry.term.split(" ") : spelt.filter(asked);
    const sought = text.filter((word) => !SMALL.has(word)).map((word) => letters[word] || word);
    return { text: sought.join(" "), label, page: entry?.page };
  };
}

// Words that a question has and an answer need not have.
const SMALL = new Set(
  "a an and are at by can do does for from how i in is it my of on or the there to versus vs what when where which why with you".split(" "),
);

// Insertions, deletions, changes and swaps of neighbours between two words; stops above `most`.
function edits(a, b, most) {
  if (Math.abs(a.length - b.length) > most) return most + 1;
  let [before, last] = [[], Array.from({ length: b.length + 1 }, (_, j) => j)];
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      row[j] = Math.min(row[j - 1] + 1, last[j] + 1, last[j - 1] + (a[i - 1] !== b[j - 1]));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        row[j] = Math.min(row[j], before[j - 2] + 1);
    }
    if (Math.min(...row) > most) return most + 1;
    [before, last] = [last, row];
  }
  return last[b.length];
}
