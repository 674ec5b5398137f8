// The names that a text of Python reads, found without parsing it: a name too many costs only time.
const NAME = /(?<![\w.])[A-Za-z_]\w*/g;
const ASIDE = /#.*|([A-Za-z]*)("""[^]*?"""|'''[^]*?'''|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')/g;
const TARGETS = /^\s*([\w\s,]+?)=(?!=)/;

const namesIn = (text) => text.match(NAME) ?? [];

// Without comments and strings; of an f-string stays what stands in its braces.
function codeAlone(text) {
  return text.replace(ASIDE, (_, prefix, string) =>
    /f/i.test(prefix ?? "") ? (string.match(/\{[^{}!:]*/g) ?? []).join(" ").replaceAll("{", " ") : '""');
}

export function namesRead(text) {
  const made = new Set();
  const read = new Set();
  for (const line of codeAlone(text).split("\n")) {
    const add = (names) => names.forEach((name) => made.add(name));
    if (/^\s*(import|from)\b/.test(line)) {
      add(namesIn(line));
      continue;
    }
    if (/^\s*(def|class)\b/.test(line)) add(namesIn(line.replace(/=[^,)]*/g, "")));
    for (const [, looped, given] of line.matchAll(/\bfor\s+([\w\s,()]+?)\s+in\b|\blambda\s+([^:]+):/g)) add(namesIn(looped ?? given));
    const rest = line.replace(TARGETS, "").replace(/\b\w+\s*=(?!=)/g, ""); // nor a keyword argument
    for (const name of namesIn(rest)) if (!made.has(name)) read.add(name);
    add(namesIn(line.match(TARGETS)?.[1] ?? ""));
  }
  return read;
}
