// The names that a text of Python reads and makes, found without parsing it: a name too many costs only time.
const NAME = /(?<![\w.])[A-Za-z_]\w*/g;
const ASIDE = /#.*|([A-Za-z]*)("""[^]*?"""|'''[^]*?'''|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')/g;
const TARGETS = /^\s*([\w\s,]+?)=(?!=)/;
const MAKES = [
  /^[ \t]*(\w[\w ,*]*?)(?:[.[:][^=\n]*)?[ \t]*[-+*/%@&|^]*=(?!=)/gm, // also in place, or a part of it
  /\b(?:def|class|as)[ \t]+(\w+)/g,
  /\bimport[ \t]+(\([^)]*\)|[\w ,.]+)/g,
  /\bfor[ \t]+([\w ,()]+?)[ \t]+in\b/g,
  /(\w+)[ \t]*:=/g,
];

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

// The names that a text may make or change.
export function namesMade(text) {
  const code = codeAlone(text);
  return new Set(MAKES.flatMap((pattern) => [...code.matchAll(pattern)].flatMap(([, names]) => namesIn(names))));
}
