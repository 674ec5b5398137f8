// The editor of a live cell: CodeMirror with what a cell needs. tools/bundle_editor.py bundles it.
import { defaultKeymap, history, historyKeymap, indentLess, indentMore } from "@codemirror/commands";
import { pythonLanguage } from "@codemirror/lang-python";
import { bracketMatching, indentOnInput, indentUnit, syntaxHighlighting } from "@codemirror/language";
import { EditorState, Prec } from "@codemirror/state";
import { EditorView, keymap } from "@codemirror/view";
import { tagHighlighter, tags } from "@lezer/highlight";

// The classes that the book's style sheets colour, so code looks the same as before, in both themes.
const colours = syntaxHighlighting(
  tagHighlighter([
    { tag: [tags.keyword, tags.self], class: "k" },
    { tag: [tags.bool, tags.null], class: "kc" },
    { tag: tags.operatorKeyword, class: "ow" },
    { tag: tags.moduleKeyword, class: "kn" },
    { tag: tags.comment, class: "c1" },
    { tag: tags.string, class: "s2" },
    { tag: tags.number, class: "mi" },
    { tag: tags.function(tags.definition(tags.variableName)), class: "nf" },
    { tag: tags.definition(tags.className), class: "nc" },
    { tag: [tags.operator, tags.definitionOperator], class: "o" },
  ]),
);

// Tab leaves the editor, as it leaves any other field; once something is typed, it indents.
function keys(run, leave) {
  let typed = false;
  const watch = EditorView.domEventHandlers({
    focus: () => { typed = false; },
    keydown: ({ key }) => { typed ||= !["Tab", "Shift", "Escape"].includes(key); },
  });
  const always = (act) => () => { act(); return true; };
  const own = [
    { key: "Mod-Enter", run: always(run) },
    { key: "Shift-Enter", run: always(run) },
    { key: "Escape", run: always(leave) },
    { key: "Tab", run: (view) => typed && indentMore(view), shift: (view) => typed && indentLess(view) },
  ];
  return [watch, Prec.highest(keymap.of(own))];
}

// Open an editor inside `parent`; `change`, `run` and `leave` are called when the reader does that.
export function edit({ parent, text, name, change, run, leave }) {
  const view = new EditorView({
    parent,
    doc: text,
    extensions: [
      keys(run, leave),
      keymap.of([...defaultKeymap, ...historyKeymap]),
      history(),
      pythonLanguage,
      indentUnit.of("    "),
      indentOnInput(),
      bracketMatching(),
      colours,
      EditorState.tabSize.of(4),
      EditorView.contentAttributes.of({ "aria-label": name, spellcheck: "false" }),
      EditorView.updateListener.of(({ docChanged, state }) => docChanged && change(state.doc.toString())),
    ],
  });
  return {
    // Put the cursor on what the reader has to fill in, if there is such a place.
    focus: (place = "") => {
      const at = place ? view.state.doc.toString().indexOf(place) : -1;
      if (at >= 0) view.dispatch({ selection: { anchor: at, head: at + place.length } });
      view.focus();
    },
    close: () => view.destroy(),
  };
}
